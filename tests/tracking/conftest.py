"""A real sqlite store in a folder of its own, and one finished analysis to record."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.result import Result
from todacomm.tracking import open_store


@pytest.fixture(autouse=True)
def no_mlflow_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MLFLOW_") and name != "MLFLOW_DISABLE_TELEMETRY"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: made once, for it takes two seconds."""
    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        open_store()
    return folder / "mlflow.db"


@pytest.fixture
def store(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an empty store in it."""
    copy_store(template, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def copy_store(template: Path, folder: Path) -> None:
    """An empty store as if it were made in ``folder``."""
    shutil.copy(template, folder / "mlflow.db")
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        connection.execute("UPDATE experiments SET artifact_location = ?", [str(folder / "mlruns/0")])
        connection.commit()


@pytest.fixture(scope="session")
def result() -> Result:
    """Five layers, the first of them degenerate."""
    return make_result(degenerate_embedding=True, warnings=("the cloud is small",))


@pytest.fixture
def recorded(store: Path, result: Result) -> str:
    """Id of a finished analysis."""
    return record(result)


@pytest.fixture
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as figures and reports leave it, with the pictures of two layers."""
    folder = tmp_path_factory.mktemp("staging")
    (folder / "plots/diagrams").mkdir(parents=True)
    for index in (0, 1):
        Image.new("RGB", (64, 48), (40 * index, 90, 90)).save(folder / f"plots/diagrams/layer_{index:02d}.png")
    (folder / "report.md").write_text("# A report\n", encoding="utf-8")
    return folder
