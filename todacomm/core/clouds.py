"""A layer's cloud before its topology: its distinct rows, its principal components, the distances of its points."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices, Single
from todacomm.core.checks import as_cloud, require_choice, require_paired
from todacomm.core.matrices import euclidean

Matrix = TypeVar("Matrix", Array, Single)
METRICS = ("euclidean", "cosine", "cityblock", "chebyshev")
"""Distances between points; all but the cosine distance obey the triangle inequality."""
PRECOMPUTED = "precomputed"
"""In place of a metric where distances are given, and no coordinates."""
MERGE_RADIUS = 1e-6
"""Rows closer than this share of the root mean square distance to the centroid are one point."""
ZERO = 1e-12
"""Share of the longest row's length from which down a row is one of zeros, rounding apart: it has no direction."""
SORTED_COORDINATES = 8
"""Coordinates, the widest first, by which rows are separated before any distance is taken."""


def distinct_rows(cloud: ArrayLike) -> Indices:
    """Indices of one representative of every group of coinciding rows, in rising order.

    Rows closer than ``1e-6`` of the root mean square distance to the centroid are joined, and so is what hangs
    together through them. Rotation, translation and scale change nothing.

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)

    Returns
    -------
    ndarray of int, shape (n_distinct,)

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers.

    >>> distinct_rows([[0, 0], [1, 0], [0, 0], [0, 1]])
    array([0, 1, 3])
    """
    centred = _centred(as_cloud(cloud, finite=True))
    return _representatives(centred, MERGE_RADIUS * np.sqrt(np.mean(np.sum(centred**2, axis=1))))


def _representatives(centred: Array, radius: float) -> Indices:
    """One row of each set of rows that hang together by steps of at most ``radius``, in rising order."""
    if radius == 0.0:
        return np.arange(min(1, len(centred)))
    group = _far_groups(centred, radius)
    rows = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
    alone = np.diff(starts, append=len(rows)) == 1
    together = (part for part in np.split(rows, starts[1:]) if len(part) > 1)
    return np.sort(np.concatenate([rows[starts[alone]], *(part[_joined(centred[part], radius)] for part in together)]))


def distinct_points(points: ArrayLike, scores: ArrayLike, metric: str) -> Indices:
    """:func:`distinct_rows` in the metric that measures: the cosine distance takes a direction for one point.

    Of rows without a direction, at the origin of the scores, none is among them. Rows that differ in components alone
    that are left out are one point.

    Parameters
    ----------
    points : array, shape (n_points, n_dims)
        The cloud.
    scores : array, shape (n_points, n_kept)
        The space in which its distances are taken, centred.

    Raises
    ------
    ValueError
        They are no matrices of finite numbers, or not of the same points.

    >>> scores = [[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [-3.0, -1.0], [1e-17, 0.0]]
    >>> distinct_points(scores, scores, "cosine"), distinct_points(scores, scores, "euclidean")
    (array([0, 2, 3]), array([0, 1, 2, 3, 4]))
    """
    cloud, vectors = as_cloud(points, finite=True), as_cloud(scores, "the scored cloud", finite=True)
    require_paired(cloud, vectors, ("the cloud", "the scored cloud"))
    if metric != "cosine":
        rows = distinct_rows(cloud)
        return rows if vectors.shape[1] == cloud.shape[1] else rows[distinct_rows(vectors[rows])]
    norms = np.linalg.norm(vectors, axis=1)
    rows = np.flatnonzero(norms > MERGE_RADIUS * np.sqrt(np.mean(norms**2)))
    if not len(rows):
        return rows
    unit = vectors[rows] / norms[rows, None]
    return rows[_representatives(unit, MERGE_RADIUS)]


def standardize(cloud: ArrayLike) -> Array:
    """Every dimension with mean 0 and standard deviation 1; a constant one becomes 0, one with nan or infinity nan.

    Raises
    ------
    ValueError
        The cloud is no matrix of numbers.

    >>> standardize([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]])[:, 1]
    array([0., 0., 0.])
    """
    points = as_cloud(cloud)
    with np.errstate(invalid="ignore", over="ignore"):
        varies = np.ptp(points, axis=0) != 0.0  # not the deviation: the mean of equal numbers is rounded
        scaled: Array = np.divide(_centred(points), points.std(axis=0), out=np.zeros_like(points), where=varies)
    return scaled


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of a cloud.

    Attributes
    ----------
    scores : ndarray, shape (n_points, n_kept)
        Coordinates in the kept components; the centred cloud itself, shape (n_points, n_dims), where all are kept.
    eigenvalues : ndarray, shape (min(n_points, n_dims),)
        All eigenvalues of the sample covariance (divisor ``n_points - 1``), falling; 0 below rounding.
    """

    scores: Array
    eigenvalues: Array


def principal_components(cloud: ArrayLike, n_components: int = 0) -> Components:
    """Principal components from the smaller of the two Gram matrices, in float64.

    ``n_components=0``, or as many as there are, keeps every direction and turns none: distances are those of the
    cloud in any metric. The sign of a component is the one that makes its largest score positive.

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers, or the number of components is below 0.

    >>> components = principal_components([[0.0, 0.0], [4.0, 0.0], [2.0, 1.0], [2.0, -1.0]], 1)
    >>> components.scores[:2].round(9).ravel().tolist()
    [2.0, -2.0]
    """
    centred = _centred(as_cloud(cloud, finite=True))
    if n_components < 0:
        raise ValueError(f"{n_components} principal components: expected 0 for all of them, or a number")
    n_points, n_dims = centred.shape
    wide = n_dims > n_points
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    values, vectors = values[::-1], vectors[:, ::-1]
    values = np.where(values > len(values) * np.finfo(np.float64).eps * values[0], values, 0.0)
    scores = centred
    if 0 < n_components < len(values):
        directions = vectors[:, :n_components]
        scores = directions * np.sqrt(values[:n_components]) if wide else centred @ directions
        largest = np.abs(scores).argmax(axis=0)
        scores = scores * np.where(scores[largest, np.arange(n_components)] < 0.0, -1.0, 1.0)
    return Components(scores, values / max(n_points - 1, 1))


def distances(cloud: ArrayLike, metric: str = "euclidean") -> Array:
    """Distances between all pairs of rows in float64, from differences and not from products.

    Products of matrices are quicker and give exact duplicates a distance of 1e-6, and with it spurious bars. Rotation
    and translation leave the Euclidean distance alone, translation every one but the cosine distance.

    Returns
    -------
    ndarray, shape (n_points, n_points)
        Symmetric with a zero diagonal.

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers, the metric is unknown, or it is the cosine distance of a row of zeros.
    """
    points = as_cloud(cloud, finite=True)
    require_choice("metric", metric, METRICS)
    norms = np.linalg.norm(points, axis=1) if metric == "cosine" else np.ones(1)
    if not (norms > ZERO * norms.max()).all():
        raise ValueError("the cosine distance of a row of zeros is not defined: use another metric")
    if metric == "euclidean":
        return euclidean(points)
    matrix: Array = scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(points, metric), checks=False)
    return matrix


def condensed(distances: Matrix) -> Matrix:
    """The distances above the diagonal, shape ``(n_points * (n_points - 1) / 2,)``.

    >>> condensed(np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])).tolist()
    [1.0, 2.0, 3.0]
    """
    above: Matrix = scipy.spatial.distance.squareform(distances, checks=False)
    return above


def _far_groups(points: Array, radius: float) -> Indices:
    """A group for every row: rows of different groups differ by more than ``radius``, in some coordinate already.

    A tree of points finds close pairs in a time that grows as the square of their number where there are many
    dimensions; sorted coordinates rule out nearly all of them at once.
    """
    group = np.zeros(len(points), dtype=np.intp)
    for coordinate in np.argsort(points.var(axis=0))[::-1][:SORTED_COORDINATES]:
        values = points[:, coordinate]
        rows = np.lexsort((values, group))
        separate = (np.diff(group[rows]) > 0) | (np.diff(values[rows]) > radius)
        group[rows] = np.concatenate([[0], np.cumsum(separate)])
    return group


def _joined(points: Array, radius: float) -> Indices:
    """First row of each set of rows that hang together by steps of at most ``radius``."""
    if np.linalg.norm(points - points[0], axis=1).max() <= radius:
        return np.zeros(1, dtype=np.intp)
    pairs = scipy.spatial.KDTree(points).query_pairs(radius, output_type="ndarray")
    shape = (len(points), len(points))
    return first_of_joined(
        scipy.sparse.coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=shape)
    )


def first_of_joined(graph: Any) -> Indices:
    """First point of each set that hangs together in a graph, shape (n_points, n_points), in rising order."""
    _, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    first: Indices = np.unique(label, return_index=True)[1]
    return first


def _centred(points: Array) -> Array:
    centred: Array = points - points.mean(axis=0)
    return centred
