"""Runs of jobs that are no analysis: a folder of files, some numbers, parameters and tags, written once."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from shutil import copyfile
from typing import Any

from todacomm.settings.values import spelled
from todacomm.system.scratch import scratch_folder
from todacomm.tracking._mlflow import Metric, MlflowClient, Param, RunTag, active_run, get_tracking_uri, quiet
from todacomm.tracking.entries import fitted
from todacomm.tracking.run import OpenRun, open_run
from todacomm.tracking.store import store_errors
from todacomm.tracking.write import NOTE, check_output_dir, copied

TRAINING = "training"


@contextmanager
def job_run(
    kind: str, name: str, experiment_name: str, output_dir: str = "", parent: str | None = None
) -> Iterator["JobRun"]:
    """The run of a job; see :func:`todacomm.tracking.run.open_run` for its life.

    Parameters
    ----------
    kind : str
        Value of the tag ``todacomm.kind``.
    output_dir : str
        Folder that gets a copy of the files; empty: none.

    Raises
    ------
    ValueError
        The store or ``output_dir`` cannot be used.
    """
    check_output_dir(output_dir)
    with open_run(kind, name, experiment_name, parent=parent) as run:
        yield JobRun(run, output_dir)


@contextmanager
def training_run(name: str, params: Mapping[str, Any], experiment_name: str) -> Iterator["JobRun"]:
    """The run of a training; its parameters are recorded at once."""
    with job_run(TRAINING, name, experiment_name) as job:
        with store_errors(job.run.client.tracking_uri):
            job.run.client.log_batch(job.run_id, params=_params(params))
        yield job


@dataclass(frozen=True, slots=True)
class JobRun:
    """The run of a job, while it is open and after."""

    run: OpenRun
    output_dir: str = ""

    @property
    def run_id(self) -> str:
        return self.run.run_id

    @property
    def experiment_id(self) -> str:
        return self.run.experiment_id

    @property
    def artifact_uri(self) -> str:
        """Where the run's files are."""
        with store_errors(self.run.client.tracking_uri):
            return self.run.client.get_run(self.run_id).info.artifact_uri

    def fetch(self, path: str, target: Path) -> None:
        """Copy one of the run's files to ``target``."""
        client = self.run.client
        with store_errors(client.tracking_uri), quiet(), scratch_folder() as folder:
            copyfile(client.download_artifacts(self.run_id, path, str(folder)), target)

    def log_numbers(self, values: Mapping[str, float], step: int) -> None:
        """Numbers that are known while the job goes on."""
        client, now = self.run.client, int(time.time() * 1000)
        with store_errors(client.tracking_uri):
            points = [Metric(key, float(value), now, step) for key, value in values.items()]
            client.log_batch(self.run_id, metrics=points)

    def write_folder(
        self,
        folder: Path,
        metrics: Iterable[tuple[str, float, int]] = (),
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        note: str = "",
    ) -> None:
        """Record every file below a folder, then the numbers, then copy the folder to ``output_dir``.

        Parameters
        ----------
        metrics : iterable of (key, value, step)
            A series without any finite number is left out: it would be an empty chart.
        params : mapping
            Options by name; they are recorded under ``config/``.
        tags : mapping
            By name without ``todacomm.``; empty ones are left out.
        note : str
            Markdown for the run's description.
        """
        client, now = self.run.client, int(time.time() * 1000)
        named = {f"todacomm.{name}": fitted(text) for name, text in (tags or {}).items() if text}
        named |= {NOTE: fitted(note)} if note else {}
        with copied(folder, self.output_dir), store_errors(client.tracking_uri), quiet():
            client.log_artifacts(self.run_id, str(folder))
            client.log_batch(
                self.run_id,
                metrics=[Metric(key, value, now, step) for key, value, step in _with_numbers(metrics)],
                params=_params(params or {}),
                tags=[RunTag(key, text) for key, text in named.items()],
            )


def _params(options: Mapping[str, Any]) -> list[Param]:
    return [Param(f"config/{name}", spelled(value)) for name, value in options.items()]


def _with_numbers(metrics: Iterable[tuple[str, float, int]]) -> Iterator[tuple[str, float, int]]:
    for _, points in groupby(sorted(metrics, key=itemgetter(0)), key=itemgetter(0)):
        series = [(key, float(value), step) for key, value, step in points if not math.isinf(value)]
        if any(math.isfinite(value) for _, value, _ in series):
            yield from series


def log_to_active_run(values: Mapping[str, float], step: int, texts: Mapping[str, str] | None = None) -> None:
    """Numbers and small files for the run that the caller has active in MLflow; undefined numbers are left out.

    Parameters
    ----------
    texts : mapping
        Name of a file -> its content.

    Raises
    ------
    ValueError
        No run is active, or the store cannot be used.
    """
    run_id, client, now = _active_run_id(), MlflowClient(get_tracking_uri()), int(time.time() * 1000)
    with store_errors(client.tracking_uri), quiet():
        points = [Metric(key, float(value), now, step) for key, value in values.items() if math.isfinite(value)]
        client.log_batch(run_id, metrics=points)
        for name, text in (texts or {}).items():
            client.log_text(run_id, text, name)


def read_from_active_run(name: str) -> str:
    """A small file of the run that the caller has active in MLflow; empty where it has none of that name.

    Raises
    ------
    ValueError
        As :func:`log_to_active_run`.
    """
    run_id, client = _active_run_id(), MlflowClient(get_tracking_uri())
    with store_errors(client.tracking_uri), quiet(), scratch_folder() as folder:
        if name not in {file.path for file in client.list_artifacts(run_id)}:
            return ""
        return Path(client.download_artifacts(run_id, name, str(folder))).read_text(encoding="utf-8")


def _active_run_id() -> str:
    run = active_run()
    if run is None:
        raise ValueError(
            "no MLflow run is active: set report_to='mlflow' in the training arguments, or train inside "
            "`with mlflow.start_run():`"
        )
    return str(run.info.run_id)
