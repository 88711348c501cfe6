"""A real sqlite store in a folder of its own: fixtures for every test that records something."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture
def no_mlflow_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MLFLOW_") and name != "MLFLOW_DISABLE_TELEMETRY"]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: made once, for it takes two seconds."""
    from todacomm.tracking import open_store

    folder = tmp_path_factory.mktemp("template")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        open_store()
    return folder / "mlflow.db"


@pytest.fixture
def store(no_mlflow_settings: None, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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
