"""The tidy table as curves over depth: the one way in which figures and reports look numbers up."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from todacomm.core.layer import DEGENERATE_SHARE, MIN_DISTINCT
from todacomm.core.streams import RESIDUAL, groups, kind_of, places
from todacomm.results.result import LayerResult, Result
from todacomm.results.table import RUN_LAYER

ROTATION = "rotation"
RANDOM_WEIGHTS = "random_weights"


@dataclass(frozen=True)
class Curve:
    """One number over depth: arrays of shape (n_layers,), nan where it is not defined."""

    value: np.ndarray
    lo: np.ndarray
    hi: np.ndarray

    @property
    def defined(self) -> bool:
        """Whether any layer has a value."""
        return bool(np.isfinite(self.value).any())


@dataclass(frozen=True)
class Depth:
    """The layers of a stream in order, with their numbers looked up by metric.

    Attributes
    ----------
    layers : tuple of LayerResult
        From the embedding on.
    positions : ndarray, shape (n_layers,)
        Their place on the axis of depth.
    streams : dict of Depth
        By kind, what is no part of this line over depth: what attention and MLPs add to the residual stream.
    """

    layers: tuple[LayerResult, ...]
    positions: np.ndarray
    _own: dict[str, pd.DataFrame]
    _control: dict[str, pd.DataFrame]
    _nulls: dict[str, dict[str, pd.DataFrame]]
    streams: "dict[str, Depth]" = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The layers' names."""
        return tuple(layer.name for layer in self.layers)

    @property
    def label(self) -> str:
        """What a legend calls the line: the model where it is all there is."""
        kind = kind_of(self.names[0])
        return "model" if kind == RESIDUAL and not self.streams else kind

    def curve(self, metric: str) -> Curve:
        """The run's own values with their intervals."""
        return self._curve(self._own, metric)

    def control(self, metric: str) -> Curve:
        """The same architecture with random weights; nan where it was not run."""
        return self._curve(self._control, metric)

    def null(self, metric: str, kind: str = ROTATION) -> Curve:
        """Mean and central 95 % of the draws of a null model."""
        return self._curve(self._nulls.get(kind, {}), metric, value="mean")

    def against(self, metric: str, column: str, kind: str = ROTATION) -> np.ndarray:
        """A column of the table of nulls, such as ``p_adjusted`` or ``difference``: shape (n_layers,)."""
        return self._column(self._nulls.get(kind, {}), column, metric)

    @property
    def sound(self) -> np.ndarray:
        """Layers whose cloud can be read: at least half of its points distinct, and four of them."""
        n_points, n_distinct = self.curve("n_points").value, self.curve("n_distinct").value
        return np.asarray((n_distinct >= MIN_DISTINCT) & (n_distinct >= DEGENERATE_SHARE * n_points))

    @property
    def unit(self) -> np.ndarray:
        """Distance by which scale-free numbers are divided, the median among distinct points: shape (n_layers,)."""
        return self.curve("unit_distance").value

    def _curve(self, tables: dict[str, pd.DataFrame], metric: str, value: str = "value") -> Curve:
        return Curve(*(self._column(tables, column, metric) for column in (value, "lo", "hi")))

    def _column(self, tables: dict[str, pd.DataFrame], column: str, metric: str) -> np.ndarray:
        wide = tables.get(column)
        if wide is None or metric not in wide:
            return np.full(len(self.names), np.nan)
        return wide[metric].to_numpy(dtype=float)


def read_depth(result: Result) -> Depth:
    """The numbers of a result by layer, read once: those of the residual stream, with the others as its ``streams``.

    Where no layer is of the residual stream, the first of the others is the main line.
    """
    place = places(layer.name for layer in result.layers)
    main, *others = (_read_stream(result, tuple(names), place) for names in groups(place).values())
    return replace(main, streams={kind_of(other.names[0]): other for other in others})


def _read_stream(result: Result, names: tuple[str, ...], place: dict[str, int]) -> Depth:
    table = result.table[result.table["layer"] != RUN_LAYER]
    own, control = table["control"] == "", table["control"] == RANDOM_WEIGHTS
    nulls = result.nulls
    return Depth(
        layers=tuple(layer for layer in result.layers if layer.name in names),
        positions=np.array([place[name] for name in names], dtype=float),
        _own=_wide(table[own], names, ("value", "lo", "hi")),
        _control=_wide(table[control], names, ("value", "lo", "hi")),
        _nulls={
            str(kind): _wide(rows, names, ("draws", "mean", "lo", "hi", "difference", "se", "p_adjusted", "family"))
            for kind, rows in nulls.groupby("null")
        },
    )


def spread(layers: tuple[LayerResult, ...], curve: str, most: int = 6) -> list[LayerResult]:
    """At most ``most`` layers that have ``curve``: the first, the last and some evenly between.

    >>> layers = tuple(LayerResult(f"layer_{i}", i, 0.0, [], {"euler": np.ones(3)}) for i in range(11))
    >>> [layer.index for layer in spread(layers, "euler", most=3)]
    [0, 5, 10]
    """
    able = [layer for layer in layers if np.isfinite(layer.curves.get(curve, np.empty(0))).any()]
    if len(able) <= most:
        return able
    return [able[i] for i in np.linspace(0, len(able) - 1, most).round().astype(int)]


def featured(depth: Depth) -> int | None:
    """Index of the layer whose longest loop stands out most: against the rotation null, or without one by its length.

    None where no layer can be read.
    """
    longest, null = depth.curve("h1_max_norm").value, depth.null("h1_max_norm").hi
    with np.errstate(divide="ignore", invalid="ignore"):
        standing = longest / null if np.isfinite(null).any() else longest
    standing = np.where(depth.sound, standing, np.nan)
    return int(np.nanargmax(standing)) if np.isfinite(standing).any() else None


def degrees(result: Result) -> tuple[int, ...]:
    """Homology degrees that were computed."""
    return tuple(range(result.config.topology.maxdim + 1))


def _wide(rows: pd.DataFrame, names: tuple[str, ...], columns: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """One frame a column, layers by metrics."""
    indexed = rows.set_index(["layer", "metric"])
    return {column: indexed[column].unstack("metric").reindex(list(names)) for column in columns if len(rows)}
