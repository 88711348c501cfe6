"""How many points are enough: sizes to try, what counts as settled, and what trying costs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_vector, require_length
from todacomm.core.metrics import LAYER_METRICS

TOLERANCE = 0.05
"""A mean this close to the value of all points, as a share of it, has settled."""
SPREAD = 0.10
"""A standard deviation up to this share of the value of all points is small."""
SMALLEST = 50
COST_EXPONENTS = (2.0, 3.0)
"""Powers of the number of points between which the time of a layer with H1 grows."""

SCALE_FREE_METRICS = tuple(
    name for name, metric in LAYER_METRICS.items() if metric.scale_free and metric.interval and metric.group != "cloud"
)
"""Metrics for which a number of points is recommended: raw ones follow the scale, the cloud's health is no estimate."""


def size_ladder(n_points: int, smallest: int = SMALLEST) -> tuple[int, ...]:
    """Sizes to try: about three in every factor of four, and all points.

    Parameters
    ----------
    n_points : int
        Points of the whole cloud: the last size.
    smallest : int
        Halved, down to 10, where there are under four times as many points.

    Returns
    -------
    tuple of int
        Rising.

    >>> size_ladder(500)
    (50, 75, 100, 150, 200, 300, 400, 500)
    >>> size_ladder(40)
    (10, 15, 20, 30, 40)
    """
    while smallest > 10 and 4 * smallest > n_points:
        smallest = max(smallest // 2, 10)
    sizes: list[int] = []
    step = smallest
    while step < n_points:
        sizes += [step, step * 3 // 2]
        step *= 2
    return (*(size for size in sizes if size < 0.9 * n_points), n_points)


def recommended_size(
    sizes: Sequence[int],
    means: ArrayLike,
    spreads: ArrayLike,
    value: float,
    tolerance: float = TOLERANCE,
    spread: float = SPREAD,
) -> float:
    """The smallest size from which on a metric is settled; nan where none is.

    Settled at a size: the mean over subsets of that size and of *every larger one* is within ``tolerance`` of the value
    of all points, and the standard deviation between samples of that size is at most ``spread``, both as shares of
    that value. A size above half of the points cannot be recommended: its subsets are nearly all of the points, and
    agree with them whatever the metric does. So a recommended size says that the metric stood still over a doubling of
    the points at least; nan says that it still moved, and that only runs with equal numbers of points compare.

    Parameters
    ----------
    sizes : sequence of int
        Rising; the last is the number of all points.
    means, spreads : array, shape (n_sizes,)
    value : float
        Of all points.

    Raises
    ------
    ValueError
        There is no size, or no mean and spread for each.

    >>> recommended_size([50, 100, 200, 400], [1.3, 1.04, 1.02, 1.0], [0.2, 0.08, 0.05, 0.03], 1.0)
    100.0
    """
    steps, of_means = _of_sizes(sizes, means, "the means")
    of_spreads = _of_sizes(sizes, spreads, "the spreads")[1]
    near = np.abs(of_means - value) <= tolerance * abs(value)
    stays_near = np.logical_and.accumulate(near[::-1])[::-1]
    enough = stays_near & (of_spreads <= spread * abs(value)) & (2.0 * steps <= steps[-1])
    return float(steps[enough][0]) if enough.any() else np.nan


def last_doubling(sizes: Sequence[int], means: ArrayLike) -> float:
    """By what share of its last value a metric moved from the largest size up to half of the last one.

    Parameters
    ----------
    sizes : sequence of int
        Rising; the last is the number of all points.
    means : array, shape (n_sizes,)

    Returns
    -------
    float
        nan where no size is up to half of the last, or the last mean is 0.

    Raises
    ------
    ValueError
        There is no size, or no mean for each.

    >>> round(last_doubling([100, 200, 300, 400], [0.7, 0.8, 0.9, 1.0]), 3)
    0.2
    """
    steps, of_means = _of_sizes(sizes, means, "the means")
    halves = np.flatnonzero(2.0 * steps <= steps[-1])
    if not len(halves) or of_means[-1] == 0.0:
        return np.nan
    return float((of_means[-1] - of_means[halves[-1]]) / abs(of_means[-1]))


def expected_seconds(
    sizes: Sequence[int], times: Sequence[int], measured_size: int, seconds: float
) -> tuple[float, float]:
    """Least and most time for clouds of given sizes, from one that was timed.

    Parameters
    ----------
    sizes, times : sequence of int
        Clouds of ``sizes[i]`` points, ``times[i]`` of them.
    measured_size : int
        Points of the cloud that was timed.
    seconds : float
        What it took.

    Raises
    ------
    ValueError
        The sizes are no row of numbers, or there is not a number of times for each.

    >>> [round(t, 2) for t in expected_seconds([100, 400], [10, 1], 100, 0.1)]
    [2.6, 7.4]
    """
    ratios, counts = as_vector(sizes, "the sizes") / measured_size, as_vector(times, "the times")
    require_length(counts, len(ratios), "the times", "sizes")
    low, high = (float(seconds * (counts * ratios**power).sum()) for power in COST_EXPONENTS)
    return min(low, high), max(low, high)


def _of_sizes(sizes: ArrayLike, values: ArrayLike, name: str) -> tuple[Array, Array]:
    """Sizes and what was measured at each, both of shape (n_sizes,)."""
    steps, of_sizes = as_vector(sizes, "the sizes"), as_vector(values, name)
    if not len(steps):
        raise ValueError("no sizes: expected some, the last that of all points")
    require_length(of_sizes, len(steps), name, "sizes")
    return steps, of_sizes
