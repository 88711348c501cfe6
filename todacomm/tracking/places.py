"""Where a store and its artifacts are, and whether they can be used: answered in seconds, before any work."""

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from sqlalchemy.engine import make_url

from todacomm.system.errors import UserError
from todacomm.tracking._mlflow import ARTIFACT_ROOT, Experiment, local_path

HTTP = ("http", "https")
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of MLflow's database in which folders stand; an older one has not all of them."""
_PERMISSIONS = "change its permissions, or name another store in MLFLOW_TRACKING_URI"
_REMEDIES = {
    "SQLITE_NOTADB": "set MLFLOW_TRACKING_URI to another file, such as sqlite:///runs.db, or move this one away",
    "SQLITE_CORRUPT": "bring it back from a copy, or name another store in MLFLOW_TRACKING_URI",
    "SQLITE_BUSY": "wait for the process that holds it, or end that process",
}
"""What to do about an error of sqlite, by its name."""
_SECONDS = 5.0
_LOCKED_SECONDS = 10.0


def scheme(uri: str) -> str:
    """Scheme of a tracking URI without its driver.

    >>> scheme("postgresql+psycopg2://db/mlflow"), scheme("/data/mlruns")
    ('postgresql', '')
    """
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError as error:
        raise UserError(
            f"the address of the tracking store cannot be read ({error})", "correct MLFLOW_TRACKING_URI"
        ) from error
    return parts.scheme.partition("+")[0]


def shown(uri: str) -> str:
    """A tracking URI fit for a message or a link: without user and password.

    >>> shown("postgresql://me:secret@db:5433/mlflow"), shown("http://runs:5000/")
    ('postgresql://db:5433/mlflow', 'http://runs:5000/')
    """
    login, at, _ = urlsplit(uri).netloc.rpartition("@")
    return uri.replace(login + at, "", 1) if at else uri


def sqlite_path(uri: str) -> Path | None:
    """The file of an sqlite store; None for other stores and for one in memory."""
    if scheme(uri) != "sqlite":
        return None
    database = make_url(uri).database
    return Path(database).absolute() if database and database != ":memory:" else None


def is_unwritten(path: Path) -> bool:
    """Whether there is no sqlite store at ``path`` yet: no file, or one without content."""
    return not path.exists() or (path.is_file() and not path.stat().st_size)


def refuse_memory(uri: str) -> None:
    """Refuse a database that is gone with the process.

    Raises
    ------
    ValueError
        The address is one of sqlite and names no file.
    """
    if scheme(uri) == "sqlite" and sqlite_path(uri) is None:
        raise UserError(
            f"the tracking store {uri} names no file, and its record would be gone with this process",
            "set MLFLOW_TRACKING_URI to a file, such as sqlite:///mlflow.db, or unset it",
        )


def refuse_stray_file_store() -> None:
    """Say where a folder below ``mlruns`` makes MLflow take it for a store of files.

    Raises
    ------
    ValueError
        ``mlruns/<digits>/meta.yaml`` is there: MLflow would use ``mlruns`` itself as its store, and refuse it.
    """
    for leftover in sorted(Path(ARTIFACT_ROOT).glob("*/meta.yaml")):
        if leftover.parent.name.isdigit():
            raise UserError(
                f"{leftover} is left from a store of files, which MLflow no longer writes to",
                f"move {leftover.parent} out of {leftover.parent.parent}/, or carry its runs over with "
                "`mlflow migrate-filestore`, or name a store in MLFLOW_TRACKING_URI",
            )


def check_sqlite(path: Path, writing: bool) -> None:
    """Whether a file is a database that can be read, and written where ``writing``.

    Raises
    ------
    ValueError
        It is another kind of file, locked, or may not be read or written.
    """
    mode = "rw" if writing else "ro"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode={mode}", uri=True, timeout=_LOCKED_SECONDS)) as database:
            database.execute("PRAGMA schema_version").fetchone()
            if writing:
                database.execute("BEGIN IMMEDIATE")
                database.execute("CREATE TABLE todacomm_probe (value)")
                database.rollback()
    except sqlite3.Error as error:
        raise UserError(
            f"the tracking store {path} cannot be {'written' if writing else 'read'} ({error})",
            _REMEDIES.get(getattr(error, "sqlite_errorname", ""), _PERMISSIONS),
        ) from error


def check_reachable(uri: str) -> None:
    """Whether somebody listens at a server's address, asked once: MLflow itself asks for minutes.

    Raises
    ------
    ValueError
        Nobody answers within seconds.
    """
    parts = urlsplit(uri)
    if scheme(uri) in HTTP:
        port = parts.port or (443 if scheme(uri) == "https" else 80)
        if scheme(uri) in getproxies() and not proxy_bypass(parts.hostname or ""):
            return
    elif scheme(uri) in _DATABASE_PORTS:
        port = parts.port or _DATABASE_PORTS[scheme(uri)]
    else:
        return
    if not parts.hostname:
        return
    try:
        socket.create_connection((parts.hostname, port), timeout=_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"no tracking store answers at {shown(uri)} ({error})",
            "start it, or change MLFLOW_TRACKING_URI (unset, runs go to mlflow.db in the current folder)",
        ) from error


def check_artifacts(uri: str, experiment: Experiment, writing: bool) -> None:
    """Whether the artifacts of an experiment can be read from here, and written where ``writing``.

    Raises
    ------
    ValueError
        They go through a server that is not the store in use, the store was moved since, or their folder is closed.
    """
    location, name = experiment.artifact_location, experiment.name
    if location.startswith("mlflow-artifacts:") and scheme(uri) not in (*HTTP, "databricks"):
        raise UserError(
            f"experiment {name!r} was made by an MLflow server and keeps its artifacts there ({location})",
            "set MLFLOW_TRACKING_URI=http://127.0.0.1:5000 while `mlflow ui` runs, or use another experiment "
            "(`mlflow run . --experiment-name NAME`; experiment_name elsewhere)",
        )
    folder = local_path(location)
    if folder is None:
        return
    database = sqlite_path(uri)
    if database and (was := _moved_from(database, folder, experiment)):
        raise UserError(
            f"the tracking store {database} was made in {was}, where experiment {name!r} still looks for its artifacts",
            "move it back, or remove mlflow.db here to start afresh, or correct the paths in it: "
            f"{_path_correction(database, was)}",
        )
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if writing and not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(
            f"experiment {name!r} keeps its artifacts in {folder}, which cannot be written", "change its permissions"
        )


def _moved_from(database: Path, artifacts: Path, experiment: Experiment) -> Path | None:
    """Where a store was made, if that is gone or holds the store of which this one is a copy."""
    home = artifacts.parents[1] if len(artifacts.parents) > 1 else artifacts
    ours = artifacts.name == experiment.experiment_id and artifacts.parent.name == Path(ARTIFACT_ROOT).name
    if not ours or home == database.parent:
        return None
    return home if not home.exists() or _holds(home / database.name, experiment) else None


def _holds(database: Path, experiment: Experiment) -> bool:
    """Whether a database has this very experiment; two stores both have their own experiment 0."""
    if not database.exists():
        return False
    query = "SELECT creation_time FROM experiments WHERE experiment_id = ?"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute(query, [experiment.experiment_id]).fetchone()
    return row is not None and row[0] == experiment.creation_time


def _path_correction(database: Path, was: Path) -> str:
    """The command that puts the folder of a database in the place of the one in which it was made."""
    old, new = (str(path / "_").removesuffix("_").replace("'", "''") for path in (was, database.parent))
    query = "SELECT tables.name, columns.name FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns"
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        there = set(connection.execute(query))
    changes = "; ".join(
        f"UPDATE {table} SET {column} = replace({column}, '{old}', '{new}')"
        for table, column in _LOCATIONS
        if (table, column) in there
    )
    return f'sqlite3 "{database}" "{changes}"'
