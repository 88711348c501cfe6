"""What an explorer page shows: arrays and plain values, the typed boundary between an analysis and its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from todacomm.explorer.layer_data import Array, ExplorerLayer


@dataclass(frozen=True)
class Metric:
    """How a number of a layer is named on the strip over depth; ``units`` is ``-`` for none."""

    name: str
    label: str
    units: str = "-"


@dataclass(frozen=True)
class ExplorerData:
    """One analysis: what the page of a run shows.

    Attributes
    ----------
    facts : mapping of str
        What stands under the title: label -> value (model, data set, points, pooling ...).
    texts : DataFrame
        What each point read, in the order of the rows of every layer: :func:`todacomm.results.texts.text_table`.
    metrics : sequence of Metric
        Choices for the strip over depth; the first two are shown first.
    layers : sequence of ExplorerLayer
        In the order of depth.
    warnings : sequence of str
        Of the whole run.

    Raises
    ------
    ValueError
        No layer, or a layer with another number of rows than there are texts.
    """

    title: str
    facts: Mapping[str, str]
    texts: pd.DataFrame
    metrics: Sequence[Metric]
    layers: Sequence[ExplorerLayer]
    warnings: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_rows(self.texts, self.layers)


@dataclass(frozen=True)
class ModelSide:
    """One of the models that are compared.

    Attributes
    ----------
    training : str
        The training that it is a checkpoint of; empty: none. A slider goes through the checkpoints of one.
    step : float
        Training step.
    """

    name: str
    layers: Sequence[ExplorerLayer]
    training: str = ""
    step: float = float("nan")


@dataclass(frozen=True)
class SimilarityMap:
    """A similarity, or a distance, of every layer of one model with every layer of another.

    Attributes
    ----------
    name, label : str
        One name is one measure, for all pairs of models.
    values : ndarray, shape (n_left_layers, n_right_layers)
        nan where it is not defined.
    left, right : int
        Places of the two models among the sides.
    higher_is_alike : bool
        False for a distance.
    chance, p : ndarray, the same shape, or None
        The mean with rows paired at random, and the adjusted p of being closer than that; nan where not measured.
    """

    name: str
    label: str
    values: Array
    left: int = 0
    right: int = 1
    higher_is_alike: bool = True
    chance: Array | None = None
    p: Array | None = None


@dataclass(frozen=True)
class ComparisonData:
    """Two models or more on the same texts; the page shows two of them at a time.

    Raises
    ------
    ValueError
        Under two models, layers without as many rows as texts, or a map of another shape than the layers make.
    """

    title: str
    facts: Mapping[str, str]
    texts: pd.DataFrame
    sides: Sequence[ModelSide]
    similarities: Sequence[SimilarityMap] = ()
    warnings: Sequence[str] = ()

    def __post_init__(self) -> None:
        if len(self.sides) < 2:
            raise ValueError(f"{len(self.sides)} models: expected two at least")
        for side in self.sides:
            check_rows(self.texts, side.layers)
        for one in self.similarities:
            left, right = self.sides[one.left], self.sides[one.right]
            expected = (len(left.layers), len(right.layers))
            for table in (one.values, one.chance, one.p):
                if table is not None and table.shape != expected:
                    raise ValueError(
                        f"{one.name} has the shape {table.shape}, expected {expected}: one row for each layer of "
                        f"{left.name}, one column for each of {right.name}"
                    )


def check_rows(texts: pd.DataFrame, layers: Sequence[ExplorerLayer]) -> None:
    """Hold layers against the texts behind their rows.

    Raises
    ------
    ValueError
        No layer, or one with another number of rows than there are texts.
    """
    if not layers:
        raise ValueError("no layer: give at least one")
    for layer in layers:
        if len(layer.scores) != len(texts):
            raise ValueError(f"{layer.name} has {len(layer.scores)} rows, expected one for each of {len(texts)} texts")
