"""Many analyses in one panel: marks with intervals, curves over relative depth, differences from a control."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from todacomm.comparison.overview import COMPARED, RANKED
from todacomm.comparison.result import Comparison
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.figures.panels import band, fit_curves, nothing, panel
from todacomm.figures.style import DEGREES, INK, MUTED, OTHERS, Look, shorten, titled
from todacomm.results.depth import Curve
from todacomm.results.table import RUN_LAYER, records

_PALETTE = (*DEGREES[:2], *OTHERS, Look(INK, "X"))
RUN_LABELS = {"expansion_ratio_norm": "Scale-free expansion ratio"}


def looks(found: Comparison) -> dict[str, Look]:
    """A look for every analysis: colour and marker by model (or data set), dashes for random weights."""
    runs = found.gathered.runs
    keys = runs["dataset"] if found.over == "datasets" else runs["model"] + "@" + runs["revision"]
    number = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    chosen = {}
    for label, key, weights in zip(runs["label"], keys, runs["weights"], strict=True):
        base = _PALETTE[number[key] % len(_PALETTE)]
        turn = number[key] // len(_PALETTE)
        dash = (0, (3, 2)) if weights == "random" else ("-", (0, (6, 1.5, 1.5, 1.5)), (0, (1, 1)))[turn % 3]
        chosen[label] = Look(base.color, base.marker, dash)
    return chosen


def draw_ranking(found: Comparison, title: str) -> Figure:
    """One panel a metric, one row an analysis, the same order in all of them."""
    marks, labels = looks(found), found.labels
    table = found.tables["ranking"]
    figure = titled(title, subtitle(found), 14.6, 2.0 + 2 * (0.9 + 0.24 * len(labels)))
    grid = figure.subplots(2, 4, sharey=True)
    figure.subplots_adjust(left=_left(labels), right=0.99, bottom=0.1, top=1 - 1.1 / figure.get_figheight(),
                           wspace=0.08, hspace=0.75 / (0.5 + 0.12 * len(labels)))  # fmt: skip
    for axes, metric in zip(grid.flat, RANKED, strict=False):
        panel(axes, "", "", "")
        axes.set_title(shorten(name_of(metric), 40), pad=6)
        for row in records(table[table["metric"] == metric]):
            _mark(axes, row, len(labels) - 1 - labels.index(row["label"]), marks[row["label"]])
        axes.set_yticks(range(len(labels)), [shorten(label, 30) for label in reversed(labels)])
        axes.set_ylim(-0.6, len(labels) - 0.4)
        axes.margins(x=0.12)
    for axes in grid.flat[len(RANKED) :]:
        axes.set_axis_off()
    return figure


def draw_depth(found: Comparison, title: str) -> Figure:
    """One panel a metric, one curve an analysis."""
    marks = looks(found)
    table = found.tables["depth_curves"]
    figure, panels = _six(found, title, marks)
    for axes, metric in zip(panels, COMPARED, strict=True):
        panel(axes, shorten(name_of(metric), 46), "relative depth", unit_of(metric))
        along = table["layer"].map(lambda layer: layer != RUN_LAYER and kind_of(layer) == RESIDUAL)
        rows = table[(table["metric"] == metric) & along]
        _curves(axes, ((label, rows[rows["label"] == label]) for label in found.labels), marks)
    return figure


def draw_controls(found: Comparison, title: str) -> Figure:
    """Trained less random weights over depth: one panel a metric, one curve a model."""
    marks = looks(found)
    table = found.tables["controls"].assign(value=found.tables["controls"]["difference"])
    shown = {label: marks[label] for label in dict.fromkeys(table["label_a"])}
    figure, panels = _six(found, title, shown)
    for axes, metric in zip(panels, COMPARED, strict=True):
        panel(axes, shorten(name_of(metric), 46), "relative depth", f"difference, {unit_of(metric)}")
        rows = table[table["metric"] == metric]
        axes.axhline(0.0, color=MUTED, linewidth=1.0, zorder=1)
        _curves(axes, ((label, rows[rows["label_a"] == label]) for label in shown), marks, from_zero=False)
    return figure


def subtitle(found: Comparison) -> str:
    """What is compared, in one line."""
    runs = found.gathered.runs
    fixed = runs["dataset"] if found.over == "models" else runs["model"]
    names = ", ".join(dict.fromkeys(fixed))
    points = ", ".join(str(n) for n in dict.fromkeys(runs["points"]))
    return f"{len(runs)} analyses · {shorten(names, 60)} · {points} points"


def name_of(metric: str) -> str:
    """A metric's label, also of those of the whole run."""
    return LAYER_METRICS[metric].label if metric in LAYER_METRICS else RUN_LABELS.get(metric, metric)


def unit_of(metric: str) -> str:
    """What stands on the axis of a metric."""
    units = LAYER_METRICS[metric].units
    return "ratio" if units == "-" else units


def _six(found: Comparison, title: str, marks: dict[str, Look]) -> tuple[Figure, Iterable[Axes]]:
    """A sheet of six panels with one legend for all of them."""
    figure = titled(title, subtitle(found), 14.6, 8.2)
    panels = figure.subplots(2, 3)
    columns = min(4, max(1, len(marks)))
    lines = -(-len(marks) // columns)
    figure.subplots_adjust(left=0.05, right=0.99, bottom=0.07, top=0.86 - 0.026 * lines, wspace=0.2, hspace=0.42)
    handles = [_handle(look) for look in marks.values()]
    figure.legend(handles, [shorten(label, 40) for label in marks], loc="upper left", bbox_to_anchor=(0.045, 0.93),
                  ncols=columns)  # fmt: skip
    for axes in panels.flat:
        axes.set_xlim(-0.02, 1.02)
    return figure, panels.flat


def _curves(
    axes: Axes, tables: Iterable[tuple[str, pd.DataFrame]], marks: dict[str, Look], from_zero: bool = True
) -> None:
    drawn = []
    for label, rows in tables:
        rows = rows.sort_values("depth")
        x, curve = rows["depth"].to_numpy(), Curve(*(rows[c].to_numpy(dtype=float) for c in ("value", "lo", "hi")))
        if curve.defined:
            look = marks[label]
            band(axes, x, curve.lo, curve.hi, look.color, alpha=0.12)
            axes.plot(x, curve.value, **_line(look), markersize=3.6 if len(x) > 16 else 4.4)
            drawn.append(curve)
    if drawn:
        fit_curves(axes, drawn, from_zero)
    else:
        nothing(axes, "not defined in any analysis")


def _mark(axes: Axes, row: dict[str, Any], place: int, look: Look) -> None:
    if np.isfinite(row["lo"]):
        axes.hlines(place, row["lo"], row["hi"], color=look.color, linewidth=1.6, alpha=0.7)
    axes.plot(row["value"], place, **_line(look) | {"linestyle": ""}, markersize=6)


def _line(look: Look) -> dict[str, Any]:
    """How a look is drawn: open marks where the line is dashed."""
    face = look.color if look.dash != (0, (3, 2)) else "white"
    return {"color": look.color, "marker": look.marker, "linestyle": look.dash, "markerfacecolor": face}


def _handle(look: Look) -> Line2D:
    return Line2D([], [], **_line(look))


def _left(labels: list[str]) -> float:
    """Room for the labels on the left, as a share of the width."""
    return 0.02 + 0.0055 * max(len(shorten(label, 30)) for label in labels)
