"""Betti curves: how many pieces, holes and voids there are at every scale."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from todacomm.figures.panels import DEGENERATE, band, depth_labels, layer_names, legend, line, nothing, panel
from todacomm.figures.style import MUTED, ordered_looks, sheet
from todacomm.results.depth import Depth, spread
from todacomm.results.layer import LayerResult
from todacomm.results.result import Result

SCALE_LABEL = "scale / median distance"
COUNTED = ("pieces less one", "holes", "voids")
SHOWN = 4
"""Layers whose curves are drawn."""
GRID = 220
"""Scales at which the map of all layers is drawn."""
TAIL = 0.004
"""Share of all counts on either side that the axis of scales leaves out above degree 0."""


def draw_betti_curves(result: Result, title: str) -> Figure:
    """Some layers' curves with their bands on the left, every layer as a row of a map on the right."""
    depth, rows = result.depth, result.degrees
    height = 0.9 + 3.35 * len(rows)
    figure = sheet(result, title, 12.6, height, "bands: 95 %     hatched: under half of the points distinct")
    grid = figure.add_gridspec(
        len(rows), 2, width_ratios=(1.0, 0.92), left=0.06, right=0.965, bottom=0.5 / height, top=1 - 1.22 / height,
        wspace=0.17, hspace=1.15 / 2.2,
    )  # fmt: skip
    layers = scaled(depth)
    for row, degree in enumerate(rows):
        curve = f"betti_{degree}"
        right = panel(figure.add_subplot(grid[row, 1]), f"Betti {degree}, every layer", SCALE_LABEL, "layer")
        ends = _ends(layers, curve, degree)
        if ends is None:
            left = panel(figure.add_subplot(grid[row, 0]), f"Betti {degree}, some layers", SCALE_LABEL, COUNTED[degree])
            for axes in (left, right):
                nothing(axes, f"no bar of degree {degree} in any layer")
            continue
        if degree == 0:
            _together(figure.add_subplot(grid[row, 0]), layers, ends)
        else:
            _one_below_another(figure, grid[row, 0], layers, degree, ends)
        _color_bar(figure, right, _map(right, layers, curve, ends, depth))
    return figure


def scaled(depth: Depth) -> tuple[LayerResult, ...]:
    """Layers that can be interpreted and have curves, their scales in units of the layer's median distance."""
    return tuple(
        replace(layer, curves={**layer.curves, "scale": layer.curves["scale"] / unit})
        for layer, unit, sound in zip(depth.layers, depth.unit, depth.sound, strict=True)
        if sound and "scale" in layer.curves and np.isfinite(unit) and unit > 0
    )


def _together(axes: Axes, layers: tuple[LayerResult, ...], ends: tuple[float, float]) -> None:
    """Curves of degree 0: they fall once, so that they can be laid over each other."""
    panel(axes, "Betti 0, some layers", SCALE_LABEL, f"{COUNTED[0]} (count)")
    chosen = spread(layers, "betti_0", most=SHOWN)
    drawn = []
    for order, (layer, look) in enumerate(zip(chosen, ordered_looks(len(chosen)), strict=True)):
        x, y, lo, hi = _read(layer, "betti_0")
        band(axes, x, lo, hi, look.color, alpha=0.13)
        marks = _marks(x / ends[1], y / max(float(np.nanmax(y)), 1.0), order / len(chosen))
        drawn.append(line(axes, x, y, look, markevery=marks, markersize=4.2))
    axes.set_xlim(*ends)
    axes.set_ylim(bottom=0)
    legend(axes, drawn, layer_names(chosen), columns=6)


def _one_below_another(
    figure: Figure, place: SubplotSpec, layers: tuple[LayerResult, ...], degree: int, ends: tuple[float, float]
) -> None:
    """Curves of higher degrees rise and fall many times: a row for each layer on the same axes, the last on top."""
    curve = f"betti_{degree}"
    chosen = spread(layers, curve, most=SHOWN)
    looks = ordered_looks(len(chosen))
    grid = place.subgridspec(len(chosen), 1, hspace=0.12)
    top = max(float(np.nanmax(layer.curves[curve])) for layer in chosen)
    names = layer_names(chosen)
    for row in range(len(chosen)):
        at = len(chosen) - 1 - row
        axes = figure.add_subplot(grid[row])
        x, y, lo, hi = _read(chosen[at], curve)
        panel(
            axes,
            f"Betti {degree}, some layers" if row == 0 else "",
            SCALE_LABEL if row == len(chosen) - 1 else "",
            f"{COUNTED[degree]} (count)" if row == len(chosen) // 2 else "",
        )
        band(axes, x, lo, hi, looks[at].color, alpha=0.2)
        axes.plot(x, y, color=looks[at].color, linewidth=1.2)
        axes.fill_between(x, 0, y, color=looks[at].color, alpha=0.35, linewidth=0)
        axes.set(xlim=ends, ylim=(0, 1.6 * top))
        axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        axes.tick_params(labelbottom=row == len(chosen) - 1)
        axes.text(
            0.012, 0.9, names[at], transform=axes.transAxes, fontsize=8.5, va="top", color=looks[at].color,
            fontweight="bold",
        )  # fmt: skip


def _read(layer: LayerResult, curve: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scale, counts and the ends of their interval."""
    x, y = layer.curves["scale"], layer.curves[curve]
    lo, hi = (layer.curves.get(f"{curve}_{end}", np.full(len(x), np.nan)) for end in ("lo", "hi"))
    return x, y, lo, hi


def _marks(x: np.ndarray, y: np.ndarray, shift: float, n_marks: int = 12) -> list[int]:
    """Indices of marks evenly along the curve's length, shifted so that those of neighbours do not coincide."""
    length = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(np.nan_to_num(y))))))
    at = length[-1] * (np.arange(n_marks) + shift) / n_marks
    return sorted({int(i) for i in np.searchsorted(length, at)})


def _map(axes: Axes, layers: tuple[LayerResult, ...], curve: str, ends: tuple[float, float], depth: Depth) -> AxesImage:
    """Counts of all layers that can be interpreted; they alone decide the scale of colours."""
    axes.grid(False)
    x = np.linspace(*ends, GRID)
    counts = np.full((len(depth.names), GRID), np.nan)
    for layer in layers:
        if curve in layer.curves:
            counts[depth.names.index(layer.name)] = np.interp(x, layer.curves["scale"], layer.curves[curve], right=0.0)
    norm = PowerNorm(0.5, vmin=0, vmax=max(float(np.nanmax(counts)), 1.0))
    image = axes.imshow(
        counts, aspect="auto", origin="lower", interpolation="nearest", cmap="Blues", norm=norm,
        extent=(*ends, -0.5, len(depth.names) - 0.5),
    )  # fmt: skip
    for row in np.flatnonzero(np.isnan(counts).all(axis=1)):
        axes.axhspan(row - 0.5, row + 0.5, **DEGENERATE)
    places, labels = depth_labels(depth)
    axes.set_yticks([int(np.flatnonzero(depth.positions == place)[0]) for place in places], labels)
    return image


def _color_bar(figure: Figure, axes: Axes, image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05, aspect=24)
    bar.ax.tick_params(labelsize=8, length=2)
    bar.ax.set_ylabel("count", fontsize=8, color=MUTED)
    bar.locator = MaxNLocator(6, integer=True)
    bar.update_ticks()
    bar.outline.set_visible(False)


def _ends(layers: tuple[LayerResult, ...], curve: str, degree: int) -> tuple[float, float] | None:
    """Scales between which the axis runs: from 0 in degree 0, else where all but a few of the counts are."""
    spans = []
    for layer in layers:
        counts = layer.curves.get(curve, np.empty(0))
        alive = np.flatnonzero(counts > 0)
        if len(alive):
            scale, share = layer.curves["scale"], np.cumsum(counts) / counts.sum()
            first = 0 if degree == 0 else int(np.searchsorted(share, TAIL))
            last = min(alive[-1] + 1, len(counts) - 1) if degree == 0 else int(np.searchsorted(share, 1 - TAIL))
            spans.append((0.0 if degree == 0 else scale[first], scale[min(last, len(scale) - 1)]))
    if not spans:
        return None
    low, high = float(np.min([low for low, _ in spans])), float(np.max([high for _, high in spans]))
    room = 0.03 * (high - low) or 0.03 * high or 1.0  # counts of a single scale still need an axis
    return (0.0 if degree == 0 else max(low - room, 0.0)), high + room
