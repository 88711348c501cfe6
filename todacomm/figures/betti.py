"""Betti curves: how many pieces and loops there are at every scale."""

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from todacomm.figures.panels import band, depth_labels, layer_names, legend, line, nothing, panel
from todacomm.figures.style import MUTED, ordered_looks, sheet
from todacomm.results.depth import Depth, degrees, spread
from todacomm.results.result import LayerResult, Result

SCALE_LABEL = "scale / median distance"
COUNTED = ("pieces less one", "loops", "voids")
GRID = 160
"""Scales at which the map of all layers is drawn."""


def draw_betti_curves(result: Result, depth: Depth, title: str) -> Figure:
    """Some layers' curves with their bands on the left, every layer as a row of a map on the right."""
    rows = degrees(result)
    height = 0.9 + 3.35 * len(rows)
    figure = sheet(result, title, 12.6, height, "bands: 95 %")
    grid = figure.subplots(len(rows), 2, squeeze=False, gridspec_kw={"width_ratios": (1.0, 0.92)})
    figure.subplots_adjust(
        left=0.06, right=0.965, bottom=0.5 / height, top=1 - 1.22 / height, wspace=0.17, hspace=1.15 / 2.2
    )
    layers = scaled(depth)
    for (left, right), degree in zip(grid, rows, strict=True):
        reach = max((_reach(layer, f"betti_{degree}") for layer in layers), default=0.0)
        panel(left, f"Betti {degree}, some layers", SCALE_LABEL, f"{COUNTED[degree]} (count)")
        panel(right, f"Betti {degree}, every layer", SCALE_LABEL, "layer")
        if reach > 0:
            _curves(left, layers, f"betti_{degree}", reach)
            _color_bar(figure, right, _map(right, layers, f"betti_{degree}", reach, depth))
        else:
            nothing(left, f"no bar of degree {degree} in any layer")
            nothing(right, f"no bar of degree {degree} in any layer")
    return figure


def scaled(depth: Depth) -> tuple[LayerResult, ...]:
    """Layers that have curves, their scales in units of the layer's median distance."""
    return tuple(
        replace(layer, curves={**layer.curves, "scale": layer.curves["scale"] / unit})
        for layer, unit in zip(depth.layers, depth.unit, strict=True)
        if "scale" in layer.curves and np.isfinite(unit) and unit > 0
    )


def _curves(axes: Axes, layers: tuple[LayerResult, ...], curve: str, reach: float) -> None:
    chosen = spread(layers, curve, most=4)
    looks = ordered_looks(len(chosen))
    drawn = []
    for order, (layer, look) in enumerate(zip(chosen, looks, strict=True)):
        x, y = layer.curves["scale"], layer.curves[curve]
        lo, hi = (layer.curves.get(f"{curve}_{end}", np.full(len(x), np.nan)) for end in ("lo", "hi"))
        band(axes, x, lo, hi, look.color, alpha=0.13)
        marks = _marks(x / reach, y / max(float(np.nanmax(y)), 1.0), order / len(chosen))
        drawn.append(line(axes, x, y, look, markevery=marks, markersize=4.2))
    axes.set_xlim(0, 1.02 * reach)
    axes.set_ylim(bottom=0)
    legend(axes, drawn, layer_names(chosen), columns=6)


def _marks(x: np.ndarray, y: np.ndarray, shift: float, n_marks: int = 12) -> list[int]:
    """Indices of marks evenly along the curve's length, shifted so that those of neighbours do not coincide."""
    length = np.concatenate(([0.0], np.cumsum(np.hypot(np.diff(x), np.diff(np.nan_to_num(y))))))
    at = length[-1] * (np.arange(n_marks) + shift) / n_marks
    return sorted({int(i) for i in np.searchsorted(length, at)})


def _map(axes: Axes, layers: tuple[LayerResult, ...], curve: str, reach: float, depth: Depth) -> AxesImage:
    axes.grid(False)
    x = np.linspace(0, 1.02 * reach, GRID)
    counts = np.full((len(depth.names), GRID), np.nan)
    for layer in layers:
        if curve in layer.curves:
            row = np.interp(x, layer.curves["scale"], layer.curves[curve], right=0.0)
            counts[depth.names.index(layer.name)] = row
    norm = PowerNorm(0.5, vmin=0, vmax=max(float(np.nanmax(counts)), 1.0))
    image = axes.imshow(
        counts, aspect="auto", origin="lower", interpolation="nearest", cmap="cividis", norm=norm,
        extent=(0, x[-1], -0.5, len(depth.names) - 0.5),
    )  # fmt: skip
    axes.set_facecolor("#f3f3f3")
    places, labels = depth_labels(depth)
    rows = [int(np.flatnonzero(depth.positions == place)[0]) for place in places]
    axes.set_yticks(rows, labels)
    return image


def _color_bar(figure: Figure, axes: Axes, image: AxesImage) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.02, fraction=0.05, aspect=24)
    bar.ax.tick_params(labelsize=8, length=2)
    bar.ax.set_ylabel("count", fontsize=8, color=MUTED)
    bar.locator = MaxNLocator(6, integer=True)
    bar.update_ticks()
    bar.outline.set_visible(False)


def _reach(layer: LayerResult, curve: str) -> float:
    """Largest scale at which a layer's curve is not zero."""
    counts = layer.curves.get(curve, np.empty(0))
    alive = np.flatnonzero(counts > 0)
    if not len(alive):
        return 0.0
    return float(layer.curves["scale"][min(alive[-1] + 1, len(counts) - 1)])
