"""How far numbers move where nothing but the machine's part in them changes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.heavy.conftest import project_environment

pytestmark = pytest.mark.heavy

NULLS = 19
KEYS = ["layer", "metric", "control", "null"]


def table(folder: Path, threads: int = 1, *more: str) -> str:
    """The table of an analysis of the bundled decoder, in a process and a store of its own."""
    folder.mkdir()
    environment = project_environment(
        OMP_NUM_THREADS=str(threads), MLFLOW_TRACKING_URI=f"sqlite:///{folder}/mlflow.db", TODACOMM_CACHE=str(folder)
    )
    settings = ["--samples", "150", "--replicates", "20", "--nulls", str(NULLS), "--figures", "none"]
    done = subprocess.run(
        [sys.executable, "-m", "todacomm", "run", *settings, "--explorer", "false", "--cache", "false", *more],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (file,) = folder.glob("mlruns/*/*/artifacts/tables/layers.csv")
    return file.read_text()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return table(tmp_path_factory.mktemp("first") / "run")


def test_the_same_settings_give_the_same_table(first, tmp_path):
    assert table(tmp_path / "run") == first


@pytest.mark.parametrize(("threads", "more"), [(2, []), (1, ["--batch-tokens", "1000"])], ids=["threads", "batches"])
def test_threads_and_batches_change_the_rounding_alone(first, tmp_path, threads, more):
    (tmp_path / "first.csv").write_text(first)
    (tmp_path / "other.csv").write_text(table(tmp_path / "run", threads, *more))
    one, other = (
        pd.read_csv(tmp_path / name, dtype=dict.fromkeys(KEYS, str)).fillna({"control": "", "null": ""}).set_index(KEYS)
        for name in ("first.csv", "other.csv")
    )
    other = other.loc[one.index]
    numbers = one[["value", "lo", "hi"]].to_numpy(dtype=float), other[["value", "lo", "hi"]].to_numpy(dtype=float)
    np.testing.assert_array_equal(*map(np.isnan, numbers))
    moved = np.abs(numbers[1] - numbers[0]) / np.maximum(np.abs(numbers[0]), np.finfo(float).tiny)
    moved = moved[np.isfinite(moved)]
    assert 0.0 < moved.max() < 1e-3, "something is rounded otherwise, and little"
    assert np.median(moved) < 1e-5
    np.testing.assert_allclose(one["p"], other["p"], atol=1.01 / (NULLS + 1))
