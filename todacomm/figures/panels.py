"""What figures are made of: panels, the axis of depth, curves with their bands, legends that meet no curve."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from todacomm.core.streams import RESIDUAL, block_of, kind_of
from todacomm.figures.style import BAND, CONTROL, MUTED, STREAMS, Look, shorten
from todacomm.results.depth import Curve, Depth
from todacomm.results.layer import LayerResult

DEGENERATE: dict[str, Any] = {"facecolor": "#f4f1ea", "edgecolor": "#d8d2c4", "hatch": "////", "linewidth": 0}


def panel(axes: Axes, title: str, xlabel: str, ylabel: str) -> Axes:
    """Title, labels and plain ticks; the room between title and axes is the legend's."""
    axes.set_title(title, y=1.0, pad=21)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.xaxis.set_major_formatter(plain_number)
    axes.yaxis.set_major_formatter(plain_number)
    axes.yaxis.set_major_locator(mpl.ticker.MaxNLocator(6, steps=(1, 2, 2.5, 5, 10)))
    return axes


def legend(axes: Axes, handles: Sequence[Any], labels: Sequence[str], columns: int = 4) -> None:
    """A legend above the axes, where no curve can run into it."""
    if handles:
        axes.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.0, 1.03), ncols=columns)


def nothing(axes: Axes, why: str) -> None:
    """An empty panel that says why it is empty."""
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=MUTED, fontsize=9)


def depth_axis(axes: Axes, depth: Depth) -> None:
    """Layers along x, with as many of their names as there is room for; those of degenerate clouds shaded."""
    every = np.concatenate([depth.positions, *(stream.positions for stream in depth.streams.values())])
    first, last = every.min(), every.max()
    axes.set_xlim(first - 0.5, last + 0.5)
    for place in depth.positions[~depth.sound]:
        axes.axvspan(place - 0.5, place + 0.5, zorder=0, **DEGENERATE)
    places, labels = depth_labels(depth)
    axes.set_xticks(places, labels)


def with_interval(axes: Axes, depth: Depth, curve: Curve, look: Look, **options: Any) -> Line2D:
    """A curve over depth with its interval."""
    band(axes, depth.positions, curve.lo, curve.hi, look.color)
    return line(axes, depth.positions, curve.value, look, **options)


def null_band(axes: Axes, depth: Depth, metric: str) -> Line2D:
    """The central 95 % of a metric's rotation null as a band, with its mean as a dotted line."""
    null = depth.null(metric)
    band(axes, depth.positions, null.lo, null.hi, BAND, alpha=0.75)
    (mean,) = axes.plot(depth.positions, null.value, color=MUTED, linestyle=(0, (1, 1.4)), linewidth=1.0)
    return mean


def random_line(axes: Axes, depth: Depth, metric: str) -> tuple[Line2D, str]:
    """A metric of the same architecture with random weights, and what a legend calls it."""
    drawn = line(axes, depth.positions, depth.control(metric).value, CONTROL, linewidth=1.0, markerfacecolor="white")
    return drawn, "random" if depth.streams else "random weights"


def with_control(axes: Axes, depth: Depth, metric: str, look: Look) -> None:
    """A metric over depth with its interval, beside the same architecture with random weights."""
    curve, control = depth.curve(metric), depth.control(metric)
    if not curve.defined:
        nothing(axes, "not defined in any layer")
        return
    drawn = [(with_interval(axes, depth, curve, look), depth.label)]
    drawn += [random_line(axes, depth, metric)] if control.defined else []
    handles, labels = zip(*drawn, strict=True)
    added = with_streams(axes, depth, metric)
    depth_axis(axes, depth)
    fit_curves(axes, [curve, control, *(stream.curve(metric) for stream in depth.streams.values())])
    mark_undefined(axes, depth, [curve])
    legend(axes, [*handles, *added.values()], [*labels, *added])


def with_streams(axes: Axes, depth: Depth, metric: str) -> dict[str, Line2D]:
    """A metric of what attention and MLPs add, one line each: handles by name for the legend."""
    return {
        kind: with_interval(axes, stream, stream.curve(metric), STREAMS[kind], linewidth=1.2)
        for kind, stream in depth.streams.items()
        if stream.curve(metric).defined
    }


def line(axes: Axes, x: np.ndarray, y: np.ndarray, look: Look, **options: Any) -> Line2D:
    """One curve."""
    if len(x) > 16:
        options = {"markersize": 3.2, **options}
    (drawn,) = axes.plot(x, y, color=look.color, marker=look.marker, linestyle=look.dash, **options)
    return drawn


def band(axes: Axes, x: np.ndarray, lo: np.ndarray, hi: np.ndarray, color: Any, alpha: float = 0.18) -> None:
    """An interval around a curve; a single layer gets a bar."""
    ok = np.isfinite(lo) & np.isfinite(hi)
    if not ok.any():
        return
    axes.fill_between(x, lo, hi, color=color, alpha=alpha, linewidth=0)
    alone = ok & ~np.append(ok[1:], False) & ~np.insert(ok[:-1], 0, False)
    axes.vlines(x[alone], lo[alone], hi[alone], color=color, alpha=min(1.0, 2 * alpha), linewidth=5)


def swatch(color: Any, alpha: float = 1.0) -> Patch:
    """A legend's handle for a band."""
    return Patch(facecolor=color, alpha=alpha, linewidth=0)


def mark_undefined(axes: Axes, depth: Depth, curves: Iterable[Curve]) -> None:
    """A cross on the axis under every layer in which none of the curves is defined."""
    missing = ~np.any([np.isfinite(curve.value) for curve in curves], axis=0)
    if missing.any():
        axes.plot(
            depth.positions[missing], np.full(missing.sum(), 0.03), transform=axes.get_xaxis_transform(),
            marker="x", linestyle="", color=MUTED, markersize=5, clip_on=False, zorder=4,
        )  # fmt: skip


def fit_curves(axes: Axes, curves: Iterable[Curve], from_zero: bool = True) -> None:
    """A y axis for the curves: an interval much wider than they are may leave the panel, they may not."""
    values = np.concatenate([curve.value[np.isfinite(curve.value)] for curve in curves])
    if not len(values):
        return
    low, high = float(values.min()), float(values.max())
    room = 1.5 * max(high - low, 0.5 * max(abs(low), abs(high)))
    limits = axes.get_ylim()
    bottom = 0.0 if from_zero and low >= 0 else max(limits[0], low - room)
    axes.set_ylim(
        bottom, min(max(limits[1], high + 0.05 * (high - bottom)), high + room) if high > bottom else limits[1]
    )


def log_if_wide(axes: Axes, curves: Iterable[Curve], ratio: float = 20.0) -> None:
    """A logarithmic y axis where all values are positive and span more than ``ratio``, else one that fits them."""
    curves = list(curves)
    values = np.concatenate([curve.value[np.isfinite(curve.value)] for curve in curves])
    if len(values) and values.min() > 0 and values.max() > ratio * values.min():
        bottom, top = axes.dataLim.intervaly
        room = max(float(values.max() / values.min()) ** 0.08, 1.1)
        bottom = max(bottom, values.min() / room**3) if bottom > 0 else values.min() / room**3
        top = min(top, values.max() * room**3)  # bands that are much wider than the curves may leave the panel
        axes.set_ylim(min(bottom, values.min() / room), max(top, values.max() * room))
        log_axis(axes, "y")
    else:
        fit_curves(axes, curves)


def log_axis(axes: Axes, which: Literal["x", "y"]) -> None:
    """A logarithmic axis with few, plain labels."""
    axes.set(**{f"{which}scale": "log"})
    low, high = sorted(axes.get_xlim() if which == "x" else axes.get_ylim())
    decades = np.log10(high / low)
    subs = (1.0, 2.0, 5.0) if decades < 2.2 else (1.0, 3.0) if decades < 3.5 else (1.0,)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(mpl.ticker.LogLocator(subs=subs, numticks=9))
    axis.set_minor_locator(mpl.ticker.NullLocator())
    axis.set_major_formatter(plain_number)


def depth_labels(depth: Depth, most: int = 12) -> tuple[list[float], list[str]]:
    """Places and short names of the layers to label: both ends, and round numbers between."""
    places = list(depth.positions)
    gap = (places[-1] - places[0]) / most
    step = next(s for s in (1, 2, 4, 5, 10, 20, 50, 100, 200, 500, 1000) if s >= gap)
    chosen = [0]
    for i in range(1, len(places) - 1):
        number = block_of(depth.names[i]).rpartition("_")[2]
        fits = int(number) % step == 0 if number.isdigit() else len(places) <= 6
        if fits and places[i] - places[chosen[-1]] >= step and places[-1] - places[i] >= step:
            chosen.append(i)
    if len(places) > 1:
        chosen.append(len(places) - 1)
    return [places[i] for i in chosen], [short_layer(depth.names[i]) for i in chosen]


def layer_names(layers: Iterable[LayerResult]) -> list[str]:
    """Names for a legend of layers."""
    kinds = [(layer.name, kind_of(layer.name)) for layer in layers]
    return [shorten(name if kind == RESIDUAL else f"{short_layer(name)} {kind}", 12) for name, kind in kinds]


def short_layer(name: str) -> str:
    """A layer's name on an axis.

    >>> short_layer("embedding"), short_layer("layer_11"), short_layer("final")
    ('emb', '11', 'final')
    """
    return "emb" if name == "embedding" else shorten(block_of(name).removeprefix("layer_"), 8)


def plain_number(value: float, _position: float | None = None) -> str:
    """A tick's label, short and without an offset.

    >>> plain_number(0.25), plain_number(20000), plain_number(1e-7), plain_number(-0.5)
    ('0.25', '2e4', '1e-7', '−0.5')
    """
    text = f"{value:.10g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.3g}"
    return text.replace("e+0", "e").replace("e-0", "e-").replace("e+", "e").replace("-", "−", 1 if value < 0 else 0)
