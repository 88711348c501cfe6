"""An empty store, made once: MLflow takes seconds to bring a new database through all its migrations."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import URL

from todacomm.system.cache import STORES, cache_bytes, cache_folder, write_atomically
from todacomm.system.digests import digest_of, digest_of_json
from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.installed import package_version
from todacomm.tracking._mlflow import ARTIFACT_ROOT, SqlAlchemyStore

_MAKERS = ("mlflow", "alembic", "sqlalchemy")
_DIGITS = 64


def make_store(path: Path) -> None:
    """An empty store where there is no file yet: one that was made before, or all of its migrations.

    One of the cache folder that cannot be used costs time alone.
    """
    state = [*map(package_version, _MAKERS), sqlite3.sqlite_version]
    known = cache_folder() / STORES / f"{digest_of_json(state)}.db"
    if stored := _read(known):
        path.write_bytes(stored)
        _complete(path)
        return
    _complete(path)
    with suppress(OSError, ValueError):
        if cache_bytes():
            content = _without_experiments(path)
            write_atomically(known, digest_of(content, _DIGITS).encode() + content)


def _read(known: Path) -> bytes:
    """The file of an empty store behind its digest; nothing where it is not there, or damaged."""
    with suppress(UserError), foreign_file(known, "an empty store", "remove it"):
        whole = known.read_bytes()
        digest, content = whole[:_DIGITS], whole[_DIGITS:]
        return content if digest_of(content, _DIGITS).encode() == digest else b""
    return b""


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
