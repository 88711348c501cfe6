"""A whole analysis, from the command to the record and the report, against the published package's whole experiment.

    python -m benchmarks.whole_job [--form full]

Both sides are fresh processes and read the same rows of WikiText-2 with the same GPT-2 of 124 M parameters, at every
layer. Ours records in a store of its own. The peer's environment is made on the first call (minutes).
"""

import json
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.materials import ask_peer, gpt2, peer_python, rows_of_wikitext, run_command, wikitext, write_texts
from benchmarks.measuring import Measured, Pairs, close, in_turns, timed
from benchmarks.reporting import Findings, Form, Table, guarded, run, seconds, speed_row, together
from todacomm.results.layer import layer_file
from todacomm.results.table import by_layer, run_values, tidy

N_BLOCKS = 12
LAYERS = ["embedding", *(f"layer_{block}" for block in range(N_BLOCKS)), "final"]
COMMON = [*LAYERS[1:-2], "final"]
"""Layers that are the same on both sides: the peer's embedding has no positions, its last block is the final one."""
PEER = "todacomm 0.1.0 from PyPI"
WITH_PERPLEXITY = "with real perplexity"
GOALS = {"without likelihood": 4.0, WITH_PERPLEXITY: 1.9}


def measure(form: Form) -> Findings:
    n_texts = form.pick(12, 60, 500)
    return together(
        guarded(f"whole job {what}", PEER, partial(against_published, what, goal, n_texts, form))
        for what, goal in GOALS.items()
    )


def against_published(what: str, goal: float, n_texts: int, form: Form) -> Findings:
    """Both whole jobs in turns, and where our time went."""
    model, texts, _ = gpt2(), wikitext(), peer_python()
    with tempfile.TemporaryDirectory() as name:
        given = write_texts(rows_of_wikitext(n_texts), Path(name) / "texts.json")
        pairs = in_turns(
            lambda: ours(model, texts, n_texts, what == WITH_PERPLEXITY),
            lambda: theirs(model, given),
            form.pick(1, 3, 5),
            agree,
            warm_up=False,
        )
    row = speed_row(f"whole job, {n_texts} lines, GPT-2 size, all layers, {what}", PEER, pairs, goal)
    return Findings([row], [stages(what, n_texts, pairs)])


def stages(what: str, n_texts: int, pairs: Pairs) -> Table:
    """Medians over the runs of each stage's seconds; the rest is the start, figures, report and record."""
    runs = [one.result["seconds"] | {"start, figures, report, record": _rest(one)} for one in pairs.ours]
    medians = {stage: statistics.median(run[stage] for run in runs) for stage in runs[0]}
    return Table(
        f"Where the time of a whole job goes, {what}",
        f"Wall-clock time of ours by stage, {n_texts} lines: medians of {len(runs)} runs.",
        ["stage", "time", "share"],
        [[stage, seconds(value), f"{value / pairs.own_seconds:.0%}"] for stage, value in medians.items()],
    )


def _rest(one: Measured) -> float:
    return one.seconds - sum(one.result["seconds"].values())


def ours(model: Path, texts: Path, n_texts: int, likelihood: bool) -> Measured:
    """Our command as a user gives it, and what it left behind."""
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output"
        command = [
            sys.executable, "-m", "entrypoints.analyze", "--model", model, "--dataset", texts, "--unit", "row",
            "--samples", str(n_texts), "--max-length", "128", "--likelihood", str(likelihood).lower(),
            "--replicates", "0", "--nulls", "0", "--output-dir", output,
        ]  # fmt: skip
        done = timed(run_command, command, Path(name))
        return Measured(read_ours(output), done.seconds)


def theirs(model: Path, texts: Path) -> Measured:
    """The published experiment, and what it left behind."""
    with tempfile.TemporaryDirectory() as name:
        done = timed(ask_peer, "job", model, texts, json.dumps(LAYERS), name)
        return Measured(read_theirs(Path(name)), done.seconds)


def read_ours(output: Path) -> dict:
    """Clouds and H0 totals of the layers that both have, the published ratio, and the seconds of each stage."""
    table = tidy(pd.read_csv(output / "tables" / "layers.csv").to_dict("records"))  # empty words are no numbers
    totals = by_layer(table)["h0_total_persistence"]
    return {
        "clouds": {name: _cloud(output, LAYERS.index(name)) for name in COMMON},
        "totals": {name: float(totals[name]) + 1.0 for name in COMMON},
        "ratio": run_values(table)["expansion_ratio_published"],
        "seconds": json.loads((output / "environment.json").read_text())["seconds"],
    }


def _cloud(output: Path, index: int) -> np.ndarray:
    with np.load(output / "clouds" / f"{layer_file(index, LAYERS[index])}.npz") as stored:
        return stored["cloud"]


def read_theirs(folder: Path) -> dict:
    """The same of the published package's files."""
    (summaries,) = folder.glob("experiments/*/runs/*/tda_summaries.json")
    totals = {name: summary["H0_total_persistence"] for name, summary in json.loads(summaries.read_text()).items()}
    with np.load(summaries.with_name("activations.npz")) as stored:
        clouds = {name: stored[f"{name}_X"] for name in COMMON}
    return {
        "clouds": clouds,
        "totals": {name: totals[name] for name in COMMON},
        "ratio": max(totals.values()) / totals["embedding"],
    }


def agree(own: dict, other: dict) -> str:
    """Same activations, same H0 totals, same expansion ratio by the published arithmetic."""
    for name in COMMON:
        close(own["clouds"][name], other["clouds"][name], f"activations of {name}", 1e-4)
        close(own["totals"][name], other["totals"][name], f"H0 total of {name}", 1e-4)
    close(own["ratio"], other["ratio"], "expansion ratio", 1e-3)
    return "activations and H0 totals equal to 0.0001, expansion ratio to 0.001"


if __name__ == "__main__":
    run("whole_job", measure)
