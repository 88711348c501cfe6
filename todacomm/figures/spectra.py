"""Spectra and intrinsic dimension: how the variance spreads over directions, and how many there are locally."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.figures.panels import (
    band,
    depth_axis,
    layer_names,
    legend,
    line,
    log_axis,
    log_if_wide,
    mark_undefined,
    nothing,
    panel,
    with_control,
)
from todacomm.figures.style import BAND, MUTED, OTHERS, ordered_looks, sheet
from todacomm.results.depth import Curve, Depth, spread
from todacomm.results.result import Result

SHARES = (0.5, 0.9, 0.99)


def draw_spectra(result: Result, title: str) -> Figure:
    """Some layers' spectra, directions needed for a share of the variance, and the spectral exponent."""
    depth = result.depth
    figure = sheet(result, title, 12.6, 4.5, "band: 95 %     ×: not defined     hatched: degenerate")
    left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": (1.5, 1, 1)})
    figure.subplots_adjust(left=0.06, right=0.985, bottom=0.12, top=0.73, wspace=0.24)
    _spectra(left, depth)

    panel(middle, "Directions that hold most of the variance", "layer", "principal directions (count)")
    needed = np.array([_directions(layer.curves.get("eigenvalues", np.empty(0))) for layer in depth.layers]).T
    nan = np.full(len(depth.layers), np.nan)
    curves = [Curve(row, nan, nan) for row in needed]
    if np.isfinite(needed).any():
        drawn = [line(middle, depth.positions, c.value, look) for c, look in zip(curves, OTHERS, strict=False)]
        depth_axis(middle, depth)
        log_if_wide(middle, curves)
        mark_undefined(middle, depth, curves)
        legend(middle, drawn, [f"{100 * share:g} %" for share in SHARES], columns=3)
    else:
        nothing(middle, "not defined in any layer")

    panel(right, "Spectral exponent", "layer", "exponent of the power law")
    with_control(right, depth, "spectrum_alpha", OTHERS[1])
    return figure


def _spectra(axes: Axes, depth: Depth) -> None:
    panel(axes, "Eigenvalues of the covariance, some layers", "rank", "share of the variance (0..1)")
    chosen = spread(depth.layers, "eigenvalues")
    shares = [_shares(layer.curves["eigenvalues"]) for layer in chosen]
    chosen = [layer for layer, share in zip(chosen, shares, strict=True) if len(share)]
    shares = [share for share in shares if len(share)]
    if not shares:
        nothing(axes, "not defined in any layer")
        return
    longest = max(len(share) for share in shares)
    if depth.curve("spectrum_alpha").defined:
        first, last = max(tuple(layer.curves["spectrum_ranks"]) for layer in chosen)
        axes.axvspan(first, last, color=BAND, alpha=0.3, linewidth=0)
        axes.text(first * 1.05, 0.02, "power law fitted", transform=axes.get_xaxis_transform(), fontsize=8, color=MUTED)
    drawn = []
    for order, (share, look) in enumerate(zip(shares, ordered_looks(len(shares)), strict=True)):
        ranks = np.arange(1, len(share) + 1)
        marks = np.unique(np.geomspace(1, len(share), 8 + order % 2).astype(int) - 1).tolist()
        drawn.append(line(axes, ranks, share, look, markevery=marks, markersize=4.2))
    axes.set_xlim(0.9, 1.1 * longest)
    floor = max(min(float(share[-1]) for share in shares), 1e-6)
    axes.set_ylim(0.7 * floor, 1.4 * max(float(share[0]) for share in shares))
    log_axis(axes, "x")
    log_axis(axes, "y")
    legend(axes, drawn, layer_names(chosen), columns=6)


def _shares(eigenvalues: np.ndarray) -> np.ndarray:
    """Each direction's share of the variance, largest first, without those that carry none."""
    ordered = np.sort(eigenvalues[np.isfinite(eigenvalues)])[::-1]
    positive = ordered[ordered > 1e-12 * ordered[0]] if len(ordered) and ordered[0] > 0 else np.empty(0)
    return positive / positive.sum() if len(positive) else positive


def _directions(eigenvalues: np.ndarray) -> list[float]:
    """How many directions hold each of :data:`SHARES`; nan without a spectrum.

    >>> _directions(np.array([6.0, 3.0, 1.0]))
    [1.0, 2.0, 3.0]
    """
    cumulated = np.cumsum(_shares(eigenvalues))
    if not len(cumulated):
        return [float("nan")] * len(SHARES)
    return [1.0 + min(int(np.searchsorted(cumulated, share - 1e-9)), len(cumulated) - 1) for share in SHARES]


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
