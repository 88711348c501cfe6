"""The wheel in an empty environment, far from any checkout."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.heavy.conftest import project_environment

pytestmark = pytest.mark.heavy

ANALYSE = """
import todacomm
analysis = todacomm.analyze(samples=20, replicates=0, nulls=0)
print(analysis.artifact("report.html"), todacomm.__file__)
"""


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=project_environment(PYTHONPATH="", **more),
        capture_output=True, text=True, timeout=1200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout


def test_a_wheel_has_all_that_an_analysis_needs(project: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--outdir", tmp_path / "dist", cwd=project)  # a wheel from the sdist
    assert len(list((tmp_path / "dist").glob("*.tar.gz"))) == 1
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--prefer-binary", wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    report, package = run(python, "-c", ANALYSE, cwd=elsewhere).split()[-2:]
    assert Path(report).read_text(encoding="utf-8").count("<svg") >= 7
    assert Path(package).is_relative_to(tmp_path / "venv")
