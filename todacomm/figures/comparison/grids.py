"""Similarity of layers by layers: one panel for each of a few pairs, one picture of all layers for many models."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from todacomm.comparison.differences import by_pair
from todacomm.comparison.matching import residual_depths
from todacomm.comparison.result import Comparison
from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.similarity import SIMILARITIES
from todacomm.figures.comparison.looks import panel_rows, subtitle
from todacomm.figures.panels import plain_number, short_layer
from todacomm.figures.style import FAINT, INK, shorten, titled

FEW_PAIRS = 3
"""Pairs up to which each has a panel of its own."""
_SIDE = 9.6
"""Inches of the picture of all layers."""


def draw_similarity(comparison: Comparison, title: str, measure: str) -> Figure:
    """Layers by layers of every two models."""
    table = comparison.tables["similarity"]
    table = table[table["measure"] == measure]
    pairs = list(dict.fromkeys(zip(table["label_a"], table["label_b"], strict=True)))
    draw = partial(_panels, pairs=pairs) if len(pairs) <= FEW_PAIRS else _all_layers
    return draw(comparison, title, measure, table)


def _panels(
    comparison: Comparison, title: str, measure: str, table: pd.DataFrame, pairs: list[tuple[str, str]]
) -> Figure:
    width, height = 1.9 + 3.9 * len(pairs), 4.9
    figure = titled(title, subtitle(comparison), max(width, 7.0), height)
    margins = (0.8, max(width, 7.0) - width + 1.0, 0.65, 0.85)
    (row,) = panel_rows(figure, len(pairs), len(pairs), margins, (0.85, 0.0))
    image = None
    for axes, (a, b) in zip(row, pairs, strict=True):
        matrix = _matrix(table, a, b)
        image = _show(axes, matrix.to_numpy(), measure, table)
        _mark_chance(axes, _matrix(table, a, b, "p_adjusted").to_numpy())
        _layer_axis(axes, "x", list(matrix.columns), b)
        _layer_axis(axes, "y", list(matrix.index), a)
    _bar(figure, image, row[-1])
    return figure


def _all_layers(comparison: Comparison, title: str, measure: str, table: pd.DataFrame) -> Figure:
    """Every layer of every model in the order of depth, lines between models; none is compared with itself."""
    layers = {label: list(residual_depths(comparison.gathered.analyses[label])) for label in comparison.labels}
    known = set(table["label_a"]) | set(table["label_b"])
    layers = {label: names for label, names in layers.items() if label in known}
    starts = dict(zip(layers, np.cumsum([0, *map(len, layers.values())]), strict=False))
    total = sum(map(len, layers.values()))
    matrix, adjusted = np.full((2, total, total), np.nan)
    for (a, b), rows in by_pair(table):
        for whole, column in ((matrix, "value"), (adjusted, "p_adjusted")):
            block = _matrix(rows, a, b, column).to_numpy()
            i, j = slice(starts[a], starts[a] + block.shape[0]), slice(starts[b], starts[b] + block.shape[1])
            whole[i, j], whole[j, i] = block, block.T
    names = [shorten(label, 30) for label in layers]
    left = 0.3 + 0.068 * max(map(len, names))
    width, height = left + _SIDE + 1.1, _SIDE + 1.5
    figure = titled(
        title, subtitle(comparison), width, height, "rows and columns: the layers of each model in the order of depth"
    )
    axes = figure.add_axes((left / width, 0.5 / height, _SIDE / width, _SIDE / height))
    image = _show(axes, matrix, measure, table)
    _mark_chance(axes, adjusted)
    edges = [start - 0.5 for start in list(starts.values())[1:]]
    for edge in edges:
        axes.axhline(edge, color="white", linewidth=1.2)
        axes.axvline(edge, color="white", linewidth=1.2)
    centres = [starts[label] + (len(own) - 1) / 2 for label, own in layers.items()]
    size = 8.5 if len(layers) <= 16 else 6
    axes.set_yticks(centres, [f"{name}  {i}" for i, name in enumerate(names, start=1)], fontsize=size)
    axes.set_xticks(centres, [str(i) for i in range(1, len(names) + 1)], fontsize=size)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.invert_yaxis()
    _bar(figure, image, axes)
    return figure


def _matrix(table: pd.DataFrame, a: str, b: str, column: str = "value") -> pd.DataFrame:
    """A grid of layers of two models, both in the order of depth."""
    rows = table[(table["label_a"] == a) & (table["label_b"] == b)]
    matrix = rows.pivot(index="layer_a", columns="layer_b", values=column)
    return matrix.reindex(index=list(dict.fromkeys(rows["layer_a"])), columns=list(dict.fromkeys(rows["layer_b"])))


def _show(axes: Axes, matrix: np.ndarray, measure: str, table: pd.DataFrame) -> AxesImage:
    """A grid in colours that are the same in every panel: bright is alike."""
    low, high = SIMILARITIES[measure].range
    if not np.isfinite([low, high]).all():
        low, high = float(table["value"].min()), float(table["value"].max())
    colours = "viridis" if SIMILARITIES[measure].alike > 0 else "viridis_r"
    axes.set_facecolor(FAINT)
    axes.grid(False)
    return axes.imshow(
        matrix, vmin=low, vmax=high, cmap=colours, origin="lower", aspect="auto", interpolation="nearest"
    )


def _mark_chance(axes: Axes, adjusted: np.ndarray) -> None:
    """A cross on every cell that is no more alike than texts paired at random."""
    rows, columns = np.nonzero(adjusted > LEVEL)
    size = min(60.0, 9000.0 / max(adjusted.shape) ** 2)
    for color, width in (("white", 0.45), (INK, 0.2)):  # seen on the darkest cell and on the brightest
        axes.scatter(columns, rows, marker="x", s=size, linewidths=width * size**0.5, color=color)


def _bar(figure: Figure, image: AxesImage | None, beside: Axes) -> None:
    if image is None:
        return
    box = beside.get_position()
    width = figure.get_figwidth()
    bar = figure.add_axes((box.x1 + 0.18 / width, box.y0, 0.16 / width, box.height))
    figure.colorbar(image, cax=bar, format=plain_number)
    bar.tick_params(labelsize=8)


def _layer_axis(axes: Axes, which: str, layers: list[str], label: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    step = max(1, -(-len(layers) // 10))
    places = [*range(0, len(layers) - step, step), len(layers) - 1]
    axis.set_ticks(places, [short_layer(layers[i]) for i in places], fontsize=8)
    axis.set_label_text(shorten(label, 40), fontsize=9)
