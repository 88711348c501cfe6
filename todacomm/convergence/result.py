"""A convergence in memory: tidy tables, and the way to look numbers up in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from todacomm.core.facts import RunWarning
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.settings.analysis import AnalysisConfig

COLUMNS = (
    "model", "revision", "weights", "dataset", "layer", "depth", "metric",
    "n", "pca", "repeats", "value", "sd", "lo", "hi",
)  # fmt: skip
"""``value`` is the mean over ``repeats`` random subsets of ``n`` points, or the value of all points; ``sd`` is that
from one sample of ``n`` texts to another; ``lo`` and ``hi`` are 1.96 of them away. ``pca`` is 0 where every dimension
is kept."""
RECOMMENDED_COLUMNS = (
    "model", "revision", "weights", "dataset", "layer", "depth", "metric", "value", "recommended_n", "last_doubling",
)  # fmt: skip
"""``value`` of all points; ``recommended_n`` as :func:`todacomm.core.convergence.recommended_size` has it;
``last_doubling``: by what share of its value the metric moved from half of the points (or somewhat less) to all."""


@dataclass(frozen=True)
class Convergence:
    """The metrics of some layers against the number of points and of principal components.

    Attributes
    ----------
    table, recommended : DataFrame
        With :data:`COLUMNS` and :data:`RECOMMENDED_COLUMNS`; layers are ordered by depth.
    layers : mapping
        Name of a layer -> its index among all that the model has.
    sizes : tuple of int
        Numbers of points, rising; the last is all of them.
    pca : int
        Principal components at which sizes are compared; 0 where every dimension is kept.
    """

    config: AnalysisConfig
    repeats: int
    model: ModelFacts
    dataset: TextFacts
    table: pd.DataFrame
    recommended: pd.DataFrame
    layers: Mapping[str, int]
    sizes: tuple[int, ...]
    pca: int
    warnings: tuple[RunWarning, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    def against_size(self, layer: str, metric: str) -> pd.DataFrame:
        """A layer's metric by the number of points."""
        return self._rows(layer, metric, "pca", self.pca).sort_values("n")

    def against_pca(self, layer: str, metric: str) -> pd.DataFrame:
        """A layer's metric by the principal components kept, every dimension last."""
        rows = self._rows(layer, metric, "n", self.sizes[-1])
        return rows.sort_values("pca", key=lambda pca: pca.where(pca > 0, np.inf))

    def recommended_size(self, layer: str, metric: str) -> float:
        """The smallest number of points from which the metric is settled; nan where none is."""
        return self._recommended(layer, metric, "recommended_n")

    def last_doubling(self, layer: str, metric: str) -> float:
        """By what share of its value the metric moved from half of the points to all."""
        return self._recommended(layer, metric, "last_doubling")

    def _rows(self, layer: str, metric: str, column: str, value: int) -> pd.DataFrame:
        table = self.table
        return table[(table["layer"] == layer) & (table["metric"] == metric) & (table[column] == value)]

    def _recommended(self, layer: str, metric: str, column: str) -> float:
        at = (self.recommended["layer"] == layer) & (self.recommended["metric"] == metric)
        return float(self.recommended.loc[at, column].iloc[0])
