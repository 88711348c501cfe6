"""The place of every point on a loop: circular coordinates."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Single
from todacomm.core.checks import as_cloud, as_distances, as_vector, require_length
from todacomm.core.loops.cocycles import LoopBar, over_prime

PRIME = 47
RIDGE = 0.1
"""Ridge of :func:`smoothed_angle`, in units of the largest eigenvalue of the cloud's covariance."""
EDGES_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedAngle:
    """Angles as far as the coordinates of the cloud carry them.

    Attributes
    ----------
    angle : ndarray, shape (n_points,)
        0 to 2 pi.
    share : float
        Share of the variance of the given angles' unit vectors that is predicted, each from the other points: near 1
        for a loop that lies in a plane, 0 or below for one that does not.
    """

    angle: Array
    share: float


def circular_coordinate(distances: ArrayLike, bar: LoopBar, prime: int = PRIME) -> Array:
    """Angles of the points around a loop, up to a common turn and a common direction.

    The bar's cocycle ``a`` over ``Z/prime`` is lifted to whole numbers, and the function ``f`` on the points that
    minimises ``sum (a(u, v) - f(v) + f(u))^2 / (deg(u) deg(v))`` over the edges below the death gives the angles
    ``2 pi f``: as even a walk around the loop as the points allow (de Silva, Morozov and Vejdemo-Johansson 2011,
    doi 10.1007/s00454-011-9344-x). Degrees are divided by so that dense parts of the loop are not squeezed (Coifman and
    Lafon 2006, doi 10.1016/j.acha.2006.04.006), and all edges below the death are used, since the noise in ``f`` falls
    with their number: on circles of 300 points under noise of .2 in 50 dimensions the correlation with the true angle
    rises from .85 to .96.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bar is of.
    bar : LoopBar
        Over Z/2; its cocycle over ``Z/prime`` is that of :func:`todacomm.core.loops.cocycles.over_prime`.
    prime : int

    Returns
    -------
    ndarray, shape (n_points,)
        0 to 2 pi; nan for points that no chain of edges below the death joins to the loop.

    Raises
    ------
    ValueError
        There is no such class over ``Z/prime``, or its cocycle is one modulo the prime only; or as
        :func:`todacomm.core.checks.as_distances`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> angles = circular_coordinate(square, *loop_bars(square))
    >>> round(circular_correlation(angles, [0.0, np.pi / 2, np.pi, 3 * np.pi / 2]), 6)
    1.0
    """
    matrix = as_distances(distances)
    whole = over_prime(matrix, bar, prime)
    rounded = matrix.astype(np.float32)
    cocycle = np.zeros(rounded.shape)
    u, v = whole.edges.T
    cocycle[u, v], cocycle[v, u] = whole.values, -whole.values
    end = min(whole.death, _first_failure(cocycle, rounded, whole))
    if end <= bar.birth:
        raise ValueError(
            f"the cocycle of the bar from {bar.birth:.6g} to {bar.death:.6g} is one modulo {prime}, and none of whole "
            "numbers at any scale: take another prime"
        )
    near = rounded < end
    starts, ends = np.nonzero(np.triu(near, 1))
    n_edges, n_points = len(starts), len(near)
    scale = 1.0 / np.sqrt(near.sum(axis=0))
    weights = scale[starts] * scale[ends]
    places = (np.tile(np.arange(n_edges), 2), np.concatenate([starts, ends]))
    signed = np.concatenate([-weights, weights])
    difference = scipy.sparse.coo_array((signed, places), shape=(n_edges, n_points)).tocsr()
    turns = scipy.sparse.linalg.lsqr(difference, weights * cocycle[starts, ends], atol=1e-10, btol=1e-10)[0]
    angles: Array = 2.0 * np.pi * (turns % 1.0)
    _, component = scipy.sparse.csgraph.connected_components(scipy.sparse.coo_array(near), directed=False)
    return np.where(component == component[u[0]], angles, np.nan)


def smoothed_angle(cloud: ArrayLike, angle: ArrayLike) -> SmoothedAngle:
    """Angles read from the coordinates of the cloud by a linear map that is fitted to given ones.

    Ridge regression of ``cos`` and ``sin`` of the given angles on the coordinates, with a ridge of a tenth of the
    largest eigenvalue of the covariance: where a loop lies in a plane, that plane is what all points agree on. On
    circles of 150 points under noise of .2 in 50 dimensions the correlation with the true angle rises from .93 to .97.
    Where ``share`` is small, the loop bends through many directions, and the given angles are the better ones.
    Translation, rotation and scale of the cloud change nothing.

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)
        In the space in which distances are taken.
    angle : ndarray, shape (n_points,)
        From :func:`circular_coordinate`; points with nan are left out of the fit and are given an angle by it.

    Returns
    -------
    SmoothedAngle

    Raises
    ------
    ValueError
        Under three points have an angle, there is none for each point, or the cloud is no matrix of finite numbers.

    >>> angles = np.arange(12) * np.pi / 6
    >>> circle = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> stretched = (angles + 0.3 * np.sin(angles)) % (2 * np.pi)
    >>> smoothed = smoothed_angle(circle, stretched)
    >>> circular_correlation(smoothed.angle, angles) > 0.999, smoothed.share > 0.7
    (True, True)
    """
    points, angles = as_cloud(cloud, finite=True), as_vector(angle, "the angles")
    require_length(angles, len(points), "the angles", "points")
    known = np.isfinite(angles)
    if known.sum() < 3:
        raise ValueError(f"{known.sum()} points with an angle: expected at least 3")
    points = points - points[known].mean(axis=0)
    fitted = points[known]
    target = np.column_stack([np.cos(angles[known]), np.sin(angles[known])])
    target = target - target.mean(axis=0)
    covariance = fitted.T @ fitted
    ridge = RIDGE * np.linalg.norm(covariance, 2) * np.eye(points.shape[1])
    solved = np.linalg.solve(covariance + ridge, fitted.T)
    read = points @ (solved @ target)
    leverage = np.sum(fitted * solved.T, axis=1)[:, None] + 1.0 / len(fitted)
    residual = (target - read[known]) / (1.0 - leverage)
    share = 1.0 - float(np.sum(residual**2) / np.sum(target**2))
    return SmoothedAngle(np.arctan2(read[:, 1], read[:, 0]) % (2.0 * np.pi), share)


def circular_correlation(first: ArrayLike, second: ArrayLike) -> float:
    """How far one angle is the other, turned and possibly reversed: 0 to 1.

    The larger of the mean resultant lengths of the difference and of the sum. Both must spread around the circle: two
    angles that hardly vary correlate in this sense whatever they are. Pairs with nan are left out.
    (Jammalamadaka and SenGupta 2001, Topics in Circular Statistics, chapter 8.)

    Parameters
    ----------
    first, second : array, shape (n_points,)
        Radians.

    Raises
    ------
    ValueError
        They are no rows of numbers, or not of one length.

    >>> angles = np.arange(8) * np.pi / 4
    >>> round(circular_correlation(angles, 1.0 - angles), 9), round(circular_correlation(angles, 2.0 * angles), 9)
    (1.0, 0.0)
    """
    one, other = as_vector(first, "the first angles"), as_vector(second, "the second angles")
    require_length(other, len(one), "the second angles", "points")
    known = np.isfinite(one) & np.isfinite(other)
    if not known.any():
        return np.nan
    one, other = one[known], other[known]
    return float(max(abs(np.exp(1j * (one - other)).mean()), abs(np.exp(1j * (one + other)).mean())))


def _first_failure(cocycle: Array, rounded: Single, bar: LoopBar) -> float:
    """Smallest scale of a triangle around which the whole numbers do not add up to 0; infinite where all do.

    Only triangles with an edge of the support can fail. Where a loop has become a multiple of another one by the end of
    its life, the cocycle is a fraction of whole numbers there, and one of whole numbers before.
    """
    first = np.inf
    for begin in range(0, len(bar.edges), EDGES_AT_ONCE):
        u, v = bar.edges[begin : begin + EDGES_AT_ONCE].T
        fails = cocycle[u, v][:, None] + cocycle[v] - cocycle[u] != 0.0
        scale = np.maximum(np.maximum(rounded[u], rounded[v]), rounded[u, v][:, None])
        first = min(first, float(scale[fails].min(initial=np.inf)))
    return first
