"""The tracking store looked at point by point, before anybody relies on it."""

import os
from collections.abc import Iterator
from pathlib import Path

from todacomm.settings.analysis import RecordConfig
from todacomm.system.checkup import NOTE, OK, PROBLEM, Finding
from todacomm.system.errors import UserError
from todacomm.tracking._mlflow import MlflowClient, get_tracking_uri, is_tracking_uri_set, pages
from todacomm.tracking.places import check_artifacts, is_unwritten, refuse_stray_file_store, shown, sqlite_path
from todacomm.tracking.process import is_gone
from todacomm.tracking.run import KIND, end_abandoned
from todacomm.tracking.store import open_store, store_errors

STORE = "store"


def check_store(fix: bool = False) -> Iterator[Finding]:
    """Which store is in use, whether it can be read and written, and what was left in it.

    Parameters
    ----------
    fix : bool
        End runs of processes that are gone; without it nothing is changed.
    """
    try:
        if not is_tracking_uri_set():  # type: ignore[no-untyped-call]
            refuse_stray_file_store()
        uri = get_tracking_uri()
        chosen = "MLFLOW_TRACKING_URI" if "MLFLOW_TRACKING_URI" in os.environ else "MLflow's default for this folder"
        yield Finding(STORE, OK, f"{shown(uri)} ({chosen})")
        path = sqlite_path(uri)
        if path and is_unwritten(path):
            yield _place_for(path)
            return
        client = open_store()
        yield Finding("reachable", OK, "it can be read and written")
        yield from _check_experiments(client)
        yield from _check_running(client, fix)
    except UserError as error:
        yield Finding(STORE, PROBLEM, error.problem, error.remedy)


def _place_for(path: Path) -> Finding:
    existing = next(folder for folder in path.parents if folder.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding("reachable", PROBLEM, f"{existing} cannot be written", "start in a folder of your own")
    state = "there, and empty" if path.exists() else "not there yet"
    return Finding("reachable", OK, f"{state}: the first analysis makes it")


def _check_experiments(client: MlflowClient) -> Iterator[Finding]:
    """Whether files can be recorded; where another experiment than the default one is closed, analyses go on."""
    with store_errors(client.tracking_uri):
        experiments = list(pages(client.search_experiments))
    closed = []
    for experiment in experiments:
        try:
            check_artifacts(client.tracking_uri, experiment, writing=True)
        except UserError as error:
            level = PROBLEM if experiment.name == RecordConfig().experiment_name else NOTE
            closed.append(Finding("artifacts", level, error.problem, error.remedy))
    yield from closed or [Finding("artifacts", OK, f"of {len(experiments)} experiments in their place")]


def _check_running(client: MlflowClient, fix: bool) -> Iterator[Finding]:
    with store_errors(client.tracking_uri):
        ids = [experiment.experiment_id for experiment in pages(client.search_experiments)]
        ended = [run for id_ in ids for run in end_abandoned(client, id_)] if fix else []
        query = "attributes.status = 'RUNNING'"
        running = [
            run for run in pages(client.search_runs, experiment_ids=ids, filter_string=query) if KIND in run.data.tags
        ]
    if ended:
        yield Finding("runs", OK, f"{len(ended)} of processes that are gone were marked as killed")
    gone = [run.info.run_id for run in running if is_gone(run.data.tags)]
    if gone:
        yield Finding("runs", NOTE, f"{len(gone)} are left open by processes that are gone", "todacomm doctor --fix")
    running = [run for run in running if run.info.run_id not in gone]
    if not running:
        yield Finding("runs", OK, "none stands as RUNNING")
        return
    names = ", ".join(f"{run.info.run_id} ({run.info.run_name})" for run in running)
    first = running[0].info.run_id
    advice = (
        "where nobody works on one any more: "
        f"python -c \"from mlflow import MlflowClient; MlflowClient().set_terminated('{first}', 'KILLED')\""
    )
    yield Finding("runs", NOTE, f"{len(running)} stand as RUNNING: {names}", advice)
