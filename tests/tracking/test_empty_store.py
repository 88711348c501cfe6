"""A store that is copied is the store that MLflow makes; a bad copy is made over."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from todacomm.analysis.cache import clear
from todacomm.system.remembered import STORES
from todacomm.tracking.empty_store import make_store
from todacomm.tracking.store import open_store


def content(path: Path) -> tuple[list[tuple[str, ...]], dict[str, list[tuple[object, ...]]]]:
    """Schema and rows, without the times at which a row was made."""
    with closing(sqlite3.connect(path)) as database:
        schema = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        rows = {
            name: [
                tuple(value for value in row if not (isinstance(value, int) and value > 10**9))
                for row in database.execute(f'SELECT * FROM "{name}"')
            ]
            for kind, name, _ in schema
            if kind == "table"
        }
    return schema, rows


def test_a_copied_store_is_the_one_that_mlflow_makes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_mlflow_settings: None
) -> None:
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TODACOMM_CACHE_GB", "0")
    monkeypatch.chdir(tmp_path)
    make_store(tmp_path / "anew.db")
    assert not (tmp_path / "cache").exists()
    monkeypatch.delenv("TODACOMM_CACHE_GB")
    make_store(tmp_path / "first.db")
    (known,) = (tmp_path / "cache" / STORES).iterdir()
    written = known.stat().st_mtime_ns
    make_store(tmp_path / "copied.db")
    assert known.stat().st_mtime_ns == written
    assert content(tmp_path / "copied.db") == content(tmp_path / "first.db")
    assert content(tmp_path / "copied.db")[1] == content(tmp_path / "anew.db")[1]
    (tmp_path / "stored.db").write_bytes(known.read_bytes()[64:])
    assert content(tmp_path / "stored.db")[1]["experiments"] == []
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (experiment,) = open_store().search_experiments()
    assert experiment.artifact_location == str(tmp_path / "elsewhere/mlruns/0")
    assert clear() > 0
    assert not any((tmp_path / "cache" / STORES).iterdir())


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_copy_is_made_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_mlflow_settings: None, damage: bytes | None
) -> None:
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)
    monkeypatch.chdir(tmp_path)
    make_store(tmp_path / "first.db")
    (known,) = (tmp_path / "cache" / STORES).iterdir()
    known.write_bytes(known.read_bytes()[:20_000] if damage is None else damage)
    make_store(tmp_path / "second.db")
    assert content(tmp_path / "second.db")[1] == content(tmp_path / "first.db")[1]
