"""Recording an analysis of 34 layers against one ``log_metric`` call for each of its numbers.

python -m benchmarks.recording [--form full]
"""

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient

from benchmarks.measuring import Disagreement, in_turns, timed
from benchmarks.populations import wide
from benchmarks.reporting import Findings, Form, Row, run, seconds, speed_row
from todacomm.jobs.analyze import draw_and_report
from todacomm.jobs.analyze import measure as analyse
from todacomm.reports import describe_run, report_context
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import analysis_run, load_analysis
from todacomm.tracking.entries import Point, metrics

N_LAYERS, N_METRICS = 34, 30
PEER = "one `log_metric` call each, sqlite"
SPEED, IN_ALL = 20.0, 3.0


def measure(form: Form) -> Findings:
    n_layers = form.pick(3, N_LAYERS, N_LAYERS)
    with tempfile.TemporaryDirectory() as name:
        config = a_config(Path(name), n_layers, form.pick(20, 100, 500))
        result = analyse(config)
        points = [Point(f"metric_{m}", float(m + n), n) for n in range(n_layers) for m in range(N_METRICS)]
        rows = [metrics_row(points, n_layers, Path(name), form), whole_row(config, result, Path(name), form)]
    return Findings(rows)


def a_config(folder: Path, n_layers: int, n_points: int) -> AnalysisConfig:
    """Settings that analyse clouds of our own: no model is run."""
    rng = np.random.default_rng(0)
    names = ["embedding", *(f"layer_{block}" for block in range(n_layers - 2)), "final"]
    np.savez(folder / "clouds.npz", **{name: wide(rng, n_points).astype(np.float32) for name in names})
    return AnalysisConfig.load(None, {"model": f"clouds:{folder / 'clouds.npz'}", "replicates": 0, "nulls": 0})


def metrics_row(points: list[Point], n_layers: int, folder: Path, form: Form) -> Row:
    """The numbers alone, in one batch as every analysis is written and one by one."""
    client = MlflowClient(f"sqlite:///{folder}/metrics.db")
    experiment = client.create_experiment("benchmark", artifact_location=str(folder / "artifacts"))

    def in_one_batch() -> str:
        run_id = client.create_run(experiment).info.run_id
        now = int(time.time() * 1000)
        client.log_batch(run_id, metrics=[Metric(point.key, point.value, now, point.step) for point in points])
        return run_id

    def one_by_one() -> str:
        run_id = client.create_run(experiment).info.run_id
        for point in points:
            client.log_metric(run_id, point.key, point.value, step=point.step)
        return run_id

    pairs = in_turns(lambda: timed(in_one_batch), lambda: timed(one_by_one), form.pairs, partial(same_series, client))
    return speed_row(f"recording the metrics of {n_layers} layers, {N_METRICS} each", PEER, pairs, SPEED)


def same_series(client: MlflowClient, own: str, other: str) -> str:
    """Every series read back has the same values at the same steps."""
    names = client.get_run(other).data.metrics
    for name in names:
        histories = [
            sorted((point.step, point.value) for point in client.get_metric_history(run_id, name))
            for run_id in (own, other)
        ]
        if histories[0] != histories[1]:
            raise Disagreement(f"{name} is not the same in both runs")
    return f"{len(names)} series read back"


def whole_row(config: AnalysisConfig, result: Result, folder: Path, form: Form) -> Row:
    """Figures, reports, files and metrics of one analysis, from its result to the finished run."""
    import os

    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/whole.db"

    def record() -> str:
        with analysis_run(config) as open_run, tempfile.TemporaryDirectory() as name:
            report = report_context(result)
            draw = partial(draw_and_report, result, report, Path(name))
            open_run.write(result, Path(name), describe_run(report), draw=draw)
        return open_run.run_id

    record()
    done = [timed(record) for _ in range(form.pairs)]
    if len(load_analysis(done[-1].result).layers) != len(result.table):
        raise Disagreement("what was recorded is not what was measured")
    taken = sorted(one.seconds for one in done)
    middle = taken[len(taken) // 2]
    return Row(
        f"recording {len(result.layers)} layers in all: figures, reports, diagrams, clouds", "", value=middle, unit="s",
        goal=IN_ALL, at_most=True, low=taken[0], high=taken[-1], ours=seconds(middle),
        agreement=f"{len(result.table)} rows read back, {len(metrics(result))} points in the store",
    )  # fmt: skip


if __name__ == "__main__":
    run("recording", measure)
