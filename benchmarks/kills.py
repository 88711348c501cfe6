"""Sweeps killed at random moments and started again until they are done: nothing is lost, nothing is done twice.

python -m benchmarks.kills [--form full]
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Run

from benchmarks.materials import ROOT
from benchmarks.measuring import Disagreement
from benchmarks.reporting import Findings, Form, Row, Table, run
from todacomm.tracking import Analysis, load_analysis

N_MODELS = 4
RUNNERS = ("serial", "processes")
FILES = {"clouds", "config", "diagrams", "environment.json", "plots", "report.html", "report.md", "tables"}
BETWEEN, COMPUTING, WRITING = (
    "before, between or after analyses",
    "an analysis without files yet",
    "files written, not finished",
)
_SOONEST, _LATEST = 2.0, 9.0


@dataclass
class Killed:
    """What happened to sweeps that were killed.

    Attributes
    ----------
    moments : list of str
        Where each kill fell.
    begun, wanted : int
        Analyses that were begun, and those that were to be made.
    """

    moments: list[str] = field(default_factory=list)
    begun: int = 0
    wanted: int = 0


def measure(form: Form) -> Findings:
    kills, chance, killed = form.pick(1, 5, 20), random.Random(0), Killed()
    while len(killed.moments) < kills:
        runner = RUNNERS[len(killed.moments) % len(RUNNERS)]
        with tempfile.TemporaryDirectory() as name:
            one_round(Path(name), runner, kills - len(killed.moments), chance, killed)
    counts = Counter(killed.moments)
    row = Row(
        f"sweeps killed {kills} times (`kill -9`) at random moments, started again until done", "",
        value=float(killed.wanted), unit=f"analyses finished once each, of {killed.begun} begun", ours=f"{kills} kills",
        agreement="every file there and not empty; tables, diagrams and clouds read back",
    )  # fmt: skip
    table = Table(
        "Where the kills fell",
        "Each sweep has four analyses of a second each; serial and on two processes in turns.",
        ["when", "kills"],
        [[moment, str(counts[moment])] for moment in (BETWEEN, COMPUTING, WRITING)],
    )
    return Findings([row], [table])


def one_round(folder: Path, runner: str, most: int, chance: random.Random, killed: Killed) -> None:
    """One sweep, killed up to ``most`` times, then left to finish, and looked over.

    Raises
    ------
    Disagreement
        It fails, or afterwards an analysis is missing, finished twice, still open, or cannot be read.
    """
    models = clouds(folder)
    at_once = ["--runner", runner, *(["--workers", "2"] if runner == "processes" else [])]
    done = False
    while not done and most > 0:
        process = start(folder, models, *at_once)
        try:
            process.wait(chance.uniform(_SOONEST, _LATEST))
            done = True
        except subprocess.TimeoutExpired:
            killed.moments.append(moment(folder))
            most -= 1
        finally:
            end(process)
    last = start(folder, models, *at_once)
    output = last.communicate(timeout=300)[0]
    if last.returncode:
        raise Disagreement(f"the last start ended with {last.returncode}: {output}")
    finished_once(client_of(folder), len(models))
    killed.begun += len(analyses(client_of(folder)))
    killed.wanted += len(models)


def clouds(folder: Path) -> list[str]:
    """Files of clouds: models that take a second each."""
    rng = np.random.default_rng(0)
    for index in range(N_MODELS):
        np.savez(folder / f"model{index}.npz", **{f"layer_{i}": rng.normal(size=(12, 5)) for i in range(2)})
    return [f"clouds:{folder / f'model{index}.npz'}" for index in range(N_MODELS)]


def start(folder: Path, models: Sequence[str], *more: str) -> "subprocess.Popen[str]":
    """A sweep in a process of its own, on the store of a folder."""
    command = [
        sys.executable, "-m", "entrypoints.sweep", "--models", ",".join(models), "--samples", "12",
        "--replicates", "0", "--nulls", "0", "--compare", "false", *more,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TODACOMM_CACHE": str(folder / "cache")}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def end(process: "subprocess.Popen[str]") -> None:
    """Kill a sweep as ``kill -9`` does; its workers are left to find out by themselves."""
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait()


def client_of(folder: Path) -> MlflowClient:
    """The store of a folder."""
    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


def moment(folder: Path) -> str:
    """What the sweep of a folder is doing."""
    if not (folder / "mlflow.db").exists():
        return BETWEEN
    open_runs = analyses(client_of(folder), "RUNNING")
    if not open_runs:
        return BETWEEN
    written = any(any((folder / "mlruns").rglob(f"{one.info.run_id}/artifacts/*")) for one in open_runs)
    return WRITING if written else COMPUTING


def analyses(client: MlflowClient, status: str = "") -> list[Run]:
    """The runs of analyses in a store, all or those that stand so."""
    experiment = client.get_experiment_by_name("todacomm")
    query = "tags.`todacomm.kind` = 'analysis'" + (f" AND attributes.status = '{status}'" if status else "")
    return list(client.search_runs([experiment.experiment_id], query)) if experiment else []


def finished_once(client: MlflowClient, n_models: int) -> None:
    """Look over a store: each analysis finished once, with all its files, and none left open.

    Raises
    ------
    Disagreement
        It is not so.
    """
    finished = analyses(client, "FINISHED")
    counts = Counter(one.data.tags["todacomm.config_hash"] for one in finished)
    if len(counts) != n_models or set(counts.values()) != {1}:
        raise Disagreement(f"{n_models} analyses were asked for, finished are {dict(counts)}")
    if analyses(client, "RUNNING"):
        raise Disagreement("a run stands as RUNNING after all is done")
    n_files: dict[str, int] = {}
    with patch.dict(os.environ, MLFLOW_TRACKING_URI=client.tracking_uri):
        for one in finished:
            sizes = files(client, one.info.run_id)
            missing = FILES - {path.partition("/")[0] for path in sizes}
            empty = [path for path, size in sizes.items() if not size]
            if missing or empty:
                raise Disagreement(f"run {one.info.run_id} lacks {', '.join(sorted(missing))}; empty are {empty}")
            n_files[one.info.run_id] = len(sizes)
            read_back(load_analysis(one.info.run_id))
    if len(set(n_files.values())) != 1:
        raise Disagreement(f"analyses of the same settings have different numbers of files: {n_files}")


def files(client: MlflowClient, run_id: str, folder: str = "") -> dict[str, int]:
    """Every file of a run below a folder, with its size."""
    sizes: dict[str, int] = {}
    for entry in client.list_artifacts(run_id, folder):
        sizes |= files(client, run_id, entry.path) if entry.is_dir else {entry.path: entry.file_size}
    return sizes


def read_back(analysis: Analysis) -> None:
    """The table, diagrams and clouds of an analysis.

    Raises
    ------
    Disagreement
        One is empty or holds nan.
    """
    for layer in analysis.layer_names:
        if not len(analysis.diagrams(layer)[0]) or not np.isfinite(analysis.cloud(layer)).all():
            raise Disagreement(f"{layer} of run {analysis.run_id} cannot be read back")


if __name__ == "__main__":
    run("kills", measure)
