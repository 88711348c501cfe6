"""From half-samples to standard errors, intervals, bands and paired differences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_replicates, as_vector
from todacomm.core.curves import betti_curve
from todacomm.core.homology import Diagrams
from todacomm.core.inference.adjustment import step_down_max_t
from todacomm.core.metrics import INTERVAL_METRICS, LAYER_METRICS

Z = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""
ROUNDING = 1e-5
"""Differences below this share of the values are rounding: float32 activations give numbers good to some 1e-6."""
GROWS = np.array([LAYER_METRICS[name].grows for name in INTERVAL_METRICS])
"""Which columns of the replicates grow with the number of points: shape ``(len(INTERVAL_METRICS),)``."""
MIN_DEFINED = 0.5
"""A metric undefined on more than this share of the half-samples gets no interval."""


class Estimate(NamedTuple):
    """One number with its standard error and 95 % interval."""

    value: float
    se: float
    lo: float
    hi: float


Estimates = Mapping[str, Estimate]
"""Metric -> estimate."""


@dataclass(frozen=True)
class Intervals:
    """Numbers with their standard errors and 95 % intervals: arrays of shape ``(n_metrics,)``."""

    value: Array
    se: Array
    lo: Array
    hi: Array

    def by_metric(self, metrics: Sequence[str] = INTERVAL_METRICS) -> dict[str, Estimate]:
        """The estimates by name."""
        numbers = np.column_stack([self.value, self.se, self.lo, self.hi]).tolist()
        return {metric: Estimate(*row) for metric, row in zip(metrics, numbers, strict=True)}


def metric_values(metrics: Mapping[str, float]) -> Array:
    """Numbers in the order of the replicates' columns; nan where one is not computed."""
    return np.array([metrics.get(name, np.nan) for name in INTERVAL_METRICS])


def intervals(value: ArrayLike, replicates: ArrayLike, grows: ArrayLike = GROWS) -> Intervals:
    """``T_n +/- 1.96 SE`` by delete-half subsampling.

    ``SE = sd(T_b)``, and ``|T_n| sd(T_b) / |mean(T_b)|`` for what grows with the number of points: half a sample has
    less of it, and spreads less. Never the bootstrap with replacement: its duplicates shorten H0.

    Parameters
    ----------
    value : array, shape (n_metrics,)
        The metrics of all points, ``T_n``.
    replicates : ndarray, shape (replicates, n_metrics)
        The same of every half-sample.
    grows : array of bool, shape (n_metrics,)
        Which of them grow with the number of points. Never one that can change its sign.

    Returns
    -------
    Intervals
        nan for a metric that is undefined, or was so on more than half of the half-samples.

    Raises
    ------
    ValueError
        The replicates have no value for each metric.

    >>> intervals([10.0], np.array([[4.0], [5.0], [6.0]]), [True]).se.tolist()
    [2.0]
    """
    values = as_array(value)
    return _around(values, to_full_size(values, replicates, grows))


def paired_difference(
    value: ArrayLike, other: ArrayLike, replicates: ArrayLike, others: ArrayLike, grows: ArrayLike = GROWS
) -> Intervals:
    """Difference of two clouds of the same texts, ``value - other``, measured on the same half-samples.

    Each side is brought to full size as in :func:`intervals`; the standard error is the sd of the differences, up to
    1.9 times smaller than that of unpaired runs, and at least :data:`ROUNDING` of the larger value. It speaks of the
    texts: weights and seeds are taken as given.

    Parameters
    ----------
    value, other : array, shape (n_metrics,)
    replicates, others : array, shape (replicates, n_metrics)

    Raises
    ------
    ValueError
        The two sides were measured on different numbers of half-samples, or have no value for each metric.

    >>> halves = np.array([[1.0], [2.0], [4.0]])
    >>> paired_difference([5.0], [3.0], halves, halves - 2.0, [False]).se.round(9).tolist()
    [5e-05]
    """
    values, other_values, differences = _differences(value, other, replicates, others, grows)
    return _around(values - other_values, differences, ROUNDING * np.maximum(np.abs(values), np.abs(other_values)))


def paired_p_values(value: ArrayLike, other: ArrayLike, replicates: ArrayLike, others: ArrayLike, grows: bool) -> Array:
    """Probability of paired differences as large as these, were there none: one metric, adjusted over layers.

    Step-down max-T with the half-samples' differences, less their mean, as the draws; differences under
    :data:`ROUNDING` count as none. It speaks of the texts and takes both models as they are. With six layers of 120
    points of which none differed, 0 to 9 of 100 comparisons *of one metric* named one that did, 2 on average over 21
    metrics and two kinds of cloud (``docs/calibration.md``): over several metrics or pairs
    :func:`todacomm.core.equivalence.families.family_of` adjusts.

    Parameters
    ----------
    value, other : array, shape (n_layers,)
    replicates, others : ndarray, shape (replicates, n_layers)

    Returns
    -------
    ndarray, shape (n_layers,)
        At least ``1 / (replicates + 1)``; nan for a layer that is undefined, or was so on a half-sample.

    Raises
    ------
    ValueError
        As :func:`paired_difference`.
    """
    values, other_values, differences = _differences(value, other, replicates, others, grows)
    known = np.isfinite(values - other_values) & np.isfinite(differences).all(axis=0)
    p = np.full(len(values), np.nan)
    if known.any() and len(differences):
        draws = differences[:, known] - differences[:, known].mean(axis=0)
        size = np.maximum(np.abs(values), np.abs(other_values))
        observed = np.where(np.abs(values - other_values) <= ROUNDING * size, 0.0, values - other_values)
        p[known] = step_down_max_t(observed[known], draws, "two-sided")
    return p


def to_full_size(value: ArrayLike, replicates: ArrayLike, grows: ArrayLike = GROWS) -> Array:
    """Replicates as they would spread at the full number of points: ``T_b T_n / mean(T_b)`` for what grows.

    Parameters
    ----------
    value : array, any shape
    replicates : array, shape (replicates, ...)
        The same of every half-sample.
    grows : array of bool
        Which of the values grow with the number of points.

    Raises
    ------
    ValueError
        The replicates have no value for each of the whole's.

    >>> to_full_size([20.0], [[4.0], [6.0]], [True]).tolist()
    [[16.0], [24.0]]
    """
    values = as_array(value)
    rows = as_replicates(replicates, values.shape)
    n_defined = np.isfinite(rows).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = values / (np.nansum(rows, axis=0) / n_defined)
        return np.where(grows, rows * factor, rows)


def betti_bands(curves: dict[str, Array], mean_lifetime: float, diagrams: Sequence[Diagrams]) -> dict[str, Array]:
    """95 % bands of a layer's Betti curves on its own scale: ``betti_0_lo``, ``betti_0_hi``, ``betti_1_lo`` ...

    Half as many points have larger distances and have fewer bars, so that a half-sample's curve is moved and lower.
    It is read on the scale stretched by the ratio of mean H0 lifetimes, and multiplied by the ratio of areas (the
    area is the total persistence, which is rescaled in the same way). The band is pointwise. To half a bar it holds the
    expected curve at 94 % of the scales or more (200 and 500 points, five kinds of cloud); where a few points lie far
    out, at 81 % in the tail.

    Parameters
    ----------
    curves : dict of ndarray, shape (points,)
        ``scale`` and the layer's ``betti_0``, ``betti_1``.
    mean_lifetime : float
        The layer's ``h0_mean_lifetime``.
    diagrams : sequence of list of ndarray, shape (bars, 2)
        Of the half-samples.

    Raises
    ------
    ValueError
        A curve is no row of numbers, or a diagram is none.
    """
    if len(diagrams) < 2:
        return {}
    curves = {name: as_vector(curve, f"the curve {name}") for name, curve in curves.items()}
    half_lifetime = np.mean([np.ptp(dgms[0], axis=1).mean() for dgms in diagrams])
    scale = curves["scale"] * half_lifetime / mean_lifetime
    bands = {}
    for degree in range(len(diagrams[0])):
        curve = curves[f"betti_{degree}"]
        halves = np.array([betti_curve(dgms[degree], scale) for dgms in diagrams])
        area = halves.mean(axis=0).sum()
        if area > 0.0:
            se = halves.std(axis=0, ddof=1) * curve.sum() / area
            bands[f"betti_{degree}_lo"] = (curve - Z * se).clip(min=0.0)
            bands[f"betti_{degree}_hi"] = curve + Z * se
    return bands


def _differences(
    value: ArrayLike, other: ArrayLike, replicates: ArrayLike, others: ArrayLike, grows: ArrayLike
) -> tuple[Array, Array, Array]:
    """Both sides' values, and the differences of their replicates at full size."""
    values, other_values = as_array(value), as_array(other, "the other values")
    first, second = to_full_size(values, replicates, grows), to_full_size(other_values, others, grows)
    if first.shape != second.shape:
        raise ValueError(
            f"replicates of shapes {first.shape} and {second.shape}: expected both sides on the same half-samples"
        )
    return values, other_values, first - second


def _around(value: Array, replicates: Array, floor: ArrayLike = 0.0) -> Intervals:
    """An interval around the value from replicates at full size; nan where too few are defined."""
    defined = np.isfinite(replicates)
    n_defined = defined.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(defined, replicates, 0.0).sum(axis=0) / n_defined
        squares = np.where(defined, (replicates - mean) ** 2, 0.0).sum(axis=0)
        se = np.hypot(np.sqrt(squares / (n_defined - 1)), floor)
    known = np.isfinite(value) & (n_defined >= max(2, MIN_DEFINED * len(replicates)))
    se = np.where(known, se, np.nan)
    return Intervals(value, se, value - Z * se, value + Z * se)
