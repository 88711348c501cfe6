"""The one door to MLflow: what it needs to keep quiet is set before it is imported."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from todacomm.system.deferred import import_deferring

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
_UNUSED = ("mlflow.models", "mlflow.genai", "mlflow.genai.scorers", "mlflow.genai.judges", "mlflow.gateway")
"""Packages for models' signatures and for language model judges, of whose modules the database store takes a few: a
quarter of the import."""
try:
    Path.home()
except RuntimeError:  # no HOME, and a user whom the system does not list: MLflow asks for a home while it is imported
    os.environ["HOME"] = os.sep
import_deferring(["mlflow", "mlflow.store.tracking.sqlalchemy_store"], _UNUSED)

from mlflow import MlflowClient, active_run, get_tracking_uri
from mlflow.artifacts import download_artifacts
from mlflow.entities import Dataset, DatasetInput, Experiment, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH as ARTIFACT_ROOT
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.tracking import is_tracking_uri_set
from mlflow.tracking.context.registry import resolve_tags
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri

try:
    from mlflow.utils.name_utils import _GENERATOR_NOUNS as NAME_NOUNS
    from mlflow.utils.name_utils import _GENERATOR_PREDICATES as NAME_PREDICATES
except ImportError:  # private: without these words every name of a run is taken for one that was given
    NAME_NOUNS = NAME_PREDICATES = []

from todacomm.system.environment import environment

_PAGE = 1000
_CHATTY = {
    "alembic": logging.WARNING,
    "mlflow.store.artifact.artifact_repo": logging.WARNING,
    "mlflow.store.db.utils": logging.CRITICAL,
}
"""Loggers with the least that is shown of them: the store's errors are raised too, and reported by the caller."""
_QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


def local_path(uri: str) -> Path | None:
    """The folder behind the address of artifacts on this machine's disk; None for one elsewhere."""
    if not is_local_uri(uri):  # type: ignore[no-untyped-call]
        return None
    return Path(local_file_uri_to_path(uri)).absolute()  # type: ignore[no-untyped-call]


@contextmanager
def impatient() -> Iterator[None]:
    """Requests that give up within seconds, where the user has not set how long to wait.

    MLflow's own patience is minutes: right for a result that waits to be written, wrong for the question whether a
    server is there at all.
    """
    with environment({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}, override=False):
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Without reports of migrations, tracebacks of errors that are raised, download bars, and links that mislead."""
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(least)
    try:
        with environment(_QUIET, override=False):
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def pages(search: Callable[..., Any], **query: Any) -> Iterator[Any]:
    """Everything that one of MLflow's searches finds, from the first page to the last."""
    page = search(max_results=_PAGE, **query)
    yield from page
    while page.token:
        page = search(max_results=_PAGE, page_token=page.token, **query)
        yield from page
