"""An empty store, made once: MLflow takes seconds to bring a new database through all its migrations."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from todacomm.system.installed import package_version
from todacomm.system.remembered import STORES, remembered_bytes
from todacomm.tracking._mlflow import ARTIFACT_ROOT, SqlAlchemyStore

_MAKERS = ("mlflow", "alembic", "sqlalchemy")


def make_store(path: Path) -> None:
    """An empty store where there is no file yet: one that was made before, or all of its migrations."""

    def made() -> bytes:
        _complete(path)
        return _without_experiments(path)

    content = remembered_bytes(STORES, [*map(package_version, _MAKERS), sqlite3.sqlite_version], made)
    if not path.exists():
        path.write_bytes(content)
        _complete(path)


def _complete(path: Path) -> None:
    """Let MLflow make what is missing, and refuse what is not its own."""
    uri = URL.create("sqlite", database=path.as_posix()).render_as_string()
    SqlAlchemyStore(uri, ARTIFACT_ROOT).engine.dispose()  # type: ignore[no-untyped-call]


def _without_experiments(path: Path) -> bytes:
    """A store's file without the default experiment, whose place and time are those of the store."""
    with closing(sqlite3.connect(path)) as made, closing(sqlite3.connect(":memory:")) as copy:
        made.backup(copy)
        copy.execute("DELETE FROM experiments")
        copy.commit()
        return copy.serialize()
