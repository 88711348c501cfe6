"""Five hundred stored analyses of thirty layers, compared: seconds and peak memory.

    python -m benchmarks.comparison_scale                # on sqlite
    python -m benchmarks.comparison_scale --server       # through an MLflow server on loopback

Writes ``benchmarks/results/comparison_scale.json``. The analyses are one real one of clouds from a seed, recorded again
and again with numbers that differ; the comparison runs in a process of its own, without paired geometry.
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.helpers.servers import mlflow_server
from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import analysis_run

RESULTS = Path(__file__).resolve().parent / "results" / "comparison_scale.json"
N_RUNS, N_LAYERS, N_POINTS = 500, 30, 60
COMPARE = """
import json, resource, time
start = time.perf_counter()
from todacomm.settings.comparison import ComparisonConfig
from todacomm.jobs.compare import measure_comparison
compared = measure_comparison(ComparisonConfig.from_flat({"geometry": "none", "newest": False}))
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps({"analyses": len(compared.labels), "seconds": seconds, "peak GiB": peak, "stages": compared.seconds}))
"""


def record_many(n_runs: int) -> None:
    """Analyses of as many models in the store of the current folder."""
    rng = np.random.default_rng(0)
    np.savez("clouds.npz", **{f"layer_{i}": rng.normal(size=(N_POINTS, 8)) for i in range(N_LAYERS)})
    config = AnalysisConfig.from_flat(
        {"model": "clouds:clouds.npz", "replicates": 20, "nulls": 19, "keep_clouds": False}
    )
    result = measure(config)
    for run in range(n_runs):
        name = f"model-{run:03d}"
        table = result.table.assign(model=name, value=result.table["value"] * rng.uniform(0.8, 1.2))
        named = replace(result, model=replace(result.model, name=name), table=table)
        with tempfile.TemporaryDirectory() as folder, analysis_run(config) as opened:
            opened.write(named, Path(folder))


def compare(**environment: str) -> dict[str, object]:
    """The comparison in a process of its own."""
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-c", COMPARE], env={**os.environ, "PYTHONPATH": root, **environment}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    numbers: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def main() -> None:
    parser = argparse.ArgumentParser(description="Comparison of many stored analyses")
    parser.add_argument("--runs", type=int, default=N_RUNS)
    parser.add_argument("--server", action="store_true", help="through an MLflow server as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        start = time.perf_counter()
        record_many(options.runs)
        measured: dict[str, object] = {"layers": N_LAYERS, "recording seconds": time.perf_counter() - start}
        measured["sqlite"] = compare()
        if options.server:
            with mlflow_server(Path.cwd(), "--backend-store-uri", "sqlite:///mlflow.db") as address:
                measured["server"] = compare(MLFLOW_TRACKING_URI=address)
    measured["peak of the recording GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text = json.dumps(measured, indent=1, default=lambda value: round(value, 3))
    print(text)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
