"""Which tracking store is in use, its first use, and the experiments in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from todacomm.system.errors import UserError
from todacomm.system.foreign import check_regular
from todacomm.tracking._mlflow import (
    Experiment,
    MlflowClient,
    MlflowException,
    get_tracking_uri,
    impatient,
    is_tracking_uri_set,
    quiet,
)
from todacomm.tracking.empty_store import make_store
from todacomm.tracking.places import (
    check_artifacts,
    check_reachable,
    check_sqlite,
    is_unwritten,
    refuse_memory,
    refuse_stray_file_store,
    shown,
    sqlite_path,
)

DRIVERS = {
    "MySQLdb": "mysqlclient",
    "azure": "azure-storage-blob",
    "google": "google-cloud-storage",
    "psycopg2": "psycopg2-binary",
    "psycopg": "psycopg[binary]",
    "pysftp": "pysftp",
}
"""Module that a store or its artifacts need -> the package that brings it, where that has another name."""
_EXISTS = "RESOURCE_ALREADY_EXISTS"


def open_store(writing: bool = True) -> MlflowClient:
    """The store that MLflow itself would use here: ``MLFLOW_TRACKING_URI``, or ``mlflow.db`` in the current folder.

    A database that is not there yet is made aside and moved into place under a lock, so that neither a second process
    nor an interruption can leave half of one.

    Raises
    ------
    ValueError
        The store cannot be reached, read, or written where ``writing``; answered within seconds.
    """
    if not is_tracking_uri_set():  # type: ignore[no-untyped-call]
        refuse_stray_file_store()
    uri = get_tracking_uri()
    with store_errors(uri), quiet(), impatient():
        refuse_memory(uri)
        if path := sqlite_path(uri):
            if writing:
                _make_database(path)
            elif is_unwritten(path):
                raise UserError(
                    f"nothing is recorded at {path}", "start where the analyses ran, or set MLFLOW_TRACKING_URI"
                )
            else:
                check_regular(path)
            check_sqlite(path, writing)
        else:
            check_reachable(uri)
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
    return client


def experiment_id(client: MlflowClient, name: str) -> str:
    """Id of the experiment of that name, made where it is not there.

    Raises
    ------
    ValueError
        It is deleted, or its artifacts cannot be written from here.
    """
    with store_errors(client.tracking_uri):
        experiment = client.get_experiment_by_name(name) or client.get_experiment(_create(client, name))
    return usable(client, experiment).experiment_id


def usable(client: MlflowClient, experiment: Experiment) -> Experiment:
    """The experiment, if a run in it can be recorded from here."""
    if experiment.lifecycle_stage != "active":
        raise UserError(
            f"experiment {experiment.name!r} is deleted",
            f"restore it with `mlflow experiments restore --experiment-id {experiment.experiment_id}`, or choose "
            "another experiment_name",
        )
    check_artifacts(client.tracking_uri, experiment, writing=True)
    return experiment


@contextmanager
def store_errors(uri: str) -> Iterator[None]:
    """What MLflow and its database raise, as an error that names the store.

    Raises
    ------
    ValueError
        In place of the original error, which is its cause.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        raise UserError(
            f"the tracking store {shown(uri)} cannot be used ({stated(error)})", remedy_of(error)
        ) from error


def stated(error: Exception) -> str:
    """What an error of the store says on one line, without the query and the links to its explanation.

    >>> stated(OSError("(raised as a result of a flush)\\n(sqlite3.OperationalError) disk I/O error\\n[SQL: 1]"))
    '(sqlite3.OperationalError) disk I/O error'
    """
    text = str(error).partition("[SQL:")[0].partition("(Background on this error at")[0]
    return " ".join(line.strip() for line in text.splitlines() if not line.startswith("(raised as a result")).strip()


def remedy_of(error: Exception) -> str:
    """What to do about an error of the store.

    >>> remedy_of(ModuleNotFoundError("No module named 'psycopg2'", name="psycopg2"))
    'install what it needs: pip install psycopg2-binary'
    >>> remedy_of(OSError("disk I/O error: database or disk is full"))
    'make room on its disk; a run that stays open is ended by the next analysis'
    """
    text = str(error)
    if isinstance(error, ImportError) or "No module named" in text:
        module = (error.name if isinstance(error, ImportError) else None) or text.rpartition("'")[0].rpartition("'")[2]
        return f"install what it needs: pip install {DRIVERS.get(module.partition('.')[0], module)}"
    if "disk is full" in text or "No space left" in text or "Disk quota" in text:
        return "make room on its disk; a run that stays open is ended by the next analysis"
    if "readonly database" in text or "unable to open database" in text:
        return "see whether it is still there and can be written; a run that stays open is ended by the next analysis"
    if isinstance(error, NoSuchModuleError):
        return "set MLFLOW_TRACKING_URI to a database that SQLAlchemy knows, such as sqlite:///mlflow.db"
    if getattr(error, "error_code", "") == "INVALID_PARAMETER_VALUE":
        return "correct what it names"
    return "check MLFLOW_TRACKING_URI"


def _create(client: MlflowClient, name: str) -> str:
    try:
        return client.create_experiment(name)
    except MlflowException as error:
        experiment = client.get_experiment_by_name(name) if error.error_code == _EXISTS else None
        if experiment is None:
            raise
        return experiment.experiment_id


def _make_database(path: Path) -> None:
    """An empty store at ``path``, unless there is one; a device or a pipe of that name is never replaced."""
    if path.exists():
        check_regular(path)
    if not is_unwritten(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent):
        pass  # a lock would be waited for where no file can be made
    with FileLock(f"{path}-lock", timeout=60):
        if not is_unwritten(path):
            return
        fresh = path.with_name(f"{path.name}-new")
        fresh.unlink(missing_ok=True)
        make_store(fresh)
        fresh.replace(path)
