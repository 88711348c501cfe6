"""One analysis on a fresh store through `mlflow run`, a server on it, and a browser."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.conftest import ROOT
from tests.helpers.browsers import chromium
from tests.helpers.servers import mlflow_server


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
    """Address of MLflow's interface on the demo's store."""
    with mlflow_server(demo_run) as address:
        yield address


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium"), "--window-size=1500,1100") as chrome:
        yield chrome
