"""A recorded analysis, read back: its tables at once, everything larger when asked for."""

import html
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
from PIL.Image import Image

from todacomm.core.inference import effective_clusters
from todacomm.core.loops.whole_run import LoopPoints
from todacomm.results.findings import Finding, findings
from todacomm.results.layer import LayerResult, layer_file
from todacomm.results.loops import Loop, pick_loop
from todacomm.results.page import FramedPage
from todacomm.results.result import Result
from todacomm.results.table import by_layer, of_layers, own_rows, run_values
from todacomm.results.texts import clusters_of
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.scratch import held_folder
from todacomm.tracking._mlflow import MlflowClient, MlflowException, Run, local_path, quiet
from todacomm.tracking.entries import ANALYSIS
from todacomm.tracking.files import (
    LOOPS,
    REPLICATES,
    TABLES,
    TEXTS,
    cloud_file,
    diagram_file,
    read_cloud,
    read_layer,
    read_loop_points,
    read_replicates,
    read_tables,
    read_texts,
)
from todacomm.tracking.finished import check_finished
from todacomm.tracking.places import check_artifacts
from todacomm.tracking.run import KIND
from todacomm.tracking.store import open_store, store_errors


def load_analyses(run_ids: Iterable[str]) -> list["Analysis"]:
    """Finished analyses by the ids of their runs, in the order given.

    Raises
    ------
    ValueError
        As :func:`load_analysis` for the first that cannot be read.
    """
    client = open_store(writing=False)
    return [_load(client, run_id) for run_id in run_ids]


def load_readable(run_ids: Iterable[str]) -> tuple[list["Analysis"], dict[str, str]]:
    """Those of some analyses that can be read, and of each other one why not.

    Their half-samples are read too: a comparison needs them, and a damaged run is left out before any work.
    """
    client = open_store(writing=False)
    readable, spoilt = [], {}
    for run_id in run_ids:
        try:
            analysis = _load(client, run_id)
            _ = analysis.replicates
        except ValueError as error:
            spoilt[run_id] = str(error)
        else:
            readable.append(analysis)
    return readable, spoilt


def load_analysis(run_id: str) -> "Analysis":
    """A finished analysis by the id of its run.

    Raises
    ------
    ValueError
        There is no such run, it is no analysis, did not finish or was deleted, itself or with its experiment, or its
        tables are gone or of another schema.
    """
    return _load(open_store(writing=False), run_id)


class Analysis:
    """A finished analysis.

    Attributes
    ----------
    tables : Tables
        The tables as they are on record: all rows of the run and of its controls together, layers as plain words.
    model, dataset : ModelFacts, TextFacts
        What is known of the model and the texts.
    warnings : tuple of RunWarning
        Every warning of the run and of its layers.
    tags : dict of str
        Tags of the run, ``todacomm.protocol`` among them.
    layer_names : tuple of str
        Layers in the order of depth; wherever a layer is asked for, its name or its number will do: 3 is ``layer_3``.
    """

    def __init__(self, client: MlflowClient, run: Run) -> None:
        self._client = client
        self._info = run.info
        self.run_id: str = run.info.run_id
        self.experiment_id: str = run.info.experiment_id
        self.run_name: str = run.info.run_name
        self.tags: dict[str, str] = run.data.tags
        path = self.artifact(TABLES)
        try:
            tables = read_tables(path)
        except ValueError as error:
            raise ValueError(f"run {self.run_id}: {error}") from error
        self.tables = tables
        self.warnings = tables.warnings
        self.settings = tables.settings
        self.model = tables.model
        self.dataset = tables.dataset
        self.layer_names = tuple(name for _, name, _ in tables.settings["layers"])

    def __repr__(self) -> str:
        return f"Analysis({self.run_id!r}: {self.run_name}, {len(self.layer_names)} layers)"

    def _repr_html_(self) -> str:
        """Name, headline and numbers of the whole run, as a notebook shows them."""
        rows = "".join(f"<tr><td>{html.escape(name)}</td><td>{value:.4g}</td></tr>" for name, value in self.run.items())
        head = f"<b>{html.escape(self.run_name)}</b> <small>{self.run_id}</small><p>{html.escape(self.headline)}</p>"
        return f"{head}<table>{rows}</table>"

    @property
    def headline(self) -> str:
        """The few sentences to remember; empty for a run that was recorded without them."""
        return self.tags.get("todacomm.headline", "")

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the numbers say, as data: kind, layers and values of each finding."""
        return findings(self.outline())

    def plot(self, name: str = "summary", layer: str | int | None = None) -> Image:
        """A picture of the record, which a notebook shows.

        Parameters
        ----------
        name : str
            Such as ``summary`` or ``betti_curves``; ``diagram`` or ``barcode`` with a layer.

        Raises
        ------
        ValueError
            The run has no such picture.
        """
        from PIL.Image import open as open_image

        file = f"plots/{name}.png" if layer is None else f"plots/{name}s/{self._file(layer)}.png"
        try:
            return open_image(self.artifact(file))
        except ValueError as error:
            if (drawn := self.config.record.figures) != "all":
                raise ValueError(f"run {self.run_id} was recorded with figures={drawn}: it has no {file}") from error
            listed = (info.path for info in self._client.list_artifacts(self.run_id, "plots"))
            known = ", ".join(sorted(Path(path).stem for path in listed if path.endswith(".png")))
            books = "diagram and barcode with a layer"
            raise ValueError(f"run {self.run_id} has no picture {file}: choose {known}, or {books}") from error

    def by_layer(self, control: str = "") -> pd.DataFrame:
        """Values of the run itself, or of a control: one row a layer in the order of depth, one column a metric."""
        return by_layer(self.tables.layers, control)

    @cached_property
    def layers(self) -> pd.DataFrame:
        """The tidy table of the run itself, columns :data:`todacomm.results.table.COLUMNS`.

        Layers are ordered by depth, with their ``stream`` beside them, in this table and in all others of an analysis;
        numbers of the whole run stand under layer ``run``, the last.
        """
        return of_layers(own_rows(self.tables.layers), self.layer_names)

    @cached_property
    def controls(self) -> pd.DataFrame:
        """The same table of the controls that were measured beside the run; ``control`` names them."""
        table = self.tables.layers
        return of_layers(table[table["control"] != ""], self.layer_names)

    @cached_property
    def nulls(self) -> pd.DataFrame:
        """The table of null models, columns :data:`todacomm.results.table.NULL_COLUMNS`."""
        return of_layers(self.tables.nulls, self.layer_names)

    @cached_property
    def loops(self) -> pd.DataFrame:
        """The longest H1 bars of every layer with their verdicts: :data:`todacomm.results.table.LOOP_COLUMNS`."""
        return of_layers(self.tables.loops, self.layer_names)

    @cached_property
    def associations(self) -> pd.DataFrame:
        """What loops and gaps go with, columns :data:`todacomm.results.table.ASSOCIATION_COLUMNS`."""
        return of_layers(self.tables.associations, self.layer_names)

    @property
    def run(self) -> dict[str, float]:
        """The numbers of the whole run by name."""
        return run_values(self.tables.layers)

    @cached_property
    def config(self) -> AnalysisConfig:
        """The settings as they were given."""
        return AnalysisConfig.from_flat(self.settings["options"])

    @property
    def text_ids(self) -> tuple[str, ...]:
        """Which text each row of a cloud is."""
        return self._texts[0]

    @property
    def texts(self) -> pd.DataFrame:
        """What each point read, in the order of the clouds' rows: :func:`todacomm.results.texts.text_table`."""
        return self._texts[1]

    @cached_property
    def loop_points(self) -> tuple[LoopPoints, ...]:
        """Which points make each bar of :attr:`loops`, in the same order."""
        return read_loop_points(self.artifact(LOOPS)) if len(self.tables.loops) else ()

    def loop(self, layer: str | int, rank: int = 1) -> Loop:
        """One of the longest H1 bars of a layer with the texts on it, in order, and the place of every text.

        Raises
        ------
        ValueError
            There is no such layer or bar.
        """
        return pick_loop(self.tables.loops, self.loop_points, self.texts, self._name(layer), rank)

    def diagrams(self, layer: str | int) -> list[np.ndarray]:
        """Persistence diagrams of a layer by degree, each of shape ``(bars, 2)`` with birth and death."""
        return read_layer(self.artifact(diagram_file(self._file(layer))))[0]

    def curves(self, layer: str | int) -> dict[str, np.ndarray]:
        """Betti and Euler curves over ``scale``, intrinsic dimension over ``id_scale``, ``eigenvalues``."""
        return read_layer(self.artifact(diagram_file(self._file(layer))))[1]

    def cloud(self, layer: str | int) -> np.ndarray:
        """Pooled activations of a layer, float32, shape ``(n_points, n_dims)``; row i is text ``text_ids[i]``.

        Raises
        ------
        ValueError
            The analysis was run with ``keep_clouds=false``, or of distances alone.
        """
        file = self._file(layer)
        if self.config.no_clouds:
            raise ValueError(f"run {self.run_id} has no clouds: {self.config.no_clouds}")
        return read_cloud(self.artifact(cloud_file(file)))

    @cached_property
    def clusters(self) -> tuple[str, ...] | None:
        """Which cluster each text is of, where half-samples are of clusters; None where they are of texts."""
        column = self.config.inference.cluster
        return clusters_of(self.texts, column) if column else None

    @property
    def n_units(self) -> int:
        """What half-samples are halves of: texts, or clusters of them, as many as count."""
        return round(effective_clusters(self.clusters)) if self.clusters else self.dataset.samples

    @cached_property
    def replicates(self) -> dict[str, np.ndarray]:
        """Layer -> its metrics on the half-samples, shape ``(replicates, metrics)``; empty without any."""
        return read_replicates(self.artifact(REPLICATES)) if self.config.has_intervals else {}

    def outline(self) -> Result:
        """The result without diagrams, curves, clouds and ids of texts: enough for tables and findings, at once."""
        layers = []
        for index, name, depth in self.settings["layers"]:
            own = tuple(warning for warning in self.warnings if warning.layer == name)
            layers.append(LayerResult(name, index, depth, [], {}, own))
        return Result(
            config=self.config,
            model=self.model,
            dataset=self.dataset,
            table=self.tables.layers,
            nulls=self.tables.nulls,
            loops=self.tables.loops,
            associations=self.tables.associations,
            layers=tuple(layers),
            clouds={},
            warnings=self.warnings,
            seconds=self.settings["seconds"],
        )

    def result(self) -> Result:
        """Everything that was recorded, as figures and reports read it."""
        outline, layers = self.outline(), []
        for layer in outline.layers:
            diagrams, curves = read_layer(self.artifact(diagram_file(layer.file)))
            layers.append(replace(layer, diagrams=diagrams, curves=curves))
        stored = self.layer_names if not self.config.no_clouds else ()
        return replace(
            outline,
            dataset=replace(self.dataset, ids=self.text_ids),
            layers=tuple(layers),
            clouds={name: self.cloud(name) for name in stored},
            texts=self.texts,
            replicates=self.replicates,
            loop_points=self.loop_points,
        )

    def explorer(self, height: int = 900) -> FramedPage:
        """The interactive page as a notebook shows it.

        Raises
        ------
        ValueError
            The run was recorded without one: ``todacomm explore RUN`` makes it from the stored clouds.
        """
        if self.config.topology.distances:
            raise ValueError(f"run {self.run_id} has no page: {self.config.no_clouds}")
        if not self.config.record.explorer:
            make = f"`todacomm explore {self.run_id}` makes one from the stored clouds"
            raise ValueError(f"run {self.run_id} was recorded without a page (explorer=false): {make}")
        return FramedPage(self.artifact("explorer.html").read_text(encoding="utf-8"), height)

    @property
    def artifact_uri(self) -> str:
        """Where the files of the run are."""
        return str(self._info.artifact_uri)

    def artifact(self, path: str) -> Path:
        """A file of the run on this machine: itself where the store is local, else a copy that lives as long as this
        object does.

        Raises
        ------
        ValueError
            It is not there.
        """
        local = local_path(self.artifact_uri)
        folder = local or self._cache
        file = folder / path
        problem: Exception | str = "it was deleted"
        if file.is_file():
            if file.resolve().is_relative_to(folder.resolve()):
                return file
            problem = "it is a link to a file elsewhere, which is not followed"
        if local is None:
            try:
                with quiet():
                    return Path(self._client.download_artifacts(self.run_id, path, str(self._cache)))
            except (MlflowException, OSError) as error:
                problem = error
        with store_errors(self._client.tracking_uri):
            experiment = self._client.get_experiment(self.experiment_id)
        check_artifacts(self._client.tracking_uri, experiment, writing=False)
        raise ValueError(f"run {self.run_id} has no {path} ({problem}): analyse again, or restore {self.artifact_uri}")

    @cached_property
    def _texts(self) -> tuple[tuple[str, ...], pd.DataFrame]:
        return read_texts(self.artifact(TEXTS))

    @cached_property
    def _cache(self) -> Path:
        return held_folder(self)

    def _name(self, layer: str | int) -> str:
        """A layer's name: 3 is ``layer_3``, or the fourth where none is called ``layer_`` and a number; -1 the last."""
        names = self.layer_names
        name = layer
        if isinstance(layer, Integral) and not isinstance(layer, bool):
            layer = int(layer)
            numbered = layer >= 0 and any(re.fullmatch(r"layer_\d+", known) for known in names)
            by_place = names[layer] if -len(names) <= layer < len(names) else ""
            name = f"layer_{layer}" if numbered else by_place
        if name not in names:
            raise ValueError(f"run {self.run_id} has no layer {layer!r}: choose {', '.join(names)}")
        return str(name)

    def _file(self, layer: str | int) -> str:
        name = self._name(layer)
        return layer_file(self.layer_names.index(name), name)


def _load(client: MlflowClient, run_id: str) -> "Analysis":
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise ValueError(f"the run {run_id} cannot be read: {error}") from error
        raise ValueError(f"no run {run_id!r} in this store: todacomm.search_analyses() lists the analyses") from error
    if (kind := run.data.tags.get(KIND)) != ANALYSIS:
        raise ValueError(f"run {run_id} is {f'a {kind}' if kind else 'not one of todacomm'}: expected an analysis")
    check_finished(client, run)
    return Analysis(client, run)
