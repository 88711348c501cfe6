"""One analysis, one write: files first, then metrics, parameters and tags; the run is finished only after all of it."""

import json
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from todacomm.core.streams import RESIDUAL, kind_of, places
from todacomm.models.names import model_name, with_adapter
from todacomm.results.facts import TextFacts
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.errors import UserError
from todacomm.system.scratch import scratch_folder
from todacomm.texts.names import dataset_name
from todacomm.tracking import entries
from todacomm.tracking._mlflow import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    MlflowClient,
    MlflowException,
    Param,
    RunTag,
    quiet,
)
from todacomm.tracking.files import stage
from todacomm.tracking.run import OpenRun, open_run
from todacomm.tracking.store import store_errors

SLIDER = "persistence_diagram"
NOTE = "mlflow.note.content"
_DATASET_NAME, _DATASET_DIGEST = 500, 36
_TRIES = 5
_ELSEWHERE = "name a folder that can be written, with room in it"


@contextmanager
def analysis_run(config: AnalysisConfig, parent: str | None = None) -> Iterator["AnalysisRun"]:
    """The run of one analysis; see :func:`todacomm.tracking.run.open_run` for its life.

    Raises
    ------
    ValueError
        The store or ``output_dir`` cannot be used.
    """
    check_output_dir(config.record.output_dir)
    name = config.record.run_name or run_name(config)
    with open_run(entries.ANALYSIS, name, config.record.experiment_name, entries.first_tags(config), parent) as run:
        yield AnalysisRun(run, config)


@dataclass(frozen=True, slots=True)
class AnalysisRun:
    """The run of an analysis while it is open."""

    run: OpenRun
    config: AnalysisConfig

    @property
    def run_id(self) -> str:
        return self.run.run_id

    def write(
        self,
        result: Result,
        folder: Path,
        note: str = "",
        inputs: str = "",
        draw: Callable[[], None] = lambda: None,
        headline: str = "",
    ) -> None:
        """Record a result, with the figures and reports that are in ``folder`` already or that ``draw`` puts there.

        Parameters
        ----------
        folder : Path
            Completed with tables, diagrams, clouds and settings, then uploaded whole and copied to ``output_dir``.
        note : str
            Markdown for the run's description.
        inputs : str
            Digest of the model's and the texts' files; empty where it is not known.
        draw : callable
            Called while the tables, diagrams and clouds are written in a thread beside it.
        headline : str
            The few sentences to remember, for a tag.
        """
        result = entries.without_infinities(result)
        with ThreadPoolExecutor(max_workers=1) as beside:
            staged = beside.submit(stage, result, folder)
            draw()
            staged.result()
        client, run_id = self.run.client, self.run.run_id
        with copied(folder, self.config.record.output_dir), store_errors(client.tracking_uri), quiet():
            client.log_artifacts(run_id, str(folder))
            self._log_slider(result, folder)
            now = int(time.time() * 1000)
            tags = entries.last_tags(result, headline) | ({NOTE: entries.fitted(note)} if note else {})
            tags |= {entries.INPUTS: inputs} if inputs else {}
            client.log_batch(
                run_id,
                metrics=[Metric(p.key, p.value, now, p.step) for p in entries.metrics(result)],
                params=[Param(key, value) for key, value in entries.params(result).items()],
                tags=[RunTag(key, value) for key, value in tags.items()],
            )
            log_dataset(client, run_id, _dataset(result.dataset))

    def _log_slider(self, result: Result, folder: Path) -> None:
        """Diagrams to leaf through by depth in MLflow's interface, those of each stream by themselves.

        As ``MlflowClient.log_image`` does, except that the picture in the chart has the size of the picture: MLflow's
        own is 256 pixels wide, too small to read.
        """
        from PIL import Image

        place, now = places(layer.name for layer in result.layers), int(time.time() * 1000)
        with scratch_folder() as images:
            for layer in result.layers:
                kind = kind_of(layer.name)
                key = SLIDER if kind == RESIDUAL else f"{SLIDER}_{kind}"
                drawn = folder / f"plots/diagrams/{layer.file}.png"
                if drawn.is_file():
                    name = f"{key}+step+{place[layer.name]}+timestamp+{now}+{uuid.uuid4()}"
                    shutil.copy(drawn, images / f"{name}.png")
                    with Image.open(drawn) as picture:
                        picture.convert("RGB").save(images / f"{name}+compressed.webp", quality=90)
            if any(images.iterdir()):
                self.run.client.log_artifacts(self.run.run_id, str(images), "images")
                self.run.client.set_tag(self.run.run_id, "mlflow.loggedImages", "True")


def log_dataset(client: MlflowClient, run_id: str, dataset: DatasetInput) -> None:
    """Record a data set as an input of a run.

    MLflow looks whether it knows a data set and writes it otherwise: of two runs that do so at once one is refused, and
    finds it there when it asks again.
    """
    for left in reversed(range(_TRIES)):
        try:
            client.log_inputs(run_id, [dataset])
            return
        except (MlflowException, IntegrityError) as error:
            if not left or not re.search("unique|duplicate", str(error), re.IGNORECASE):
                raise
            time.sleep(0.1)


def run_name(config: AnalysisConfig) -> str:
    """Model, data set and points; of clouds from a file its name, for it says itself what it holds.

    >>> run_name(AnalysisConfig.from_flat({"model": "../models/mini", "weights": "random"}))
    'mini random pydoc 500'
    >>> run_name(AnalysisConfig.from_flat({"model": "clouds:acts/base.npz"}))
    'base'
    """
    model, texts = config.model, config.texts
    names = [
        with_adapter(model_name(model.model), model.adapter),
        model.revision,
        model.weights if model.weights != "trained" else "",
    ]
    own = [] if model.clouds_file else [dataset_name(texts.dataset), str(texts.samples)]
    return " ".join([*filter(None, names), *own])


def check_output_dir(output_dir: str) -> None:
    """Whether a folder can be written at the end of an analysis.

    Raises
    ------
    ValueError
        Something is there already, or its parent is closed.
    """
    if not output_dir:
        return
    try:
        folder = Path(output_dir).expanduser().absolute()
        with suppress(FileNotFoundError):
            os.lstat(folder)
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"output_dir {folder} is there already and not empty", "name a new one, or remove it first")
        existing = next(parent for parent in (folder, *folder.parents) if os.path.lexists(parent))
        with tempfile.TemporaryDirectory(dir=existing, prefix=f".{folder.name}-"):
            pass  # /proc and read-only disks say only now that nothing can be made there
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"output_dir {output_dir:.200} cannot be made ({error!s:.200})", _ELSEWHERE) from error


@contextmanager
def copied(folder: Path, output_dir: str) -> Iterator[None]:
    """Copy a folder to ``output_dir``, which is there with all its files once the block has ended, or not at all.

    The copy is made before the block, which records the same files: a full disk ends the work before anything is
    recorded.

    Raises
    ------
    UserError
        The copy cannot be made.
    """
    if not output_dir:
        yield
        return
    target = Path(os.path.expanduser(output_dir)).absolute()
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            aside = stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-"))
            copy = shutil.copytree(folder, Path(aside) / target.name)
        except OSError as error:
            raise UserError(f"output_dir {target} cannot be written ({error!s:.200})", _ELSEWHERE) from error
        yield
        check_output_dir(str(target))
        copy.rename(target)


def copy_whole(folder: Path, output_dir: Path) -> None:
    """Copy a folder so that ``output_dir`` is there with all its files, or not at all."""
    with copied(folder, str(output_dir)):
        pass


def _dataset(texts: TextFacts) -> DatasetInput:
    """The texts as an input of the run: name, source, revision and digest."""
    source = {"uri": texts.source, "revision": texts.revision}
    profile = {"samples": texts.samples, "n_documents": texts.n_documents, "unit": texts.unit}
    dataset = Dataset(
        name=texts.name[:_DATASET_NAME],
        digest=texts.digest[:_DATASET_DIGEST],
        source_type="texts",
        source=json.dumps(source),
        profile=json.dumps(profile),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", entries.ANALYSIS)])
