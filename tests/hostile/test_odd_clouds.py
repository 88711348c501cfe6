"""Clouds that have next to no shape: every command still answers, with numbers or with a reason."""

import os
import shlex

import numpy as np
import pytest
from click.testing import CliRunner

from tests.helpers.stores import copy_store
from todacomm.cli import main
from todacomm.jobs.analyze import analyze_clouds

N = 11
FEW = {"replicates": 4, "nulls": 1, "loops": 1, "figures": "none", "explorer": False}
POINTS = np.random.default_rng(0).normal(size=(N, 3))
APART = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
ODD = {
    "normal": POINTS,
    "equal": np.ones((N, 3)),
    "three": np.eye(3)[np.arange(N) % 3],
    "undefined": np.where(np.eye(N, 3) > 0, np.nan, POINTS),
    "line": np.arange(N, dtype=float)[:, None],
    "tiny": POINTS * 1e-300,
    "discrete": 1.0 - np.eye(N),
    "nowhere": np.zeros((N, N)),
    "beyond": APART * 1e200,
}  # fmt: skip
"""Name -> a cloud, or from ``discrete`` on a matrix of distances."""
DISTANCES = ("discrete", "nowhere", "beyond")
LINES = [
    *((f"show {name}", 0, "") for name in ODD),
    ("show normal --full", 0, ""),
    ("show beyond --full", 0, ""),
    ("show line --loops", 1, "has no H1 bar in any layer"),
    ("show discrete --loops", 1, "of distances alone, which have no rotation null"),
    ("explore nowhere", 1, "no clouds on record: it is of distances, which have none"),
    ("compare equal,three", 0, ""),
    ("compare normal,equal", 0, ""),
    ("compare equal,line", 0, ""),
    ("compare nowhere,beyond", 0, ""),
    ("gate {normal} {equal}", 4, ""),
    ("gate {equal} {equal}", 4, ""),
    ("gate {beyond} {discrete}", 4, ""),
    ("gate {line} --groups kind", 1, "groups of 6 and 5 texts: expected 8 at least in each"),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, template):
    folder = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_") and name != "MLFLOW_DISABLE_TELEMETRY"]:
            patch.delenv(name)
        patch.chdir(folder)
        copy_store(template, folder)
        labels = {"kind": np.arange(N) % 2}
        yield {
            name: analyze_clouds(
                {"layer_0": cloud}, labels, name=name, run_name=name, distances=name in DISTANCES, **FEW
            ).run_id
            for name, cloud in ODD.items()
        }


@pytest.mark.parametrize(("line", "code", "says"), LINES)
def test_a_command_answers(runs, line, code, says):
    result = CliRunner().invoke(main, shlex.split(line.format_map(runs)), prog_name="todacomm")
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert "Traceback" not in result.output
