"""The built page comes out of its source again, and its source stays out of the wheel."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from todacomm.explorer.asset import FOLDER, LICENCES, PAGE

pytestmark = pytest.mark.heavy


def test_the_page_is_what_npm_builds_of_its_source(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on the path")
    source = tmp_path / "source"
    shutil.copytree(FOLDER / "source", source, ignore=shutil.ignore_patterns("node_modules"))
    fetched = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=source, capture_output=True, text=True)
    if fetched.returncode and "network" in fetched.stderr.lower():
        pytest.skip("npm reaches no registry")
    assert fetched.returncode == 0, fetched.stderr[-2000:]
    subprocess.run([npm, "run", "build"], cwd=source, check=True, capture_output=True)
    for built in (PAGE, LICENCES):
        assert (tmp_path / "assets" / built.name).read_bytes() == built.read_bytes(), built.name


def test_a_wheel_has_the_built_page_and_not_its_source(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"todacomm/explorer/assets/page.html", "todacomm/explorer/assets/LICENCES.txt"} <= set(names)
    assert not [name for name in names if "explorer" in name and not name.endswith((".py", ".html", ".txt"))]
