"""The same record through an MLflow server, and under ``mlflow run`` itself."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.helpers.servers import server
from todacomm.results.result import Result
from todacomm.tracking import analysis_run, load_analysis, report_path, run_link, search_analyses

pytestmark = pytest.mark.heavy
__all__ = ["server"]
ROOT = Path(__file__).resolve().parents[2]
PROJECT = """
name: waiting
entry_points:
  main:
    parameters:
      model: {type: string, default: "a model"}
    command: "true && python wait.py --model {model}"
"""
WAITING = """
import time
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import analysis_run
with analysis_run(AnalysisConfig()) as run:
    print("run", run.run_id, flush=True)
    time.sleep(60)
"""


def test_a_server_keeps_what_a_file_keeps(
    server: str, result: Result, staging: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    with analysis_run(result.config) as run:
        run.write(result, staging, note="a note")
    analysis = load_analysis(run.run_id)
    assert capfd.readouterr() == ("", ""), "no link that opens the wrong half, no bar for each download"
    back = analysis.result()
    pd.testing.assert_frame_equal(back.table, result.table)
    np.testing.assert_equal(back.clouds, result.clouds)
    values = {p.step: p.value for p in MlflowClient().get_metric_history(run.run_id, "1_main/h0_total_norm")}
    assert np.isnan(values[0])
    assert sorted(values) == [0, 1, 2, 3, 4]
    assert search_analyses()["run_id"].tolist() == [run.run_id]
    assert run_link(analysis).startswith(f"{server}/#/experiments/")
    assert report_path(analysis) == f"{analysis.artifact_uri}/report.html"
    with pytest.raises(ValueError, match=r"has no plots/none\.png"):
        analysis.artifact("plots/none.png")
    assert not list(tmp_path.iterdir()), "nothing is left in the current folder"


def test_a_server_that_is_gone_at_the_end_is_the_error_that_is_seen(
    server: str, result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    with pytest.raises(RuntimeError, match="the work itself") as told, analysis_run(result.config) as run:  # noqa: PT012
        monkeypatch.setattr(run.run.client._tracking_client.store, "get_host_creds", _nobody)
        raise RuntimeError("the work itself")
    assert "could not be marked as ended" in told.value.__notes__[0]


def _nobody() -> object:
    from mlflow.utils.rest_utils import MlflowHostCreds

    return MlflowHostCreds("http://127.0.0.1:9")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "MLproject").write_text(PROJECT)
    (tmp_path / "wait.py").write_text(WAITING)
    return tmp_path


@pytest.mark.parametrize(
    ("signum", "reason", "status"),
    [
        (signal.SIGINT, "SIGINT|SIGTERM", "FAILED"),
        (signal.SIGTERM, "mlflow run is gone", "KILLED"),
        (signal.SIGKILL, "mlflow run is gone", "KILLED"),
    ],
)
def test_mlflow_run_takes_its_child_along(
    project: Path, monkeypatch: pytest.MonkeyPatch, signum: signal.Signals, reason: str, status: str
) -> None:
    """Ctrl-C goes to both of them, and mlflow has the last word; killed alone, mlflow leaves its child behind."""
    monkeypatch.chdir(project)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "run", ".", "--env-manager=local"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    run_id = process.stdout.readline().split()[1]
    if signum == signal.SIGINT:
        os.killpg(process.pid, signum)
    else:
        process.send_signal(signum)
    assert process.wait(20) != 0
    client = MlflowClient()
    began = time.monotonic()
    while client.get_run(run_id).info.status == "RUNNING" and time.monotonic() - began < 10:
        time.sleep(0.1)
    assert time.monotonic() - began < 6
    run = client.get_run(run_id)
    assert run.info.status == status
    assert re.fullmatch(reason, run.data.tags["todacomm.interrupted"])
    assert run.data.params == {"model": "'a model'"}, "as mlflow itself quotes it for the shell"
    assert run.info.run_name == "demo-decoder pydoc 500"
