"""Persistence by layer: one column a degree, raw numbers above scale-free ones."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.figures.panels import (
    depth_axis,
    legend,
    log_if_wide,
    mark_undefined,
    nothing,
    null_band,
    panel,
    swatch,
    with_interval,
)
from todacomm.figures.style import DEGREES, Look, sheet
from todacomm.results.depth import Depth
from todacomm.results.result import Result

NOTE = "grey: rotation null     bands: 95 %     ×: not defined     hatched: degenerate"
NAMES = ("pieces", "holes", "voids")


def draw_layer_persistence(result: Result, title: str) -> Figure:
    """Total and longest lifetimes, the same with scale divided out, and the entropy, for every degree."""
    depth = result.depth
    columns = result.degrees
    width = max(1.2 + 4.7 * len(columns), 8.5)
    figure = sheet(result, title, width, 9.2, NOTE)
    grid = figure.subplots(3, len(columns), squeeze=False)
    figure.subplots_adjust(left=0.78 / width, right=1 - 0.2 / width, bottom=0.06, top=0.875, wspace=0.25, hspace=0.62)
    for axes, degree in zip(grid.T, columns, strict=True):
        raw = {f"h{degree}_total_persistence": "total", f"h{degree}_max_lifetime": "longest"}
        norm = {f"h{degree}_total_norm": _total(degree), f"h{degree}_max_norm": "longest"}
        entropy = {f"h{degree}_entropy": "entropy"}
        head = f"H{degree} ({NAMES[degree]})"
        _draw(axes[0], depth, raw, f"{head}: lifetimes", "distance", DEGREES[degree])
        _draw(axes[1], depth, norm, f"{head}: scale-free", "in median distances", DEGREES[degree])
        _draw(axes[2], depth, entropy, f"{head}: evenness of the lifetimes", "entropy (0..1)", DEGREES[degree])
        if depth.curve(f"h{degree}_entropy").defined:
            axes[2].set(yscale="linear", ylim=(0, 1.05))
    return figure


def _total(degree: int) -> str:
    return "mean" if degree == 0 else "total / points"


def _draw(axes: Axes, depth: Depth, names: dict[str, str], title: str, ylabel: str, look: Look) -> None:
    panel(axes, title, "layer", ylabel)
    curves = {metric: curve for metric in names if (curve := depth.curve(metric)).defined}
    if not curves:
        nothing(axes, "not defined in any layer")
        return
    second = Look(look.color, "x", (0, (1, 1)))
    handles, labels = [], []
    for metric, mark in zip(names, (look, second), strict=False):
        if metric not in curves:
            continue
        null_band(axes, depth, metric)
        drawn = with_interval(axes, depth, curves[metric], mark)
        handles.append((swatch(look.color, 0.18), drawn))
        labels.append(names[metric])
    depth_axis(axes, depth)
    log_if_wide(axes, curves.values())
    mark_undefined(axes, depth, curves.values())
    legend(axes, handles, labels)
