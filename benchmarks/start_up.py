"""How soon the command answers.

python -m benchmarks.start_up
"""

import statistics
import sys

from benchmarks.materials import run_apart
from benchmarks.measuring import timed
from benchmarks.reporting import Findings, Form, Row, run, seconds

GOAL = 0.3


def measure(form: Form) -> Findings:
    return Findings([answer(command, form.pick(1, 5, 11)) for command in ("--help", "list-models")])


def answer(command: str, times: int) -> Row:
    """Time of a fresh process, after a first that reads the files into memory."""
    call = [sys.executable, "-m", "todacomm", command]
    run_apart(call)
    taken = [timed(run_apart, call).seconds for _ in range(times)]
    return Row(
        f"`todacomm {command}`, a fresh process", "", value=statistics.median(taken), unit="s", goal=GOAL, at_most=True,
        low=min(taken), high=max(taken), ours=seconds(statistics.median(taken)),
    )  # fmt: skip


if __name__ == "__main__":
    run("start_up", measure)
