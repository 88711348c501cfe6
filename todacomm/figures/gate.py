"""The differences of a gate over depth, beside their margins."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.figures.panels import nothing, panel
from todacomm.figures.style import BAND, BLUE, MUTED, ORANGE, VERMILION, drawing, save, shorten, titled
from todacomm.gates.result import Gate, metric_label

NAMES = ("gate",)
TITLE = "Differences beside their margins"
READING = (
    "One panel a metric, layers along x. The band is the margin, bars are intervals that hold together. Circles: same, "
    "the interval lies within the margin. Squares: different, it lies outside; at the top edge, without an interval, "
    "where the texts of one alone lie on a point. Triangles: not enough texts."
)
LOOKS = {"same": (BLUE, "o"), "different": (VERMILION, "s"), "undecided": (ORANGE, "^")}
"""Colour and marker of a verdict."""
_COLUMNS, _MOST_LABELS = 4, 12


def draw_gate(result: Gate, folder: Path) -> dict[str, Path]:
    """The figure as PNG and SVG under ``folder/plots``, by path."""
    with drawing():
        return save(gate_figure(result), folder, NAMES[0])


def gate_figure(result: Gate) -> Figure:
    """A panel a metric and measure."""
    metrics = list(dict.fromkeys(result.table["metric"]))
    lines = math.ceil(len(metrics) / _COLUMNS)
    note = "circle: same     square: different     triangle: not enough texts"
    line = f"{' and '.join(shorten(name, 40) for name in result.names)} · {result.n_texts} texts"
    height = 1.0 + 3.1 * lines
    figure = titled(TITLE, line, 14.6, height, note)
    grid = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.85 / height, top=1 - 1.05 / height, wspace=0.24, hspace=0.75)
    for axes in grid[len(metrics) :]:
        axes.set_axis_off()
    for axes, metric in zip(grid, metrics, strict=False):
        draw_metric(axes, result.table[result.table["metric"] == metric], metric)
    return figure


def draw_metric(axes: Axes, rows: pd.DataFrame, metric: str) -> None:
    """One metric over the layers."""
    relative = bool(rows["relative"].iloc[0])
    scale = 100.0 if relative else 1.0
    panel(axes, metric_label(metric), "", "difference in %" if relative else "difference")
    x = np.arange(len(rows))
    if (rows["verdict"] == "undefined").all():
        nothing(axes, "not defined in any layer")
        return
    margin = scale * rows["margin"].to_numpy()
    low = np.zeros(len(rows)) if (rows["aspect"] == "places").all() else -margin
    axes.fill_between(x, low, margin, color=BAND, alpha=0.6, linewidth=0, step="mid")
    axes.axhline(0.0, color=MUTED, linewidth=0.8)
    top = axes.get_xaxis_transform()
    for verdict, (color, marker) in LOOKS.items():
        own = (rows["verdict"] == verdict).to_numpy()
        value, lo, hi = (scale * rows[name].to_numpy()[own] for name in ("difference", "lo", "hi"))
        axes.vlines(x[own], lo, hi, color=color, linewidth=2)
        axes.plot(x[own], value, color=color, marker=marker, linestyle="")
        edge = x[own][np.isnan(value)]
        axes.plot(edge, np.full(len(edge), 0.97), marker, color=color, transform=top)
    every = math.ceil(len(rows) / _MOST_LABELS)
    axes.set_xticks(x[::every], [shorten(name, 12) for name in rows["layer"].iloc[::every]], rotation=45, ha="right")
