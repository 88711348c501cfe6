"""Sweeps whose processes are killed: afterwards each analysis is finished once, with all its files."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from tests.conftest import ROOT

pytestmark = pytest.mark.heavy

KILLS = int(os.environ.get("TODACOMM_KILLS", "5"))
FILES = {"clouds", "config", "diagrams", "environment.json", "plots", "report.html", "report.md", "tables"}


@pytest.fixture
def clouds(tmp_path, rng):
    """Files of clouds: models that take a second each."""
    for index in range(4):
        layers = {f"layer_{i}": rng.normal(size=(12, 5)) for i in range(2)}
        np.savez(tmp_path / f"model{index}.npz", **layers)
    return [f"clouds:{tmp_path / f'model{index}.npz'}" for index in range(4)]


def start(folder, models, *more):
    command = [
        sys.executable, "-m", "entrypoints.sweep", "--models", ",".join(models), "--samples", "12",
        "--replicates", "0", "--nulls", "0", "--compare", "false", *more,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TODACOMM_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def analyses(status=None):
    client = MlflowClient()
    experiment = client.get_experiment_by_name("todacomm")
    query = "tags.`todacomm.kind` = 'analysis'" + (f" AND attributes.status = '{status}'" if status else "")
    return list(client.search_runs([experiment.experiment_id], query)) if experiment else []


def assert_each_is_finished_once(n_models):
    finished = analyses("FINISHED")
    counts = Counter(run.data.tags["todacomm.config_hash"] for run in finished)
    assert len(counts) == n_models
    assert set(counts.values()) == {1}
    client = MlflowClient()
    for run in finished:
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert files >= FILES, run.info.run_id
        assert run.data.metrics["layer/relative_depth"] == 1
    assert analyses("RUNNING") == []


def wait_until(happened, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not happened():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(process.communicate()[0])
        time.sleep(0.05)


@pytest.mark.parametrize("runner", [[], ["--runner", "processes", "--workers", "2"]], ids=["serial", "processes"])
def test_killed_at_random_moments_and_started_again_until_it_is_done(store, clouds, runner):
    chance = random.Random(len(runner))
    kills = 0
    while kills < KILLS:
        process = start(store, clouds, *runner)
        try:
            process.wait(chance.uniform(2, 9))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        else:
            assert process.returncode == 0, process.stdout.read()
            break
    last = start(store, clouds, *runner)
    said = last.communicate(timeout=300)[0]
    assert last.returncode == 0, said
    assert_each_is_finished_once(len(clouds))


def test_killed_between_the_upload_of_the_files_and_the_end_of_the_run(store, clouds):
    process = start(store, clouds[:1])
    wait_until(lambda: list(Path(store, "mlruns").rglob("report.html")), process)
    process.kill()
    process.wait()
    last = start(store, clouds[:1])
    said = last.communicate(timeout=120)[0]
    assert last.returncode == 0, said
    assert_each_is_finished_once(1)


def test_a_killed_worker_takes_nothing_with_it(store, clouds):
    process = start(store, clouds, "--runner", "processes", "--workers", "2")
    wait_until(lambda: analyses("RUNNING"), process)
    os.kill(int(analyses("RUNNING")[0].data.tags["todacomm.pid"]), signal.SIGKILL)
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 0, said
    assert_each_is_finished_once(len(clouds))


def test_an_analysis_that_always_kills_its_worker_fails_after_three_tries(store, clouds, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "import numpy as np\n"
        "load = np.load\n"
        "def deadly(path, *given, **named):\n"
        "    if str(path).endswith('model0.npz') and 'TODACOMM_OWNER' not in os.environ:\n"
        "        os._exit(9)\n"
        "    return load(path, *given, **named)\n"
        "np.load = deadly\n"
    )
    process = subprocess.Popen(
        [
            sys.executable, "-m", "entrypoints.sweep", "--models", ",".join(clouds[:2]), "--samples", "12",
            "--replicates", "0", "--nulls", "0", "--compare", "false", "--runner", "processes", "--workers", "2",
        ],
        cwd=store, env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = process.communicate(timeout=300)[0]
    assert process.returncode == 1, said
    assert "its worker died 3 times" in said
    assert [run.data.tags["todacomm.model"] for run in analyses("FINISHED")] == ["model1"]


def test_eight_processes_on_one_fresh_store(tmp_path, monkeypatch, no_mlflow_settings, clouds):
    monkeypatch.chdir(tmp_path)
    both = [start(tmp_path, [model], "--seed", str(seed)) for model in clouds for seed in (1, 2)]
    said = [process.communicate(timeout=400)[0] for process in both]
    assert [process.returncode for process in both] == [0] * 8, "\n".join(said)
    assert_each_is_finished_once(8)
    assert len({run.info.experiment_id for run in analyses()}) == 1


def test_two_sweeps_at_once_share_the_work(store, clouds):
    both = [start(store, clouds) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    assert_each_is_finished_once(len(clouds))


def test_ended_by_sigterm_nothing_stays_open_and_no_worker_lives_on(store, clouds):
    process = start(store, clouds, "--runner", "processes", "--workers", "2")
    wait_until(lambda: analyses("RUNNING"), process)
    workers = {int(run.data.tags["todacomm.pid"]) for run in analyses("RUNNING")}
    process.terminate()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 143, said
    client = MlflowClient()
    experiment = client.get_experiment_by_name("todacomm").experiment_id
    (parent,) = client.search_runs([experiment], "tags.`todacomm.kind` = 'sweep'")
    assert parent.info.status == "KILLED"
    assert parent.data.tags["todacomm.interrupted"] == "SIGTERM"
    assert analyses("RUNNING") == []
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, workers
        time.sleep(0.2)
