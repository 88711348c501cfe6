"""Metrics against the number of points and of principal components."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.convergence.result import Convergence
from todacomm.core.metrics import LAYER_METRICS
from todacomm.figures.panels import band, fit_curves, legend, line, log_axis, nothing, panel
from todacomm.figures.style import Look, drawing, ordered_looks, save, sheet, shorten
from todacomm.results.depth import Curve

NAME = "convergence"
TITLE = "How many points are enough"
READING = (
    "Top: mean over random subsets of the texts; the band is where another sample of that size would fall, a ring the "
    "smallest size from which the metric is settled, where there is one. Bottom: all points, with more and more "
    "principal components; a curve that is flat from some number on does not depend on the choice."
)
SHOWN = ("h0_total_norm", "h1_total_norm", "h1_max_norm", "twonn_dimension")


def draw_convergence(result: Convergence, folder: Path) -> dict[str, Path]:
    """The figure as PNG and SVG under ``folder/plots``, by path."""
    with drawing():
        return save(convergence_figure(result), folder, NAME)


def convergence_figure(result: Convergence) -> Figure:
    """Four scale-free metrics of a few layers: against points above, against principal components below."""
    note = f"{result.repeats} subsets a size     bands: 95 % of samples     ring: settled from here on"
    figure = sheet(result, TITLE, 14.6, 7.6, note)
    grid = figure.subplots(2, len(SHOWN))
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.07, top=0.84, wspace=0.24, hspace=0.5)
    looks = dict(zip(result.layers, ordered_looks(len(result.layers)), strict=True))
    for (above, below), metric in zip(grid.T, SHOWN, strict=True):
        label = LAYER_METRICS[metric].label
        panel(above, shorten(label, 40), "points", _unit(metric))
        draw_sizes(above, result, metric, looks)
        panel(below, shorten(label, 40), "principal components", _unit(metric))
        draw_components(below, result, metric, looks)
    return figure


def draw_sizes(axes: Axes, result: Convergence, metric: str, looks: dict[str, Look]) -> None:
    """One curve a layer over the sizes, a ring where it is settled."""
    rows = {layer: result.against_size(layer, metric) for layer in looks}
    _draw(axes, {layer: (table["n"].to_numpy(), table) for layer, table in rows.items()}, looks)
    for layer, table in rows.items():
        settled = table[table["n"] == result.recommended_size(layer, metric)]
        axes.plot(
            settled["n"], settled["value"], marker="o", linestyle="", markersize=12, markerfacecolor="none",
            markeredgecolor=looks[layer].color, markeredgewidth=1.4,
        )  # fmt: skip
    if len(result.sizes) > 1 and axes.lines:
        log_axis(axes, "x")
        axes.set_xticks(labelled(result.sizes))


def labelled(sizes: Sequence[int], spacing: float = 1.6) -> list[int]:
    """Sizes with room for a label on a logarithmic axis: the ends, and others ``spacing`` times from their neighbours.

    >>> labelled([50, 75, 100, 150, 200, 300, 400, 500])
    [50, 100, 200, 500]
    """
    chosen = [sizes[0]]
    for size in sizes[1:-1]:
        if spacing * chosen[-1] <= size and spacing * size <= sizes[-1]:
            chosen.append(size)
    return [*chosen, sizes[-1]]


def draw_components(axes: Axes, result: Convergence, metric: str, looks: dict[str, Look]) -> None:
    """One curve a layer over the numbers of components, evenly spaced."""
    rows = {layer: result.against_pca(layer, metric) for layer in looks}
    labels = ["all" if pca == 0 else f"{pca:.0f}" for pca in next(iter(rows.values()))["pca"]]
    _draw(axes, {layer: (np.arange(len(table)), table) for layer, table in rows.items()}, looks)
    if axes.lines:
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlim(-0.3, len(labels) - 0.7)


def _draw(axes: Axes, curves: dict[str, tuple[np.ndarray, pd.DataFrame]], looks: dict[str, Look]) -> None:
    drawn = []
    for layer, (x, table) in curves.items():
        curve = Curve(*(table[column].to_numpy() for column in ("value", "lo", "hi")))
        if curve.defined:
            band(axes, x, curve.lo, curve.hi, looks[layer].color)
            drawn.append((line(axes, x, curve.value, looks[layer]), shorten(layer, 14), curve))
    if not drawn:
        nothing(axes, "not defined in any of the layers")
        return
    handles, names, shown = zip(*drawn, strict=True)
    fit_curves(axes, shown)
    legend(axes, handles, names)


def _unit(metric: str) -> str:
    units = LAYER_METRICS[metric].units
    return "ratio" if units == "-" else units
