"""How soon the command answers, and how long the waits are in which a person sits in front of it.

python -m benchmarks.start_up
"""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.materials import run_command, stories, wikitext
from benchmarks.measuring import timed
from benchmarks.reporting import Findings, Form, Row, guarded, run, seconds, together

AT_ONCE, REFUSED, SHOWN, COLD, CACHED, COMPARED = 0.3, 1.0, 1.5, 9.0, 4.0, 6.0
"""Goals in seconds."""
SAMPLES = 200


def measure(form: Form) -> Findings:
    times = form.pick(1, 5, 11)
    quick = [answer(f"`todacomm {command}`", [command], AT_ONCE, times) for command in ("--help", "list-models")]
    refused = answer("`todacomm run --model ./nope`", ["run", "--model", "./nope"], REFUSED, times, code=1)
    smallest = "an analysis of 200 texts by a model of 260 K parameters"
    return together([Findings([*quick, refused]), guarded(smallest, "", lambda: waits(form.pick(1, 3, 5), smallest))])


def waits(times: int, smallest: str) -> Findings:
    """Analyses, one shown, and two compared, each in a store of their own."""
    analysis = ["run", "--dataset", str(wikitext()), "--samples", str(SAMPLES)]
    small = [*analysis, "--model", str(stories())]
    cold = []
    for _ in range(times):
        with TemporaryDirectory() as folder:
            cold.append(once(small, Path(folder)))
    with TemporaryDirectory() as folder:
        once(small, Path(folder))
        once([*analysis, "--model", "demo-decoder"], Path(folder))
        return Findings([
            row(f"{smallest}, nothing known", COLD, cold),
            answer("`todacomm show latest`", ["show", "latest"], SHOWN, times, Path(folder)),
            answer("`todacomm compare` of two analyses of 200 texts", ["compare", f"{stories().name},demo-decoder"],
                   COMPARED, times, Path(folder)),
            answer(f"{smallest}, its activations known", [*small, "--pca", "40"], CACHED, times, Path(folder)),
        ])  # fmt: skip


def answer(
    what: str, command: Sequence[str], goal: float, times: int, folder: Path | None = None, code: int = 0
) -> Row:
    """Time of a fresh process, after a first that reads the files into memory."""
    once(command, folder, code)
    return row(what, goal, [once(command, folder, code) for _ in range(times)])


def once(command: Sequence[str], folder: Path | None = None, code: int = 0) -> float:
    """Seconds of a command in a process of its own."""
    return timed(run_command, [sys.executable, "-m", "todacomm", *command], folder, code).seconds


def row(what: str, goal: float, taken: Sequence[float]) -> Row:
    """One wait beside its goal."""
    return Row(
        f"{what}, a fresh process", "", value=statistics.median(taken), unit="s", goal=goal, at_most=True,
        low=min(taken), high=max(taken), ours=seconds(statistics.median(taken)),
    )  # fmt: skip


if __name__ == "__main__":
    run("start_up", measure)
