"""Six panels that tell a model's story at a glance."""

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.loops.verdict import FEW_TEXTS, LOOP, NO_LOOP
from todacomm.figures.panels import (
    band,
    depth_axis,
    fit_curves,
    legend,
    line,
    log_if_wide,
    mark_undefined,
    nothing,
    null_band,
    panel,
    random_line,
    swatch,
    with_interval,
    with_streams,
)
from todacomm.figures.style import BAND, DEGREES, OTHERS, STREAMS, Look, sheet
from todacomm.results.depth import Curve, Depth
from todacomm.results.result import Result

Fill = Literal["full", "left", "bottom"]
NOTE = "bands: 95 %     ×: not defined     hatched: under half of the points distinct"
OF_NULL = "filled: adjusted p ≤ .05"
OF_LOOPS = "filled H1: a loop, half-filled: few texts"


def draw_summary(result: Result, title: str) -> Figure:
    """Scale-free shape with its null and control on top; scale, raw persistence and health of the clouds below."""
    depth = result.depth
    rotated = depth.null("h0_total_norm").defined or depth.null("h1_max_norm").defined
    notes = [OF_NULL] if rotated else []
    notes += [OF_LOOPS] if judged_loops(depth) else []
    figure = sheet(result, title, 12.6, 7.2, "     ".join([*notes, NOTE]))
    grid = figure.subplots(
        2, 3, gridspec_kw={"left": 0.06, "right": 0.985, "bottom": 0.072, "top": 0.835, "wspace": 0.27, "hspace": 0.58}
    )
    unit = "median distances"
    judged(grid[0, 0], depth, "h0_total_norm", "H0: mean lifetime, scale-free", unit, DEGREES[0])
    judged(grid[0, 1], depth, "h1_max_norm", "H1: longest bar, scale-free", unit, DEGREES[1])
    dimensions(grid[0, 2], depth)
    _raw(grid[1, 0], depth)
    _scale(grid[1, 1], depth)
    _health(grid[1, 2], depth)
    return figure


def judged(axes: Axes, depth: Depth, metric: str, title: str, ylabel: str, look: Look) -> None:
    """A scale-free metric over depth between its rotation null and its random-weights control."""
    panel(axes, title, "layer", ylabel)
    curve, null, control = depth.curve(metric), depth.null(metric), depth.control(metric)
    if not curve.defined:
        nothing(axes, "not defined in any layer")
        return
    handles: list[Any] = []
    labels: list[str] = []
    if null.defined:
        handles.append((swatch(BAND, 0.75), null_band(axes, depth, metric)))
        labels.append("null" if depth.streams else "rotation null")
    if control.defined:
        handle, name = random_line(axes, depth, metric)
        handles.append(handle)
        labels.append(name)
    band_of_curve = [swatch(look.color, 0.18)] if np.isfinite(curve.lo).any() else []
    band(axes, depth.positions, curve.lo, curve.hi, look.color)
    handles.insert(0, (*band_of_curve, _marked(axes, depth, metric, look)))
    labels.insert(0, depth.label)
    added = {kind: stream for kind, stream in depth.streams.items() if stream.curve(metric).defined}
    handles += [_marked(axes, stream, metric, STREAMS[kind]) for kind, stream in added.items()]
    labels += added
    depth_axis(axes, depth)
    fit_curves(axes, [curve, null, control, *(stream.curve(metric) for stream in added.values())], from_zero=False)
    mark_undefined(axes, depth, [curve])
    legend(axes, handles, labels, columns=5)


def _marked(axes: Axes, depth: Depth, metric: str, look: Look) -> Line2D:
    """A curve, its marks filled where a claim stands.

    The claim is a difference from the rotation null; of the longest H1 bar, where that is on record, a loop, with half
    of the mark filled where a bar longer than the covariance explains rests on few texts.
    """
    curve, tested = depth.curve(metric), depth.null(metric).defined
    drawn = line(axes, depth.positions, curve.value, look, markerfacecolor="white" if tested else look.color)
    for mask, fill in _claims(depth, metric):
        # the left half of such a triangle is nearly nothing of it, or nearly all
        style: Fill = "bottom" if fill == "left" and look.marker in ("<", ">") else fill
        axes.plot(
            depth.positions[mask], curve.value[mask], color=look.color, marker=look.marker, linestyle="", zorder=5,
            markersize=5.5, fillstyle=style, markerfacecoloralt="white",
        )  # fmt: skip
    return drawn


def judged_loops(depth: Depth) -> bool:
    """Whether it is on record where a loop may be claimed."""
    return any(verdict in (LOOP, FEW_TEXTS, NO_LOOP) for verdict in depth.verdicts)


def _claims(depth: Depth, metric: str) -> list[tuple[np.ndarray, Fill]]:
    """Layers whose mark is filled, and those where half of it is."""
    verdicts = np.array(depth.verdicts)
    if metric == "h1_max_norm" and judged_loops(depth):
        return [(depth.sound & (verdicts == LOOP), "full"), (depth.sound & (verdicts == FEW_TEXTS), "left")]
    return [(depth.sound & (depth.against(metric, "p_adjusted") <= LEVEL), "full")]


def dimensions(axes: Axes, depth: Depth) -> None:
    """Three ways to count the dimensions of a cloud."""
    names = {"twonn_dimension": "TwoNN", "participation_ratio": "participation ratio", "effective_rank": "eff. rank"}
    _curves(axes, depth, names, "How many dimensions", "dimensions", OTHERS, log=True)


def _raw(axes: Axes, depth: Depth) -> None:
    names = {f"h{degree}_total_persistence": f"H{degree} total" for degree in range(len(DEGREES))}
    _curves(axes, depth, names, "Raw persistence: follows the scale", "total persistence (distance)", DEGREES, log=True)


def _scale(axes: Axes, depth: Depth) -> None:
    names = {"mean_norm": "mean norm", "median_distance": "median distance"}
    _curves(axes, depth, names, "Scale of the activations", "distance", OTHERS[1:], log=True, streams="mean_norm")


def _health(axes: Axes, depth: Depth) -> None:
    points, distinct = depth.curve("n_points").value, depth.curve("n_distinct").value
    share = distinct / points
    nan = np.full_like(share, np.nan)
    curves = {
        "distinct": Curve(share, nan, nan),
        "top token": depth.curve("top_token_fraction"),
        "top dim.": depth.curve("top_dim_variance"),
        "cosine": depth.curve("mean_cosine"),
    }
    looks = dict(zip(curves, OTHERS, strict=True))
    panel(axes, "Health of the clouds", "layer", "share; cosine")
    curves = {name: curve for name, curve in curves.items() if curve.defined}
    if not curves:
        nothing(axes, "not defined in any layer")
        return
    drawn = [with_interval(axes, depth, curves[name], looks[name]) for name in curves]
    low = min(np.nanmin(curve.value) for curve in curves.values())
    axes.set_ylim(min(-0.03, 1.1 * low), 1.05)
    depth_axis(axes, depth)
    legend(axes, drawn, list(curves))


def _curves(
    axes: Axes,
    depth: Depth,
    names: dict[str, str],
    title: str,
    ylabel: str,
    looks: tuple[Look, ...],
    log: bool,
    streams: str = "",
) -> None:
    """Several metrics of one unit over depth, each with its interval; ``streams`` is shown of what is added too."""
    panel(axes, title, "layer", ylabel)
    curves = {metric: depth.curve(metric) for metric in names}
    curves = {metric: curve for metric, curve in curves.items() if curve.defined}
    if not curves:
        nothing(axes, "not defined in any layer")
        return
    chosen = [looks[list(names).index(metric)] for metric in curves]
    drawn = [with_interval(axes, depth, curve, look) for curve, look in zip(curves.values(), chosen, strict=True)]
    added = with_streams(axes, depth, streams)
    depth_axis(axes, depth)
    if log:
        log_if_wide(axes, [*curves.values(), *(stream.curve(streams) for stream in depth.streams.values())])
    mark_undefined(axes, depth, curves.values())
    legend(axes, [*drawn, *added.values()], [*(names[metric] for metric in curves), *added], columns=4 if added else 3)
