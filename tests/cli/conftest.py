"""The console command as a user types it: inside this process, or as one of its own."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from tests.helpers.tiny_models import tiny_model_folder
from todacomm.cli import main

SMALL = "--samples 20 --replicates 0 --nulls 0 --pca 5"


@pytest.fixture
def todacomm() -> Callable[..., Result]:
    """Run a command line in this process; a defect of the program is raised."""

    def run(line: str, **settings: object) -> Result:
        result = CliRunner().invoke(main, shlex.split(line), prog_name="todacomm", **settings)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def shell() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a command line as a process of its own in the current folder."""

    def run(line: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "todacomm", *shlex.split(line)],
            capture_output=True,
            text=True,
            timeout=300,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )

    return run


@pytest.fixture
def tiny_model(tmp_path):
    """A folder with a decoder of three blocks."""
    return tiny_model_folder(tmp_path, "gpt2")


@pytest.fixture
def clouds_file(tmp_path, rng):
    """Three layers of 20 points."""
    np.savez(tmp_path / "mine.npz", **{f"layer_{i}": rng.normal(size=(20, 6)) for i in range(3)})
    return tmp_path / "mine.npz"
