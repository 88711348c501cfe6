"""`mlflow run` in an environment that MLflow makes itself, without gigabytes of CUDA."""

import subprocess
import sys

import pytest

from tests.heavy.conftest import project_environment

pytestmark = pytest.mark.heavy

FEW = ["-P", "samples=20", "-P", "replicates=0", "-P", "nulls=0"]


def pip_find_links() -> str:
    """Where pip looks for wheels beside its index: uv does not read pip's settings."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    places = [line.partition("=")[2].strip("'\" ") for line in asked.stdout.splitlines() if ".find-links=" in line]
    return ",".join(dict.fromkeys(" ".join(places).split()))


def test_uv_makes_an_environment_without_cuda(project, tmp_path):
    environment = project_environment(
        MLFLOW_ENV_ROOT=str(tmp_path / "envs"),
        MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}",
        UV_FIND_LINKS=pip_find_links(),
        UV_LINK_MODE="copy",
    )
    done = subprocess.run(
        ["mlflow", "run", ".", "--env-manager=uv", *FEW],
        cwd=project, env=environment, capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    installed = [path.name.lower() for path in (tmp_path / "envs").rglob("*.dist-info")]
    assert any(name.startswith("torch-2.") for name in installed)
    assert not [name for name in installed if name.startswith("nvidia")]
