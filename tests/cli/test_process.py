"""The command as a process: signals, pipes, exit codes, and the interface with its children."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing

import psutil
import pytest

from tests.cli.conftest import SMALL
from tests.conftest import ROOT
from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.cli.running import STYLES


def start(*words, **files):
    command = [sys.executable, "-m", "todacomm", *words]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, **files)


def status_of_the_run(store):
    with sqlite3.connect(store / "mlflow.db", timeout=10) as database:
        row = database.execute("select status from runs").fetchone()
    database.close()
    return row and row[0]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_and_is_reported(store, signum, code):
    child = start("run", "--samples", "2000", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 200
    while status_of_the_run(store) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    child.send_signal(signum)
    _, printed = child.communicate(timeout=60)
    assert child.returncode == code
    assert printed.strip() == "interrupted"
    assert status_of_the_run(store) == "KILLED"


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_inside_code_made_from_a_text_ends_with_the_same_exit_code(tmp_path, signum, code):
    """As dataclasses make theirs while they are imported: ``python -m`` ends by SIGINT then, caught or not."""
    (tmp_path / "job.py").write_text(
        "import sys; from todacomm.cli.console import exit_code\n"
        f"sys.exit(exit_code(lambda: exec('import signal; signal.raise_signal({int(signum)})')))"
    )
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", "job"]
    ended = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (code, "interrupted\n")


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_when_the_run_is_finished_lets_its_results_follow(
    store, todacomm, clouds_file, monkeypatch, capfd, signum, code
):
    """The run is on record: its results are printed and the exit code is theirs; a second signal ends that."""
    whole, handlers = STYLES["text"], [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    for times, expected in ((1, 0), (2, code)):
        monkeypatch.setitem(STYLES, "text", lambda run, n=times: [*map(signal.raise_signal, [signum] * n), whole(run)])
        result = todacomm(f"run --model clouds:{clouds_file} {SMALL} --figures none")
        assert result.exit_code == expected
        assert ("/#/experiments" in result.stdout) == (times == 1)
        assert capfd.readouterr().err.startswith("the run is finished: its results follow")
        assert status_of_the_run(store) == "FINISHED"
        assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_the_figures_of_a_command_are_drawn_in_a_process_beside_it_whose_end_fails_the_run(store, tiny_model):
    words = ["run", "--model", str(tiny_model), *SMALL.split(), "--quiet"]
    whole = start(*words, stdout=subprocess.PIPE)
    artists_of(whole)
    run_id = whole.communicate(timeout=200)[0].strip()
    folder = store / "mlruns/1" / run_id / "artifacts"
    assert {"summary.png", "summary.svg", "diagrams", "barcodes"} <= {
        file.name for file in (folder / "plots").iterdir()
    }
    assert "<svg" in (folder / "report.html").read_text()
    child = start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for artist in artists_of(child):
        artist.kill()
    _, printed = child.communicate(timeout=200)
    assert child.returncode == 1
    assert "error: a second process of this program was ended before its work was done" in printed
    with closing(sqlite3.connect(store / "mlflow.db", timeout=10)) as database:
        assert database.execute("select status from runs order by start_time").fetchall() == [
            ("FINISHED",),
            ("FAILED",),
        ]


def artists_of(child):
    """The processes that a command has started, as soon as there are any."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if started := psutil.Process(child.pid).children():
            return started
        time.sleep(0.02)
    raise AssertionError("no process was started")


def test_a_reader_that_leaves_early_sees_no_traceback(store):
    """As under ``| head -1``: the command notices, ends with 1 and says nothing."""
    record(make_result())
    child = start("show", "latest", "--full", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    assert child.wait(60) == 1


def test_wrong_usage_is_2_and_a_failure_is_1(store, shell):
    assert shell("run --samples few").returncode == 2
    failed = shell("show latest")
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: no analysis is finished")
    assert failed.stdout == ""


def test_the_interface_says_why_it_cannot_start(no_mlflow_settings, todacomm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = todacomm("ui")
    assert result.exit_code == 1
    assert "nothing is recorded" in result.stderr
    assert not list(tmp_path.iterdir())


def test_the_interface_names_a_port_that_is_taken(store, todacomm):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = todacomm(f"ui --port {taken.getsockname()[1]}")
    assert result.exit_code == 1
    assert "give another with --port" in result.stderr


@pytest.mark.heavy
def test_the_interface_answers_at_its_link_and_takes_its_children_along(store, shell):
    record(make_result())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = start("ui", "--port", str(port), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    link = child.stdout.readline().strip()
    address = f"http://127.0.0.1:{port}"
    assert link == f"{address}/#/experiments/1?workflowType=machine_learning"
    assert urllib.request.urlopen(link).status == 200
    other = shell("ui", MLFLOW_TRACKING_URI=address)
    assert (other.returncode, other.stdout.strip()) == (0, link)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130
    child.stdout.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
