"""How much sooner a sweep is done by two processes than by one.

python -m benchmarks.sweep_workers [--form full]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.materials import layers, run_command
from benchmarks.measuring import Disagreement, Measured, in_turns, timed
from benchmarks.reporting import Findings, Form, run, speed_row

N_LAYERS = 6


def measure(form: Form) -> Findings:
    n_models, n_points, pairs = form.pick((2, 30, 1), (8, 300, 1), (8, 300, 3))

    def side(workers: int) -> Measured:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = sweep_of(folder, n_models, n_points)
            taken = timed(run_command, [*command, "--workers", str(workers)], folder)
            return Measured(tables(folder, n_models), taken.seconds)

    measured = in_turns(lambda: side(2), lambda: side(1), pairs, same_tables, warm_up=False)
    what = f"a sweep of {n_models} analyses of {n_points} points in {N_LAYERS} layers by two processes, one thread each"
    return Findings([speed_row(what, "one process", measured, None)])


def sweep_of(folder: Path, n_models: int, n_points: int) -> list[str]:
    """The command of a sweep over files of clouds, which are made."""
    models = []
    for seed in range(n_models):
        file = folder / f"model{seed}.npz"
        np.savez(file, **{f"layer_{i}": cloud for i, cloud in enumerate(layers(N_LAYERS, n_points, seed=seed))})
        models.append(f"clouds:{file}")
    return [
        sys.executable, "-m", "todacomm", "sweep", "--models", ",".join(models), "--samples", str(n_points),
        "--replicates", "40", "--nulls", "19", "--threads", "1", "--compare", "false", "--runner", "processes",
    ]  # fmt: skip


def tables(folder: Path, n_models: int) -> list[str]:
    """The table of every analysis that a sweep recorded."""
    contents = sorted(file.read_text() for file in folder.glob("mlruns/*/*/artifacts/tables/layers.csv"))
    if len(contents) != n_models:
        raise Disagreement(f"{len(contents)} tables of {n_models} analyses")
    return contents


def same_tables(ours: list[str], theirs: list[str]) -> str:
    """What was found equal."""
    if ours != theirs:
        raise Disagreement("the tables of the layers")
    return "tables of all layers, byte for byte"


if __name__ == "__main__":
    run("sweep_workers", measure)
