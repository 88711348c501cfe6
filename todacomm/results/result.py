"""One finished analysis in memory: what the job hands to figures, reports and the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from todacomm.core.clouds import principal_components, standardize
from todacomm.core.facts import RunWarning
from todacomm.core.loops.whole_run import LoopPoints
from todacomm.results.depth import Depth, read_depth
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.layer import LayerResult
from todacomm.results.table import ASSOCIATION_COLUMNS, LOOP_COLUMNS, run_values, tidy
from todacomm.settings.analysis import AnalysisConfig


class Provenance(Protocol):
    """What says where numbers come from: settings, facts of the model and of the texts, seconds by stage."""

    @property
    def config(self) -> AnalysisConfig: ...
    @property
    def model(self) -> ModelFacts: ...
    @property
    def dataset(self) -> TextFacts: ...
    @property
    def seconds(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class Result:
    """One model on one set of texts.

    Attributes
    ----------
    table, nulls, loops, associations : DataFrame
        The tidy tables of :mod:`todacomm.results.table`.
    loop_points : tuple of LoopPoints
        Which points make each bar of ``loops``, in the same order.
    clouds : dict of ndarray, shape (n_points, n_dims)
        Pooled activations by layer, float32.
    texts : DataFrame
        What each point read, in the order of the clouds' rows: :func:`todacomm.results.texts.text_table`; without
        words where they are not to be stored.
    replicates : mapping of ndarray, shape (replicates, len(INTERVAL_METRICS))
        Layer -> its metrics on the half-samples, the same half-samples in every run of as many texts and the same seed.
    warnings : tuple of RunWarning
        Every warning of the run and of its layers.
    seconds : dict of float
        Wall-clock time by stage.
    """

    config: AnalysisConfig
    model: ModelFacts
    dataset: TextFacts
    table: pd.DataFrame
    nulls: pd.DataFrame
    layers: tuple[LayerResult, ...]
    clouds: dict[str, np.ndarray]
    texts: pd.DataFrame = field(default_factory=pd.DataFrame)
    replicates: Mapping[str, np.ndarray] = field(default_factory=dict)
    loops: pd.DataFrame = field(default_factory=lambda: tidy([], LOOP_COLUMNS))
    loop_points: tuple[LoopPoints, ...] = ()
    associations: pd.DataFrame = field(default_factory=lambda: tidy([], ASSOCIATION_COLUMNS))
    warnings: tuple[RunWarning, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def depth(self) -> Depth:
        """The numbers by layer, in the order of depth."""
        return read_depth(self)

    @cached_property
    def run_values(self) -> dict[str, float]:
        """The numbers of the whole run by name."""
        return run_values(self.table)

    def scores(self, layer: str) -> np.ndarray:
        """The space in which a layer's distances are taken: shape (n_points, n_kept), float64, centred."""
        cloud, topology = self.clouds[layer].astype(np.float64), self.config.topology
        return principal_components(standardize(cloud) if topology.standardize else cloud, topology.pca).scores

    @property
    def degrees(self) -> tuple[int, ...]:
        """Homology degrees that were computed."""
        return tuple(range(self.config.topology.maxdim + 1))
