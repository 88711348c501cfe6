"""The tidy table as curves over depth: the one way in which figures, findings and reports look numbers up."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import pandas as pd

from todacomm.core.layer import DEGENERATE_SHARE, MIN_DISTINCT
from todacomm.core.loops.verdict import VERDICTS
from todacomm.core.nulls import RANDOM_WEIGHTS, ROTATION
from todacomm.core.streams import RESIDUAL, groups, kind_of, places
from todacomm.results.layer import LayerResult
from todacomm.results.table import RUN_LAYER, own_rows


class Tables(Protocol):
    """What numbers over depth are read from."""

    @property
    def table(self) -> pd.DataFrame: ...
    @property
    def nulls(self) -> pd.DataFrame: ...
    @property
    def loops(self) -> pd.DataFrame: ...
    @property
    def layers(self) -> tuple[LayerResult, ...]: ...


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

    @property
    def half_width(self) -> np.ndarray:
        """Half of the width of the interval: shape (n_layers,), nan without one."""
        return np.asarray((self.hi - self.lo) / 2)


@dataclass(frozen=True)
class Depth:
    """The layers of a stream in order, with their numbers looked up by metric.

    Attributes
    ----------
    layers : tuple of LayerResult
        From the embedding on.
    positions : ndarray, shape (n_layers,)
        Their place on the axis of depth.
    verdicts : tuple of str
        What may be claimed of each layer's H1 bars, the strongest claim of any of them; empty where it is not known.
    streams : dict of Depth
        By kind, what is no part of this line over depth: what attention and MLPs add to the residual stream.
    """

    layers: tuple[LayerResult, ...]
    positions: np.ndarray
    verdicts: tuple[str, ...]
    _own: dict[str, pd.DataFrame]
    _control: dict[str, pd.DataFrame]
    _nulls: dict[str, dict[str, pd.DataFrame]]
    streams: "dict[str, Depth]" = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The layers' names."""
        return tuple(layer.name for layer in self.layers)

    @property
    def kind(self) -> str:
        """``residual``, ``attention`` or ``ffn``."""
        return kind_of(self.names[0])

    @property
    def label(self) -> str:
        """What a legend calls the line: the model where it is all there is."""
        return "model" if self.kind == RESIDUAL and not self.streams else self.kind

    def curve(self, metric: str) -> Curve:
        """The run's own values with their intervals."""
        return self._curve(self._own, metric)

    def control(self, metric: str) -> Curve:
        """The same architecture with random weights; nan where it was not run."""
        return self._curve(self._control, metric)

    def null(self, metric: str) -> Curve:
        """Mean and central 95 % of the draws of the rotation null."""
        return self._curve(self._nulls.get(ROTATION, {}), metric, value="mean")

    def against(self, metric: str, column: str, kind: str = ROTATION) -> np.ndarray:
        """A column of the table of nulls, such as ``p_adjusted`` or ``difference``: shape (n_layers,)."""
        return self._column(self._nulls.get(kind, {}), column, metric)

    @cached_property
    def sound(self) -> np.ndarray:
        """Layers whose cloud can be interpreted: at least half of its points distinct, and four of them."""
        n_points, n_distinct = self.curve("n_points").value, self.curve("n_distinct").value
        return np.asarray((n_distinct >= MIN_DISTINCT) & (n_distinct >= DEGENERATE_SHARE * n_points))

    @cached_property
    def unit(self) -> np.ndarray:
        """Distance by which scale-free numbers are divided, the median among distinct points: shape (n_layers,)."""
        return self.curve("unit_distance").value

    def all(self) -> "tuple[Depth, ...]":
        """This line and those of the other streams."""
        return (self, *self.streams.values())

    def _curve(self, tables: dict[str, pd.DataFrame], metric: str, value: str = "value") -> Curve:
        return Curve(*(self._column(tables, column, metric) for column in (value, "lo", "hi")))

    def _column(self, tables: dict[str, pd.DataFrame], column: str, metric: str) -> np.ndarray:
        wide = tables.get(column)
        if wide is None or metric not in wide:
            return np.full(len(self.names), np.nan)
        return wide[metric].to_numpy(dtype=float)


def read_depth(result: Tables) -> Depth:
    """The numbers of a result by layer: those of the residual stream, with the others as its ``streams``.

    Where no layer is of the residual stream, the first of the others is the main line. A :class:`Result` has it as
    ``result.depth``, read once.
    """
    place = places(layer.name for layer in result.layers)
    rows = result.table[result.table["layer"] != RUN_LAYER]
    own = _wide(own_rows(rows), ("value", "lo", "hi"))
    control = _wide(rows[rows["control"] == RANDOM_WEIGHTS], ("value", "lo", "hi"))
    columns = ("draws", "mean", "sd", "lo", "hi", "difference", "se", "p", "p_adjusted", "family")
    nulls = {str(kind): _wide(drawn, columns) for kind, drawn in result.nulls.groupby("null")}
    verdicts = _verdicts(result.loops)

    def read(names: list[str]) -> Depth:
        return Depth(
            layers=tuple(layer for layer in result.layers if layer.name in names),
            positions=np.array([place[name] for name in names], dtype=float),
            verdicts=tuple(verdicts.get(name, "") for name in names),
            _own=_of_layers(own, names),
            _control=_of_layers(control, names),
            _nulls={kind: _of_layers(tables, names) for kind, tables in nulls.items()},
        )

    main, *others = map(read, groups(place).values())
    return replace(main, streams={other.kind: other for other in others})


def spread(layers: Iterable[LayerResult], curve: str, most: int = 6) -> list[LayerResult]:
    """At most ``most`` layers that have ``curve``: the first, the last and some evenly between.

    >>> layers = tuple(LayerResult(f"layer_{i}", i, 0.0, [], {"euler": np.ones(3)}) for i in range(11))
    >>> [layer.index for layer in spread(layers, "euler", most=3)]
    [0, 5, 10]
    """
    able = [layer for layer in layers if np.isfinite(layer.curves.get(curve, np.empty(0))).any()]
    if len(able) <= most:
        return able
    return [able[i] for i in np.linspace(0, len(able) - 1, most).round().astype(int)]


def _wide(rows: pd.DataFrame, columns: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """One frame a column, layers by metrics."""
    indexed = rows.set_index(["layer", "metric"])
    return {column: indexed[column].unstack("metric") for column in columns if len(rows)}


def _of_layers(tables: dict[str, pd.DataFrame], names: list[str]) -> dict[str, pd.DataFrame]:
    return {column: wide.reindex(names) for column, wide in tables.items()}


def _verdicts(loops: pd.DataFrame) -> dict[str, str]:
    """The strongest claim of any bar by layer."""
    rank = {verdict: place for place, verdict in enumerate(VERDICTS)}
    by_layer = loops.groupby("layer", sort=False)["verdict"]
    return {str(layer): min(own, key=lambda verdict: rank.get(verdict, len(rank))) for layer, own in by_layer}
