"""Metrics and their differences over relative depth: curves, or bands of colour where curves would be too many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from todacomm.comparison.findings import trained_pairs
from todacomm.comparison.matching import along_residual
from todacomm.comparison.metrics import compared_metrics, units_of
from todacomm.comparison.result import Comparison
from todacomm.core.inference.adjustment import LEVEL
from todacomm.figures.comparison.looks import OPEN, distinct_looks, looks, panel_rows, subtitle, title_of
from todacomm.figures.panels import band, fit_curves, nothing, plain_number
from todacomm.figures.style import BAND, FAINT, MUTED, Look, shorten, titled
from todacomm.results.depth import Curve

WIDTH = 14.6
MOST_CURVES = {"values": 16, "differences": 6}
MOST_ROWS = 45
"""Rows of colour in a panel at most."""
_COLUMNS = 3


@dataclass(frozen=True)
class Line:
    """One curve or row over depth; ``stands`` says which of its points differ from 0."""

    rows: pd.DataFrame
    look: Look
    stands: np.ndarray | None = None


def draw_depth(comparison: Comparison, title: str) -> Figure:
    """One panel a metric, one curve an analysis."""
    marks = looks(comparison)
    table = along_residual(comparison.tables["depth_curves"])
    by_metric = {}
    for metric in compared_metrics():
        rows = table[table["metric"] == metric]
        by_metric[metric] = [Line(rows[rows["label"] == label], marks[label]) for label in comparison.labels]
    return _draw(comparison, title, by_metric, {shorten(label, 44): look for label, look in marks.items()}, "values")


def draw_controls(comparison: Comparison, title: str) -> Figure:
    """Trained less random weights over depth: one panel a metric, one curve a model."""
    table = comparison.tables["controls"]
    marks = looks(comparison)
    return _differences(comparison, title, table, {(a, b): (shorten(a, 44), marks[a]) for a, b in _pairs(table)})


def draw_differences(comparison: Comparison, title: str) -> Figure:
    """Paired differences of trained models over depth: one panel a metric, one curve a pair."""
    table = trained_pairs(comparison)
    pairs = _pairs(table)
    named = [f"{shorten(a, 24)} − {shorten(b, 24)}" for a, b in pairs]
    looks_of = dict(zip(pairs, zip(named, distinct_looks(len(pairs)), strict=True), strict=True))
    return _differences(comparison, title, table, looks_of)


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(dict.fromkeys(zip(table["label_a"], table["label_b"], strict=True)))


def _differences(
    comparison: Comparison, title: str, table: pd.DataFrame, pairs: Mapping[tuple[str, str], tuple[str, Look]]
) -> Figure:
    table = table.assign(value=table["difference"], lo=table["lo_family"], hi=table["hi_family"])
    by_metric = {}
    for metric in compared_metrics():
        lines = []
        for (a, b), (_, look) in pairs.items():
            own = (table["label_a"] == a) & (table["label_b"] == b) & (table["metric"] == metric)
            rows = table[own].sort_values("depth")
            lines.append(Line(rows, look, (rows["p_adjusted"] <= LEVEL).to_numpy()))
        by_metric[metric] = lines
    return _draw(comparison, title, by_metric, dict(pairs.values()), "differences")


def _draw(
    comparison: Comparison, title: str, by_metric: Mapping[str, Sequence[Line]], marks: Mapping[str, Look], kind: str
) -> Figure:
    """A sheet of panels, one a metric, with one legend for all of them."""
    few = len(marks) <= MOST_CURVES[kind]
    shown = min(len(marks), MOST_ROWS)
    n_rows = -(-len(by_metric) // _COLUMNS)
    legend_lines = -(-len(marks) // 4) if few else 0
    top = 0.95 + 0.2 * legend_lines + (0.0 if few else 0.1)
    tall = 2.6 if few else 0.55 + 0.2 * shown
    names = list(marks)
    left = 0.75 if few else 0.3 + 0.06 * max(map(len, names))
    height = top + n_rows * tall + (n_rows - 1) * 0.95 + 0.55
    note = _note(kind, few, len(marks), shown)
    figure = titled(title, subtitle(comparison), WIDTH, height, note)
    gap = 0.78 if few else 0.95
    for row in panel_rows(figure, len(by_metric), _COLUMNS, (left, 0.15 if few else 0.7, 0.55, top), (gap, 0.95)):
        for axes in row:
            axes.set_xlim(-0.02, 1.02)
            axes.set_xlabel("relative depth")
            axes.xaxis.set_major_formatter(plain_number)
    for place, (axes, (metric, lines)) in enumerate(zip(list(figure.axes), by_metric.items(), strict=True)):
        axes.set_title(title_of(metric, 48), pad=6)
        if few:
            words = ["difference"] * (kind == "differences") + [units_of(metric)]
            axes.set_ylabel(", ".join(filter(None, words)))
            axes.yaxis.set_major_formatter(plain_number)
            _curves(axes, lines, kind)
        else:
            _rows(figure, axes, lines[:shown], kind, names[:shown] if place % _COLUMNS == 0 else [])
            if kind == "differences":
                _detectable(axes, lines)
    if few:
        handles = [_handle(look) for look in marks.values()]
        figure.legend(handles, names, loc="upper left", bbox_to_anchor=(0.6 / WIDTH, 1 - 0.62 / height), ncols=4)
    return figure


def _note(kind: str, few: bool, n: int, shown: int) -> str:
    """How marks are meant."""
    cut = f"the first {shown} of {n}" if shown < n and not few else ""
    if kind == "values":
        return cut if not few else "bands: 95 % intervals"
    meaning = f"filled: p ≤ {LEVEL}, adjusted     bands hold together" if few else f"pale: p > {LEVEL}, adjusted"
    return f"{cut}     {meaning}".strip()


def _curves(axes: Axes, lines: Sequence[Line], kind: str) -> None:
    drawn = []
    if kind == "differences":
        axes.axhline(0.0, color=MUTED, linewidth=1.0, zorder=1)
        _detectable(axes, lines)
    for line in lines:
        rows = line.rows.sort_values("depth")
        x, curve = rows["depth"].to_numpy(), Curve(*(rows[c].to_numpy(dtype=float) for c in ("value", "lo", "hi")))
        if not curve.defined:
            continue
        band(axes, x, curve.lo, curve.hi, line.look.color, alpha=0.12)
        size = 3.6 if len(x) > 16 else 4.6
        filled = np.full(len(x), line.look.dash != OPEN) if line.stands is None else line.stands
        axes.plot(x, curve.value, color=line.look.color, linestyle=line.look.dash)
        for face, chosen in ((line.look.color, filled), ("white", ~filled)):
            axes.plot(x[chosen], curve.value[chosen], color=line.look.color, marker=line.look.marker, linestyle="",
                      markerfacecolor=face, markersize=size)  # fmt: skip
        drawn.append(curve)
    if drawn:
        fit_curves(axes, drawn, from_zero=kind == "values")
        if kind == "differences":
            _with_intervals(axes, drawn)
    else:
        nothing(axes, "not defined in any analysis")


def _with_intervals(axes: Axes, curves: Sequence[Curve]) -> None:
    """Zero and all intervals within the panel, with some room: whether one reaches zero is what is looked for."""
    ends = np.concatenate([[0.0], *(each for curve in curves for each in (curve.value, curve.lo, curve.hi))])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = 0.08 * (high - low)
    axes.set_ylim(low - room, high + room)


def _detectable(axes: Axes, lines: Sequence[Line]) -> None:
    """The smallest detectable difference: around one curve layer by layer, of several their median as a number."""
    small = pd.concat([line.rows["smallest_difference"] for line in lines])
    if small.isna().all():
        return
    if len(lines) == 1:
        x, half = (lines[0].rows[column].to_numpy() for column in ("depth", "smallest_difference"))
        band(axes, x, -half, half, BAND, alpha=0.45)
    about = "about " if len(lines) > 1 else ""
    axes.set_xlabel(f"relative depth     smallest detectable difference: {about}{small.median():.2g}")


def _rows(figure: Figure, axes: Axes, lines: Sequence[Line], kind: str, names: Sequence[str]) -> None:
    """One row of colour a line, its layers from left to right over depth; pale where nothing stands."""
    axes.grid(False)
    axes.set_facecolor(FAINT)
    values = np.concatenate([line.rows["value"].to_numpy(dtype=float) for line in lines])
    values = values[np.isfinite(values)]
    axes.set_yticks(range(len(lines)), names or [""] * len(lines), fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set_xlim(0.0, 1.0)
    if not len(values):
        nothing(axes, "not defined in any analysis")
        return
    low, high = np.quantile(values, [0.01, 0.99])
    if kind == "differences":
        high = float(np.quantile(np.abs(values), 0.98)) or 1.0
        low = -high
    image = None
    for place, line in enumerate(lines):
        rows = line.rows.sort_values("depth")
        x, value = rows["depth"].to_numpy(), rows["value"].to_numpy(dtype=float)
        if not len(x):
            continue
        edges = np.concatenate([[max(0.0, x[0] - 0.05)], (x[1:] + x[:-1]) / 2, [1.0]]) if len(x) > 1 else [0.0, 1.0]
        pale: Any = np.ones(len(x)) if line.stands is None else np.where(line.stands, 1.0, 0.22)
        image = axes.pcolormesh(
            edges, [place - 0.46, place + 0.46], value[None, :], alpha=pale.reshape(1, -1), vmin=low, vmax=high,
            cmap="RdBu_r" if kind == "differences" else "viridis", shading="flat", linewidth=0, rasterized=True,
        )  # fmt: skip
    if image is not None:
        box = axes.get_position()
        bar = figure.add_axes((box.x1 + 0.006, box.y0, 0.007, box.height))
        scale = mpl.cm.ScalarMappable(image.norm, image.cmap)  # a row's own image is as pale as the row
        figure.colorbar(scale, cax=bar, format=plain_number)
        bar.tick_params(labelsize=7)


def _handle(look: Look) -> Line2D:
    face = "white" if look.dash == OPEN else look.color
    return Line2D([], [], color=look.color, marker=look.marker, linestyle=look.dash, markerfacecolor=face)
