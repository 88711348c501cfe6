"""One analysis on a fresh store through `mlflow run`, a server on it, and a browser."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.conftest import ROOT


def project_environment(**more: str) -> dict[str, str]:
    """The environment of a user in this interpreter's virtual environment."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2", **more}


def copy_project(folder: Path) -> Path:
    """The files under version control, as a fresh clone has them."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
    return folder


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("todacomm"))


@pytest.fixture(scope="session")
def demo_run(project) -> Path:
    """The project after `mlflow run . --env-manager=local` on few texts."""
    mlflow_run(project, "-P", "samples=120", "-P", "replicates=20", "-P", "nulls=19")
    return project


def mlflow_run(project: Path, *options: str, **environment: str) -> str:
    """`mlflow run .` in a project; the id of the run it made."""
    command = ["mlflow", "run", ".", "--env-manager=local", *options]
    done = subprocess.run(
        command, cwd=project, env=project_environment(**environment), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return re.findall(r"\(ID '(\w+)'\) succeeded", done.stdout + done.stderr)[-1]


@pytest.fixture(scope="session")
def server(demo_run) -> Iterator[str]:
    """Address of `mlflow ui` on the demo's store."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        ["mlflow", "ui", "--port", str(port)],
        cwd=demo_run,
        env=project_environment(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false"),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(address)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(address: str, seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"nothing answers at {address} after {seconds:.0f} s")


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    driver = shutil.which("chromedriver")
    if driver is None or shutil.which("chromium") is None:
        pytest.skip("no chromium with chromedriver on the path")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
        "--disable-background-networking", "--disable-sync", "--window-size=1500,1100",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):  # fmt: skip
        options.add_argument(flag)
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()
