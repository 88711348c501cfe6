"""Sweeps on clusters on loopback, a worker killed in the middle; and on an MLflow server on PostgreSQL."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

from tests.conftest import ROOT
from tests.heavy.conftest import wait_for
from tests.heavy.test_sweep_survives import analyses, assert_each_is_finished_once, start, wait_until

pytestmark = pytest.mark.heavy


@pytest.fixture
def clouds(tmp_path, rng):
    for index in range(6):
        np.savez(tmp_path / f"model{index}.npz", layer_0=rng.normal(size=(12, 5)), layer_1=rng.normal(size=(12, 5)))
    return [f"clouds:{tmp_path / f'model{index}.npz'}" for index in range(6)]


@pytest.fixture
def environment(tmp_path):
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TODACOMM_CACHE": str(tmp_path / "cache"),
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def end(process, seconds=20):
    with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def ray_cluster(tmp_path, environment):
    """Address of a Ray cluster: a head and a second node, one processor each."""
    pytest.importorskip("ray", reason="pip install 'todacomm[ray]'")
    port = 20_000 + os.getpid() % 10_000  # below the ports that the cluster gives its own parts
    small = ["--num-cpus=1", "--num-gpus=0", "--object-store-memory=100000000", "--disable-usage-stats", "--block"]
    place = ["--node-ip-address=127.0.0.1", f"--temp-dir=/tmp/ray-{port}"]
    head = ["ray", "start", "--head", f"--port={port}", "--include-dashboard=false", *place, *small]
    node = ["ray", "start", f"--address=127.0.0.1:{port}", "--node-ip-address=127.0.0.1", *small]
    kept = {
        "start_new_session": True,
        "env": environment,
        "cwd": tmp_path,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    started = [subprocess.Popen(head, **kept)]
    try:
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        time.sleep(10)
        started.append(subprocess.Popen(node, **kept))
        time.sleep(10)
        yield f"127.0.0.1:{port}"
    finally:
        for process in reversed(started):
            end(process)
        shutil.rmtree(f"/tmp/ray-{port}", ignore_errors=True)


@pytest.fixture
def dask_cluster(tmp_path, environment):
    """Address of a Dask scheduler with two workers."""
    pytest.importorskip("distributed", reason="pip install 'todacomm[dask]'")
    address = f"tcp://127.0.0.1:{free_port()}"
    kept = {
        "start_new_session": True,
        "env": environment,
        "cwd": tmp_path,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    scheduler = subprocess.Popen([*run], **kept)
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--nworkers",
        "2",
        "--no-dashboard",
    ]
    workers = subprocess.Popen(worker, **kept)
    try:
        yield address
    finally:
        end(workers)
        end(scheduler)


def kill_one_and_finish(store, clouds, *options):
    process = start(store, clouds, *options)
    wait_until(lambda: analyses("RUNNING"), process)
    os.kill(int(analyses("RUNNING")[0].data.tags["todacomm.pid"]), signal.SIGKILL)
    said = process.communicate(timeout=400)[0]
    assert process.returncode == 0, said
    assert_each_is_finished_once(len(clouds))
    return said


def test_ray_with_a_second_node_and_a_killed_worker(store, clouds, ray_cluster):
    kill_one_and_finish(store, clouds, "--runner", "ray", "--address", ray_cluster, "--workers", "2")


def test_dask_with_a_killed_worker(store, clouds, dask_cluster):
    kill_one_and_finish(store, clouds, "--runner", "dask", "--address", dask_cluster, "--workers", "2")


def postgres_binaries():
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in places if (place / "postgres").exists()), None)


@pytest.fixture
def mlflow_on_postgres(tmp_path, environment):
    """Address of an MLflow server whose runs are in PostgreSQL and whose files it serves itself."""
    pytest.importorskip("psycopg2", reason="pip install 'todacomm[postgres]'")
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    as_user, data = [], tmp_path / "postgres"
    if os.geteuid() == 0:  # initdb refuses root
        if shutil.which("runuser") is None or subprocess.run(["id", "postgres"], capture_output=True).returncode:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it")
        as_user = ["runuser", "-u", "postgres", "--"]
        data = Path("/tmp") / f"todacomm-postgres-{os.getpid()}"
    data.mkdir()
    if as_user:
        shutil.chown(data, "postgres")
    port, server_port = free_port(), free_port()
    kept = {"start_new_session": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    started = []
    try:
        made = subprocess.run(
            [*as_user, binaries / "initdb", "-D", data, "-U", "todacomm", "-A", "trust"],
            capture_output=True,
            text=True,
            cwd="/",
        )
        assert made.returncode == 0, made.stderr
        run = [*as_user, binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", data]
        started.append(subprocess.Popen(run, **kept))
        deadline = time.monotonic() + 30
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1)
        uri = f"postgresql+psycopg2://todacomm@127.0.0.1:{port}/postgres"
        files = tmp_path / "files"
        run = [
            sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--artifacts-destination", files,
            "--port", str(server_port), "--workers", "2",
        ]  # fmt: skip
        more = {**environment, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        started.append(subprocess.Popen(run, env=more, **{**kept, "cwd": tmp_path}))
        wait_for(f"http://127.0.0.1:{server_port}/health")
        yield f"http://127.0.0.1:{server_port}"
    finally:
        for process in reversed(started):
            end(process)
        if as_user:
            shutil.rmtree(data, ignore_errors=True)


def test_a_server_on_postgres_takes_a_sweep_of_two_processes(
    tmp_path, monkeypatch, no_mlflow_settings, clouds, mlflow_on_postgres
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_on_postgres)
    process = start(tmp_path, clouds, "--runner", "processes", "--workers", "2")
    said = process.communicate(timeout=400)[0]
    assert process.returncode == 0, said
    assert_each_is_finished_once(len(clouds))
    assert MlflowClient().tracking_uri == mlflow_on_postgres
