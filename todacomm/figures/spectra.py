"""Spectra over depth: how the variance spreads over directions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.figures.panels import (
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
FIRST_RANK = 11
"""First rank of the power law's fit; the last is half of the number of eigenvalues."""


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
    if longest // 2 > FIRST_RANK:
        axes.axvspan(FIRST_RANK, longest // 2, color=BAND, alpha=0.3, linewidth=0)
        axes.text(
            FIRST_RANK * 1.05, 0.02, "power law fitted", transform=axes.get_xaxis_transform(), fontsize=8, color=MUTED
        )
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
