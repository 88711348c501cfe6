"""One finished analysis in memory: what the pipeline hands to figures, reports and the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from todacomm.core.facts import RunWarning
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.settings.analysis import AnalysisConfig


class Provenance(Protocol):
    """What says where numbers come from: settings, facts of the model and of the texts, seconds by stage."""

    @property
    def config(self) -> AnalysisConfig: ...
    @property
    def model(self) -> ModelFacts: ...
    @property
    def texts(self) -> TextFacts: ...
    @property
    def seconds(self) -> dict[str, float]: ...


@dataclass(frozen=True)
class LayerResult:
    """A layer's shape beyond its numbers.

    Attributes
    ----------
    diagrams : list of ndarray, shape (bars, 2)
        Birth and death by degree; degree 0 is reduced, every bar finite.
    curves : dict of ndarray
        ``scale`` with ``betti_0``, ``betti_1``, ``euler``; ``id_scale`` with ``id_dimension``; ``eigenvalues``.
        Bands end in ``_lo`` and ``_hi``. Beside them ``landscape_0``, ``image_0`` ... on grids that all runs share,
        see :func:`todacomm.core.vectors.recorded_vectors`.
    """

    name: str
    index: int
    depth: float
    diagrams: list[np.ndarray]
    curves: dict[str, np.ndarray]
    warnings: tuple[RunWarning, ...] = ()


@dataclass(frozen=True)
class Result:
    """One model on one set of texts.

    Attributes
    ----------
    table, nulls : DataFrame
        The tidy tables of :mod:`todacomm.results.table`.
    clouds : dict of ndarray, shape (n_points, n_dims)
        Pooled activations by layer, float32.
    text_table : DataFrame
        What each point read, in the order of the clouds' rows: :func:`todacomm.results.texts.text_table`.
    replicates : mapping of ndarray, shape (replicates, len(INTERVAL_METRICS))
        Layer -> its metrics on the half-samples, the same half-samples in every run of as many texts and the same seed.
    warnings : tuple of RunWarning
        Every warning of the run and of its layers.
    seconds : dict of float
        Wall-clock time by stage.
    """

    config: AnalysisConfig
    model: ModelFacts
    texts: TextFacts
    table: pd.DataFrame
    nulls: pd.DataFrame
    layers: tuple[LayerResult, ...]
    clouds: dict[str, np.ndarray]
    text_table: pd.DataFrame = field(default_factory=pd.DataFrame)
    replicates: Mapping[str, np.ndarray] = field(default_factory=dict)
    warnings: tuple[RunWarning, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
