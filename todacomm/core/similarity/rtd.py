"""Representation topology divergence: how much the shape of two clouds of the same texts differs, text by text."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_distances, require_paired
from todacomm.core.homology import AUTO, h1_bars

QUANTILE = 0.9
"""Of all distances, zero diagonal included: what a cloud's distances are divided by."""


def rtd(first: ArrayLike, second: ArrayLike, engine: str = AUTO) -> float:
    """Divergence of two clouds from their distances; 0 for equal ones, whatever their scale.

    Distances are divided by their .9-quantile. In one direction it is the sum of the lengths of the H1 bars of
    ``[[0, r1], [r1, min(r1, r2)]]``: loops that close in the second cloud and not in the first, or later. Both
    directions are averaged. (Barannikov et al. 2022, arXiv 2201.00058.)

    Parameters
    ----------
    first, second : ndarray, shape (n_points, n_points)
        Distances of the same texts in the same order.

    Raises
    ------
    ValueError
        A matrix is not square or not finite, the two differ in size, or one of them is zero.

    >>> points = np.arange(6.0)
    >>> line = np.abs(points[:, None] - points)
    >>> rtd(line, 3.0 * line)
    0.0
    """
    return float(np.mean(rtd_directions(first, second, engine)))


def rtd_directions(first: ArrayLike, second: ArrayLike, engine: str = AUTO) -> tuple[float, float]:
    """The two directions whose mean is :func:`rtd`; both 0 for equal clouds.

    The first is large where texts that are far from each other in the first cloud are near in the second: what the
    second has joined. They can differ by a factor of six.

    Raises
    ------
    ValueError
        As :func:`rtd`.

    >>> points = np.arange(6.0)
    >>> line = np.abs(points[:, None] - points)
    >>> rtd_directions(line, 3.0 * line)
    (0.0, 0.0)
    """
    tables = as_distances(first, "the first distances"), as_distances(second, "the second distances")
    require_paired(*tables, ("the first table", "the second"))
    r1, r2 = map(normalised, tables)
    both = np.minimum(r1, r2)
    return _one_way(r1, both, engine), _one_way(r2, both, engine)


def rtd_null(
    first: ArrayLike, second: ArrayLike, permutations: int, rng: np.random.Generator, engine: str = AUTO
) -> Array:
    """The divergence with texts paired at random: that of two clouds of these shapes with nothing else in common.

    Returns
    -------
    ndarray, shape (permutations,)

    Raises
    ------
    ValueError
        As :func:`rtd`.
    """
    table = as_distances(second, "the second distances")
    draws = np.empty(permutations)
    for draw in range(permutations):  # each is as dear as the divergence itself
        order = rng.permutation(len(table))
        draws[draw] = rtd(first, table[np.ix_(order, order)], engine)
    return draws


def normalised(distances: Array) -> Array:
    """Distances over their .9-quantile.

    Raises
    ------
    ValueError
        They are all zero, or nearly so.
    """
    unit = float(np.quantile(distances, QUANTILE))
    if unit <= 0.0:
        raise ValueError("nine tenths of the distances are zero: a cloud of so few points has no divergence")
    return distances / unit


def _one_way(distances: Array, both: Array, engine: str) -> float:
    """Sum of the H1 lengths of one direction.

    Each point has a copy, and the copies stand at distance 0 of each other. As in the paper, a copy is joined only to
    the points up to its own in some order: half of the edges, the same bars. In the order of falling radius the last
    copy is joined to all, so that everything has ended at its radius.
    """
    n, radius = len(distances), distances.max(axis=1)
    rank = radius.argsort()[::-1].argsort()
    joined = np.where(rank[:, None] <= rank, distances, 2.0 * radius.max())  # point by copy
    outermost = both.sum(axis=1).argsort()[::-1]
    doubled = np.zeros((2 * n, 2 * n), dtype=np.float32)
    doubled[:n, :n] = both[np.ix_(outermost, outermost)]
    doubled[:n, n:] = joined[outermost]
    doubled[n:, :n] = doubled[:n, n:].T
    return float(np.ptp(h1_bars(doubled, float(np.float32(radius.min())), engine), axis=1).sum())
