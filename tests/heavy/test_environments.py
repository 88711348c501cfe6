"""`mlflow run` in an environment that MLflow makes itself."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.heavy.conftest import copy_project, project_environment

pytestmark = pytest.mark.heavy

FEW = ["-P", "samples=20", "-P", "replicates=0", "-P", "nulls=0"]


def pip_find_links() -> str:
    """Where pip looks for wheels beside its index: uv does not read pip's settings."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    places = [line.partition("=")[2].strip("'\" ") for line in asked.stdout.splitlines() if ".find-links=" in line]
    return ",".join(dict.fromkeys(" ".join(places).split()))


def run_in_its_own(command: str, project: Path, folder: Path, **more: str) -> list[str]:
    """The README's command on few texts, in an environment that it makes; the names of the distributions in it."""
    store = folder / "mlflow.db"
    environment = project_environment(
        MLFLOW_ENV_ROOT=str(folder / "envs"), MLFLOW_TRACKING_URI=f"sqlite:///{store}", **more
    )
    done = subprocess.run(
        [*command.split(), *FEW],
        cwd=project, env=environment, capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with contextlib.closing(sqlite3.connect(store)) as connection:
        assert connection.execute("select status from runs").fetchall() == [("FINISHED",)]
    return [path.name.lower() for path in (folder / "envs").rglob("*.dist-info")]


def installed_by_pyenv(minor: str) -> str:
    """The newest Python of this minor version that pyenv has; skips where there is none."""
    if shutil.which("pyenv") is None:
        pytest.skip("pyenv is not installed")
    listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=True).stdout.split()
    found = [version for version in listed if re.fullmatch(rf"{re.escape(minor)}\.\d+", version)]
    if not found:
        pytest.skip(f"pyenv has no Python {minor}, and building one needs its source")
    return max(found, key=lambda version: int(version.rpartition(".")[2]))


def test_pyenv_and_pip_make_an_environment(tmp_path):
    """MLflow asks pyenv for the newest patch of conda.yaml's Python: here it is one that is there already."""
    project = copy_project(tmp_path / "todacomm")
    settings = project / "conda.yaml"
    asked = re.search(r"python=([\d.]+)", settings.read_text())
    assert asked is not None
    there = installed_by_pyenv(asked[1])
    settings.write_text(settings.read_text().replace(asked[0], f"python={there}"))
    installed = run_in_its_own("mlflow run . --env-manager=virtualenv", project, tmp_path)
    assert any(name.startswith("torch-2.") for name in installed)
    (made,) = (tmp_path / "envs").rglob("pyvenv.cfg")
    assert f"version = {there}" in made.read_text()


def test_conda_makes_an_environment(project, tmp_path):
    if not (shutil.which("conda") or os.environ.get("MLFLOW_CONDA_HOME")):
        pytest.skip("conda is not installed")
    installed = run_in_its_own("mlflow run .", project, tmp_path, CONDA_ENVS_PATH=str(tmp_path / "envs"))
    assert any(name.startswith("torch-2.") for name in installed)


def test_uv_makes_an_environment_without_cuda(project, tmp_path):
    installed = run_in_its_own(
        "mlflow run . --env-manager=uv", project, tmp_path, UV_FIND_LINKS=pip_find_links(), UV_LINK_MODE="copy"
    )
    assert any(name.startswith("torch-2.") for name in installed)
    assert not [name for name in installed if name.startswith("nvidia")]
