"""One analysis of a sweep, wherever it is done: claimed, looked up in the store, analysed, reported."""

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.cache import cache_folder
from todacomm.system.progress import Progress, silent

DONE, REUSED, FAILED = "done", "reused", "failed"
_WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is given: plain values and a function by its name, so that any runner can send it.

    Attributes
    ----------
    analyze : callable
        A function of a module: settings, ``progress`` and ``parent`` -> the recorded analysis with its ``run_id``.
    config_hash, inputs : str
        What a finished analysis is recognised by.
    parent : str
        Id of the sweep's run.
    store, folder : str
        Address of the tracking store, and the folder that paths in the settings are meant from.
    owner : mapping
        Tags of the sweep's process: a worker on its machine ends soon after it.
    force : bool
        Only what this very sweep has finished counts as finished.
    threads : int
        For the homology, and for BLAS and torch in the worker.
    """

    config: AnalysisConfig
    analyze: Callable[..., Any]
    config_hash: str
    inputs: str
    parent: str
    store: str
    folder: str
    owner: Mapping[str, str]
    force: bool
    threads: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended: ``done``, ``reused`` or ``failed``; the reason, and where it came from in the program."""

    config_hash: str
    status: str
    run_id: str = ""
    seconds: float = 0.0
    reason: str = ""
    trace: str = ""


def carry_out(task: Task, progress: Progress = silent) -> Outcome:
    """Analyse, unless it is finished meanwhile; an error is an outcome."""
    from todacomm import tracking

    start = time.perf_counter()
    try:
        with claimed(task):
            below, with_clouds = task.parent if task.force else None, task.config.record.keep_clouds
            finished = tracking.finished_analyses(below, task.config_hash, with_clouds=with_clouds)
            if run_id := finished.get(tracking.Known(task.config_hash, task.inputs)):
                return Outcome(task.config_hash, REUSED, run_id)
            run_id = task.analyze(task.config, progress=progress, parent=task.parent).run_id
    except Exception as error:  # one failure is one failure: it stands in the sweep's table, and the others go on
        reason = f"{error}" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        return Outcome(task.config_hash, FAILED, "", seconds, reason, "".join(traceback.format_exception(error)))
    return Outcome(task.config_hash, DONE, run_id, time.perf_counter() - start)


def carry_out_elsewhere(task: Task) -> Outcome:
    """:func:`carry_out` in a process of its own: on the sweep's store, in its folder, with its share of the threads."""
    os.environ["MLFLOW_TRACKING_URI"] = task.store
    os.environ.pop("MLFLOW_RUN_ID", None)
    if Path(task.folder).is_dir():
        os.chdir(task.folder)
    _limit_threads(task.threads)
    _end_with(task.owner)
    return carry_out(task)


@contextmanager
def claimed(task: Task) -> Iterator[None]:
    """Keep other processes of this user from the same analysis; the claim falls when the process ends, however it does.

    A cache folder that cannot be written leaves it unclaimed: two sweeps at once may then do the same work.
    """
    from filelock import FileLock

    place = cache_folder() / "claims" / f"{task.config_hash}-{task.inputs}.lock"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place)
        lock.acquire()
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _limit_threads(threads: int) -> None:
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    torch.set_num_threads(threads)


def _end_with(owner: Mapping[str, str]) -> None:
    """End this process soon after the sweep that it works for: nobody waits for it any more."""
    if any(thread.name == _watch.__name__ for thread in threading.enumerate()):
        return
    threading.Thread(target=_watch, args=[dict(owner)], name=_watch.__name__, daemon=True).start()


def _watch(owner: Mapping[str, str]) -> None:
    from todacomm.tracking import is_gone

    while not is_gone(owner):
        time.sleep(_WATCH_SECONDS)
    os._exit(1)
