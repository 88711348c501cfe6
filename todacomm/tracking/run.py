"""The life of a run: begun or taken over, and ended as FINISHED, FAILED or KILLED whatever happens between."""

import gc
import logging
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from todacomm.settings.analysis import OPTIONS
from todacomm.system.errors import UserError
from todacomm.system.progress import Progress
from todacomm.system.signals import deferred_signals, interruptible, reason_of, results_follow, undisturbed
from todacomm.tracking._mlflow import (
    NAME_NOUNS,
    NAME_PREDICATES,
    MlflowClient,
    MlflowException,
    Run,
    RunTag,
    active_run,
    impatient,
    pages,
    quiet,
    resolve_tags,
)
from todacomm.tracking.parent_watch import ORPHANED, ParentWatch
from todacomm.tracking.process import HOST, is_gone, process_tags
from todacomm.tracking.store import experiment_id, open_store, stated, store_errors, usable

KIND = "todacomm.kind"
INTERRUPTED = "todacomm.interrupted"
ABANDONED = "its process is gone"
REFUSED = "todacomm.refused"
"""Tag: what was wrong with the settings, where no work was begun."""
LONGEST_REASON = 5000
_RUN_ID = "MLFLOW_RUN_ID"
PARENT = "mlflow.parentRunId"
_OPEN = ("RUNNING", "SCHEDULED")
_log = logging.getLogger("todacomm.tracking")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class OpenRun:
    """A run being written.

    Attributes
    ----------
    working : bool
        Whether work has begun, see :meth:`watched`.
    """

    client: MlflowClient
    run_id: str
    experiment_id: str
    working: bool = True

    def watched(self, progress: Progress) -> Progress:
        """Progress whose first report is the beginning of the work: an error before it is a mistake in the settings."""
        self.working = False

        def report(stage: str, done: int, total: int) -> None:
            self.working = True
            progress(stage, done, total)

        return report


@contextmanager
def open_run(
    kind: str,
    name: str,
    experiment_name: str,
    tags: Mapping[str, str] | None = None,
    parent: str | None = None,
) -> Iterator[OpenRun]:
    """A run for the work inside the ``with`` block.

    It is the run that ``mlflow run`` made for this process where there is one; else a new one: below ``parent``, below
    the caller's own active run and in its experiment, or by itself in ``experiment_name``.

    The run is FINISHED when the block ends, FAILED when it raises, and KILLED when Ctrl-C or SIGTERM ends it, with the
    reason in the tag ``todacomm.interrupted``; the exception goes on to the caller. A signal that comes once the run of
    a command is FINISHED changes neither what is printed nor the exit code. A mistake in the settings that is noticed
    before any work (:meth:`OpenRun.watched`) leaves no run; one that ``mlflow run`` made stays as FAILED, and says so
    in its name and the tag ``todacomm.refused``.

    Parameters
    ----------
    name : str
        Name of the run; one that the user gave to ``mlflow run`` stays.
    parent : str, optional
        Id of the run that this one is a part of.

    Raises
    ------
    ValueError
        The store, the experiment or the run to take over cannot be used.
    """
    tags = {**(tags or {}), KIND: kind, **process_tags()}
    with ExitStack() as stack:
        stack.enter_context(interruptible())
        client = open_store()
        run_id = None if parent else os.environ.pop(_RUN_ID, None)
        watch: ParentWatch | None = None
        run: Run | None = None
        opened: OpenRun | None = None
        try:
            with deferred_signals():  # one between the making of a run and its name here would leave it open
                if run_id:
                    run = _take_over(client, run_id, name, tags, experiment_name)
                else:
                    run = _begin(client, name, experiment_name, tags, parent)
            made = run
            if run.data.tags.get("mlflow.source.type") == "PROJECT":
                watch = stack.enter_context(ParentWatch(lambda: _end(client, made, "KILLED", ORPHANED)))
            opened = OpenRun(client, run.info.run_id, run.info.experiment_id)
            yield opened
            with undisturbed(), store_errors(client.tracking_uri), quiet():
                client.set_terminated(run.info.run_id, "FINISHED")
            if parent is None:
                results_follow()
        except BaseException as error:
            if run is not None:
                mistake = isinstance(error, ValueError) and opened is not None and not opened.working
                withdrawn = mistake and not run_id
                _end_after(error, client, run, watch, withdrawn)
                if mistake and run_id:
                    mark_refused(str(error), run_id)
            raise


def mark_refused(reason: str, run_id: str = "") -> None:
    """Say in the run that ``mlflow run`` made for this process, where there is one, that nothing was done and why.

    Parameters
    ----------
    run_id : str
        Of a run that was taken over already; by default that of one which was not.
    """
    run_id = run_id or os.environ.get(_RUN_ID, "")
    if not run_id:
        return
    try:
        client = open_store()
        with store_errors(client.tracking_uri), quiet(), impatient():
            name = client.get_run(run_id).info.run_name
            client.set_tag(run_id, REFUSED, reason[:LONGEST_REASON])
            client.update_run(run_id, name=f"refused: {name}")
    except ValueError as error:
        log.warning("warning: the run %s could not be marked as refused: %s", run_id, error)


def _end_after(
    error: BaseException, client: MlflowClient, run: Run, watch: ParentWatch | None, withdrawn: bool
) -> None:
    """End a run whose work an error or a signal has ended, or take it out of sight where no work was begun."""
    status, reason = "FAILED", ""
    if isinstance(error, KeyboardInterrupt):
        _let_go(error)
        status, reason = "KILLED", (watch and watch.reason) or reason_of(error)
    with undisturbed(), quiet():
        try:
            _end(client, run, status, reason)
            if withdrawn:
                client.delete_run(run.info.run_id)
        except (MlflowException, SQLAlchemyError, OSError) as failure:
            if not _is_deleted(client, run):
                ended = "could not be marked as ended, which the next analysis here does"
                error.add_note(f"the run {run.info.run_id} {ended}: {stated(failure)}")
                return
            deleted = f"the run {run.info.run_id} was deleted while it was being made"
            if isinstance(error.__cause__, MlflowException):  # the store refused it for that
                raise UserError(deleted, "start again, and leave it until it has ended") from error
            error.add_note(deleted)


def _is_deleted(client: MlflowClient, run: Run) -> bool:
    """Whether somebody deleted a run or its experiment; no where the store does not answer."""
    with suppress(MlflowException, SQLAlchemyError, OSError), impatient():
        return client.get_run(run.info.run_id).info.lifecycle_stage != "active"
    return False


def _let_go(error: BaseException) -> None:
    """Let go of what the frames of an error and of those behind it hold, such as an interrupted query's lock."""
    behind: BaseException | None = error
    while behind is not None:
        traceback.clear_frames(behind.__traceback__)
        behind = behind.__cause__ or behind.__context__
    gc.collect()


def end_abandoned(client: MlflowClient, experiment_id: str, parent: str | None = None) -> list[str]:
    """End the open runs of an experiment whose process on this machine is gone, as KILLED; their ids.

    Parameters
    ----------
    parent : str, optional
        Id of a run whose workers elsewhere are all gone too: what is open below it ends with them.
    """
    here, abandoned = process_tags()[HOST], []
    with store_errors(client.tracking_uri):
        query = {"experiment_ids": [experiment_id], "filter_string": "attributes.status = 'RUNNING'"}
        for run in list(pages(client.search_runs, **query)):
            tags = run.data.tags
            if is_gone(tags) or (parent and tags.get(PARENT) == parent and tags.get(HOST, here) != here):
                client.set_tag(run.info.run_id, INTERRUPTED, ABANDONED)
                client.set_terminated(run.info.run_id, "KILLED")
                abandoned.append(run.info.run_id)
    if abandoned:
        _log.info("%d runs were left open by processes that are gone: they are marked as killed", len(abandoned))
    return abandoned


def _begin(client: MlflowClient, name: str, experiment_name: str, tags: dict[str, str], parent: str | None) -> Run:
    with store_errors(client.tracking_uri):
        above = client.get_run(parent) if parent else active_run()
    if above:
        tags[PARENT] = above.info.run_id
        where = usable(client, client.get_experiment(above.info.experiment_id)).experiment_id
    else:
        where = experiment_id(client, experiment_name)
        end_abandoned(client, where)
    with store_errors(client.tracking_uri):
        return client.create_run(where, run_name=name, tags=resolve_tags(tags))


def _take_over(client: MlflowClient, run_id: str, name: str, tags: dict[str, str], experiment_name: str) -> Run:
    with store_errors(client.tracking_uri):
        run = client.get_run(run_id)
        experiment = client.get_experiment(run.info.experiment_id)
    if run.info.status not in _OPEN or run.info.lifecycle_stage != "active":
        raise ValueError(
            f"{_RUN_ID} names the run {run_id}, which has ended ({run.info.status.lower()}): unset it for a new run"
        )
    usable(client, experiment)
    default = OPTIONS["experiment_name"].default
    if experiment.name != experiment_name and (experiment_name != default or experiment.experiment_id == "0"):
        log.warning(
            "warning: this run is in the experiment %r, where mlflow run made it, and no parameter can move it to %r: "
            "give `mlflow run . --experiment-name %s`, or set MLFLOW_EXPERIMENT_NAME",
            experiment.name, experiment_name, experiment_name,
        )  # fmt: skip
    with store_errors(client.tracking_uri):
        client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
        if _is_generated(run.info.run_name):
            client.update_run(run_id, name=name)
    return run


def _end(client: MlflowClient, run: Run, status: str, reason: str) -> None:
    with quiet(), impatient():
        if reason:
            client.set_tag(run.info.run_id, INTERRUPTED, reason)
        client.set_terminated(run.info.run_id, status)


def _is_generated(name: str) -> bool:
    """Whether MLflow made a name up, as it does where the user gave none.

    >>> _is_generated("efficient-stoat-665"), _is_generated("my-run-1")
    (True, False)
    """
    parts = re.fullmatch(r"([a-z]{1,40})-([a-z]{1,40})-\d+", name or "")
    return parts is not None and parts[1] in NAME_PREDICATES and parts[2] in NAME_NOUNS
