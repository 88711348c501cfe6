"""Sweeps whose processes are killed: afterwards each analysis is finished once, with all its files."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from benchmarks.kills import RUNNERS, Killed, analyses, clouds, finished_once, one_round, start
from tests.conftest import ROOT

pytestmark = pytest.mark.heavy

KILLS = 5


@pytest.fixture
def models(tmp_path):
    return clouds(tmp_path)


def running():
    return analyses(MlflowClient(), "RUNNING")


def wait_until(happened, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0])
        time.sleep(0.05)


@pytest.mark.parametrize("runner", RUNNERS)
def test_killed_at_random_moments_and_started_again_until_it_is_done(store, runner):
    killed = Killed()
    one_round(store, runner, KILLS, random.Random(len(runner)), killed)
    assert 1 <= len(killed.moments) <= KILLS
    assert killed.begun >= killed.wanted


def test_killed_between_the_upload_of_the_files_and_the_end_of_the_run(store, models):
    process = start(store, models[:1])
    wait_until(lambda: list(Path(store, "mlruns").rglob("report.html")), process)
    process.kill()
    process.wait()
    last = start(store, models[:1])
    said = last.communicate(timeout=120)[0]
    assert last.returncode == 0, said
    finished_once(MlflowClient(), 1)


def test_a_killed_worker_takes_nothing_with_it(store, models):
    process = start(store, models, "--runner", "processes", "--workers", "2")
    wait_until(running, process)
    os.kill(int(running()[0].data.tags["todacomm.pid"]), signal.SIGKILL)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    finished_once(MlflowClient(), len(models))


def test_an_analysis_that_always_kills_its_worker_fails_after_three_tries(store, models, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, zipfile\n"
        "opened = zipfile.ZipFile.__init__\n"
        "def deadly(self, file, *given, **named):\n"
        "    if str(file).endswith('model0.npz') and 'TODACOMM_OWNER' not in os.environ:\n"
        "        os._exit(9)\n"
        "    opened(self, file, *given, **named)\n"
        "zipfile.ZipFile.__init__ = deadly\n"
    )
    process = subprocess.Popen(
        [
            sys.executable, "-m", "entrypoints.sweep", "--models", ",".join(models[:2]), "--samples", "12",
            "--replicates", "0", "--nulls", "0", "--compare", "false", "--runner", "processes", "--workers", "2",
        ],
        cwd=store, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 1, said
    assert "its worker died 3 times" in said
    assert [run.data.tags["todacomm.model"] for run in analyses(MlflowClient(), "FINISHED")] == ["model1"]


def test_eight_processes_on_one_fresh_store(tmp_path, monkeypatch, no_mlflow_settings, models):
    monkeypatch.chdir(tmp_path)
    both = [start(tmp_path, [model], "--seed", str(seed)) for model in models for seed in (1, 2)]
    said = [process.communicate(timeout=400)[0] for process in both]
    assert [process.returncode for process in both] == [0] * 8, "\n".join(said)
    finished_once(MlflowClient(), 8)
    assert len({run.info.experiment_id for run in analyses(MlflowClient())}) == 1


def test_two_sweeps_at_once_share_the_work(store, models):
    both = [start(store, models) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    finished_once(MlflowClient(), len(models))


def test_ended_by_sigterm_nothing_stays_open_and_no_worker_lives_on(store, models):
    process = start(store, models, "--runner", "processes", "--workers", "2")
    wait_until(running, process)
    workers = {int(run.data.tags["todacomm.pid"]) for run in running()}
    process.terminate()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 143, said
    client = MlflowClient()
    experiment = client.get_experiment_by_name("todacomm").experiment_id
    (parent,) = client.search_runs([experiment], "tags.`todacomm.kind` = 'sweep'")
    assert parent.info.status == "KILLED"
    assert parent.data.tags["todacomm.interrupted"] == "SIGTERM"
    assert running() == []
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, workers
        time.sleep(0.2)
