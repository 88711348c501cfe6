"""Analyses in the store as a sweep needs them: which are finished, which were tried, which were abandoned."""

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from todacomm.settings.values import from_lines
from todacomm.tracking._mlflow import MlflowClient, Run, get_tracking_uri, pages
from todacomm.tracking.entries import ANALYSIS, INPUTS
from todacomm.tracking.places import is_unwritten, sqlite_path
from todacomm.tracking.run import KIND, PARENT
from todacomm.tracking.store import open_store, store_errors

_HASH, _SETTINGS = "todacomm.config_hash", "todacomm.settings"


@dataclass(frozen=True, slots=True)
class Known:
    """An analysis by what decides its numbers: the digest of its settings, and of the model's and the texts' files."""

    config_hash: str
    inputs: str


def finished_analyses(
    parent: str | None = None, config_hash: str | None = None, *, with_clouds: bool = False
) -> dict[Known, str]:
    """Run of every finished analysis in any experiment, the newest where there are several; none without a store.

    A run is finished only after all its files and numbers are written: nothing half-written is among them.

    Parameters
    ----------
    parent, config_hash : str, optional
        Only those below this run, or of these settings.
    with_clouds : bool
        Only those that did not leave their clouds out: ``keep_clouds`` decides no number, and is in no digest.
    """
    path = sqlite_path(str(get_tracking_uri()))
    if path is not None and (not os.path.exists(path) or is_unwritten(path)):
        return {}
    runs = _analyses(None, "FINISHED", parent, config_hash)
    if with_clouds:
        runs = [run for run in runs if from_lines(run.data.tags.get(_SETTINGS, "")).get("keep_clouds") != "false"]
    return {_known(run): run.info.run_id for run in sorted(runs, key=lambda run: run.info.start_time)}


def tried_analyses(experiment_id: str, parent: str) -> Counter[str]:
    """How often each analysis was begun below a run, however it ended, by the digest of its settings."""
    return Counter(run.data.tags.get(_HASH, "") for run in _analyses(experiment_id, None, parent))


def absolute_uri() -> str:
    """The store in use, by an address that means the same in any folder."""
    uri = str(get_tracking_uri())
    path = sqlite_path(uri)
    return f"sqlite:///{path}" if path else uri


def _analyses(
    experiment_id: str | None, status: str | None, parent: str | None, config_hash: str | None = None
) -> list[Run]:
    client = open_store(writing=False)
    query = [f"tags.{KIND} = '{ANALYSIS}'"]
    query += [f"attributes.status = '{status}'"] if status else []
    query += [f"tags.{PARENT} = '{parent}'"] if parent else []
    query += [f"tags.{_HASH} = '{config_hash}'"] if config_hash else []
    with store_errors(client.tracking_uri):
        return list(_runs(client, experiment_id, " AND ".join(query)))


def _runs(client: MlflowClient, experiment_id: str | None, query: str) -> Iterable[Run]:
    """Runs of one experiment, or of all."""
    every = [experiment.experiment_id for experiment in pages(client.search_experiments)] if not experiment_id else []
    return pages(client.search_runs, experiment_ids=[experiment_id] if experiment_id else every, filter_string=query)


def _known(run: Run) -> Known:
    return Known(run.data.tags.get(_HASH, ""), run.data.tags.get(INPUTS, ""))
