"""Intrinsic dimension: over the scale of the neighbourhood, and over depth."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.figures.panels import band, layer_names, legend, line, log_axis, nothing, panel, with_control
from todacomm.figures.style import OTHERS, ordered_looks, sheet
from todacomm.results.depth import Depth, spread
from todacomm.results.result import Result


def draw_intrinsic_dimension(result: Result, title: str) -> Figure:
    """Some layers' dimension over scale, and the dimension at the smallest scale over depth."""
    depth = result.depth
    figure = sheet(result, title, 12.6, 4.7, "bands: 95 %     ×: not defined     hatched: degenerate")
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.06, right=0.985, bottom=0.115, top=0.74, wspace=0.17)
    _over_scale(left, depth)
    panel(right, "At the smallest scale, over depth", "layer", "TwoNN dimension")
    with_control(right, depth, "twonn_dimension", OTHERS[0])
    return figure


def _over_scale(axes: Axes, depth: Depth) -> None:
    panel(axes, "Over scale, some layers", "distance to neighbour 2k / median distance", "dimension")
    units = dict(zip(depth.names, depth.unit, strict=True))
    chosen = [layer for layer in spread(depth.layers, "id_dimension") if np.isfinite(units[layer.name])]
    if not chosen:
        nothing(axes, "not defined in any layer")
        return
    drawn = []
    for layer, look in zip(chosen, ordered_looks(len(chosen)), strict=True):
        x, y = layer.curves["id_scale"] / units[layer.name], layer.curves["id_dimension"]
        lo, hi = (layer.curves.get(f"id_dimension_{end}", np.full(len(x), np.nan)) for end in ("lo", "hi"))
        band(axes, x, lo, hi, look.color, alpha=0.13)
        drawn.append(line(axes, x, y, look, markersize=4.6))
    axes.set_ylim(bottom=0)
    log_axis(axes, "x")
    legend(axes, drawn, layer_names(chosen), columns=6)
