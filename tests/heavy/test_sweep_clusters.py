"""Sweeps on clusters on this machine, by the commands of docs/how-to/cluster.md: a worker killed in the middle, a
server on PostgreSQL and S3, addresses where nothing answers as a cluster does.
"""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from mlflow import MlflowClient

from benchmarks.kills import clouds, finished_once
from entrypoints.sweep import main as sweep_command
from tests.conftest import ROOT
from tests.heavy.test_sweep_survives import running, wait_until
from tests.helpers.pages import blocks, commands
from tests.helpers.servers import free_port, wait_for

pytestmark = pytest.mark.heavy

PAGE = ROOT / "docs/how-to/cluster.md"


def command(beginning: str) -> str:
    """The command of the page that begins so."""
    (found,) = [line for line in commands(PAGE) if line.startswith(beginning)]
    return " ".join(found.split())


def here(line: str, **places: object) -> list[str]:
    """The words of a command, each name of the page replaced by what stands on this machine."""
    for name, place in places.items():
        assert name in line, f"{name!r} is not in {line!r}"
        line = line.replace(name, str(place))
    return shlex.split(line)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {"PATH": path, "PYTHONPATH": str(ROOT), "TODACOMM_CACHE": str(tmp_path / "cache")}
    own |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4, "RAY_USAGE_STATS_ENABLED": "0"}
    return {**os.environ, **own, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def background(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Start a program that runs until the test ends."""
    started = []

    def start(words: list[str], **more: str) -> "subprocess.Popen[bytes]":
        with open(tmp_path / f"{len(started)}.log", "w") as log:
            process = subprocess.Popen(
                words, cwd=tmp_path, env=environment | more, stdout=log, stderr=log, start_new_session=True
            )
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        with contextlib.suppress(subprocess.TimeoutExpired, ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_for_port(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, f"nobody listens at {port}"
        time.sleep(0.2)


@pytest.fixture
def ray_port(background: Start) -> Iterator[int]:
    """Port of a Ray cluster on this machine: a head and a second node, one processor each."""
    pytest.importorskip("ray", reason="pip install -e '.[ray]'")
    port = 20_000 + os.getpid() % 10_000  # below the ports that the cluster gives its own parts
    small = ["--num-cpus=1", "--num-gpus=0", "--object-store-memory=100000000", "--disable-usage-stats", "--block"]
    place = ["--node-ip-address=127.0.0.1"]
    folder = [f"--temp-dir=/tmp/ray-{port}", "--include-dashboard=false"]
    background([*here(command("ray start --head"), **{"6379": port}), *place, *folder, *small])
    wait_for_port(port)
    time.sleep(5)
    background([*here(command("ray start --address"), **{"head:6379": f"127.0.0.1:{port}"}), *place, *small])
    time.sleep(10)
    yield port
    shutil.rmtree(f"/tmp/ray-{port}", ignore_errors=True)


@pytest.fixture
def dask_port(background: Start) -> int:
    """Port of a Dask scheduler on this machine with two workers."""
    pytest.importorskip("distributed", reason="pip install -e '.[dask]'")
    port = free_port()
    background([*here(command("dask scheduler"), **{"8786": port}), "--host", "127.0.0.1", "--no-dashboard"])
    wait_for_port(port)
    worker = here(command("dask worker"), **{"head:8786": f"127.0.0.1:{port}", "--nworkers 8": "--nworkers 2"})
    background([*worker, "--no-dashboard"])
    return port


def begin(folder: Path, environment: dict[str, str], words: list[str]) -> "subprocess.Popen[str]":
    """The sweep of the page, small."""
    (folder / "models.txt").write_text("\n".join(clouds(folder)))
    small = ["--samples", "12", "--replicates", "0", "--nulls", "0", "--compare", "false"]
    return subprocess.Popen(
        [*words, *small], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def kill_one_and_finish(process: "subprocess.Popen[str]") -> None:
    wait_until(running, process)
    os.kill(int(running()[0].data.tags["todacomm.pid"]), signal.SIGKILL)
    said = process.communicate(timeout=400)[0]
    assert process.returncode == 0, said
    finished_once(MlflowClient(), 4)


def test_ray_with_a_second_node_and_a_killed_worker(store: Path, ray_port: int, environment: dict[str, str]) -> None:
    line = command("python -m entrypoints.sweep --models @models.txt --runner ray")
    words = here(line, **{"head:6379": f"127.0.0.1:{ray_port}", "gpus-per-run 1": "gpus-per-run 0", "run 8": "run 1"})
    kill_one_and_finish(begin(store, environment, words))


def test_dask_with_a_killed_worker(store: Path, dask_port: int, environment: dict[str, str]) -> None:
    line = command("python -m entrypoints.sweep --models @models.txt --runner dask")
    kill_one_and_finish(begin(store, environment, here(line, **{"head:8786": f"127.0.0.1:{dask_port}"})))


@pytest.mark.parametrize(("runner", "module"), [("ray", "ray"), ("dask", "distributed")])
def test_where_something_else_listens_is_said_within_seconds(store: Path, runner: str, module: str) -> None:
    pytest.importorskip(module)
    from todacomm.jobs.sweep import sweep
    from todacomm.settings.sweep import SweepConfig

    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        (model, *_) = clouds(store)
        start = time.monotonic()
        with pytest.raises(ValueError, match="another program listens at"):
            sweep(SweepConfig.load(None, {"models": model, "runner": runner, "address": address, "samples": 12}))
    assert time.monotonic() - start < 30


@pytest.fixture
def postgres(tmp_path: Path, background: Start) -> Iterator[str]:
    """Host and port of a PostgreSQL with an empty database ``mlflow`` and a user of that name."""
    pytest.importorskip("psycopg2", reason="pip install -e '.[postgres]'")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = places[-1] if places else shutil.which("initdb")
    if found is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    binaries, as_user, data = Path(found).parent, [], tmp_path / "postgres"
    if os.geteuid() == 0:  # initdb refuses root
        if shutil.which("runuser") is None or subprocess.run(["id", "postgres"], capture_output=True).returncode:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it")
        as_user, data = ["runuser", "-u", "postgres", "--"], Path(f"/tmp/todacomm-postgres-{os.getpid()}")
    data.mkdir()
    if as_user:
        shutil.chown(data, "postgres")
    port = free_port()

    def run(*words: object) -> None:
        done = subprocess.run([*as_user, *map(str, words)], capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stderr

    try:
        run(binaries / "initdb", "-D", data, "-U", "mlflow", "-A", "trust")
        server = [binaries / "postgres", "-D", data, "-p", port, "-h", "127.0.0.1", "-k", data]
        background([*as_user, *map(str, server)])
        wait_for_port(port)
        time.sleep(1)
        run(binaries / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "mlflow", "mlflow")
        yield f"127.0.0.1:{port}"
    finally:
        if as_user:
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def s3(background: Start) -> dict[str, str]:
    """What a server's environment says of an S3 store with a bucket."""
    pytest.importorskip("moto", reason="pip install 'moto[server]'")
    boto3 = pytest.importorskip("boto3", reason="pip install -e '.[s3]'")
    port = free_port()
    background([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)])
    wait_for_port(port)
    address = f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    boto3.client(
        "s3", endpoint_url=address, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    ).create_bucket(Bucket="bucket")
    return {**keys, "MLFLOW_S3_ENDPOINT_URL": address}


def test_a_server_on_postgres_and_s3_takes_a_sweep_of_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_mlflow_settings: None, postgres: str, s3: dict[str, str],
    background: Start, environment: dict[str, str],
) -> None:  # fmt: skip
    import boto3

    port = free_port()
    line = command("mlflow server")
    places = {
        "0.0.0.0": "127.0.0.1",
        "localhost:5000": "127.0.0.1:5000",
        "5000": port,
        "workers 8": "workers 2",
        "mlflow@db": f"mlflow@{postgres}",
    }
    words = here(line, **places)
    background(words, **s3)
    address = f"http://127.0.0.1:{port}"
    wait_for(address)
    by_name = Request(f"{address}/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default")
    by_name.add_header("Host", f"server:{port}")  # as the page's clients ask; others than the hosts named are refused
    assert urlopen(by_name, timeout=20).status == 200
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    sweep = [sys.executable, "-m", "entrypoints.sweep", "--models", "@models.txt", "--runner", "processes"]
    process = begin(tmp_path, environment | {"MLFLOW_TRACKING_URI": address}, [*sweep, "--workers", "2"])
    said = process.communicate(timeout=400)[0]
    assert process.returncode == 0, said
    finished_once(MlflowClient(), 4)
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    stored = boto3.client("s3", endpoint_url=s3["MLFLOW_S3_ENDPOINT_URL"]).list_objects_v2(Bucket="bucket")["Contents"]
    assert sum(entry["Key"].endswith("report.html") for entry in stored) >= 4
    assert all(entry["Key"].startswith("todacomm/") for entry in stored)


def test_the_batch_script_and_the_job_of_the_page_are_what_they_say(tmp_path: Path) -> None:
    (script,) = blocks(PAGE, "sh")
    checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    (job,) = map(yaml.safe_load, blocks(PAGE, "yaml"))
    assert job["kind"] == "RayJob"
    lines = [line for line in script.splitlines() if line.startswith("python -m")]
    for line in (*lines, job["spec"]["entrypoint"]):
        _, _, module, *options = shlex.split(line.replace("$head", "head"))
        assert module == "entrypoints.sweep"
        with sweep_command.make_context("sweep", options) as context:
            assert context.params["runner"] == "ray"
    assert re.findall(r"ray start [^\\]*?--block", script)
