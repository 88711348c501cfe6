"""Matrices of points: what numpy and scipy give, in machine code, without their copies and without the GIL.

The code is imported with the first call, see :mod:`todacomm.core.kernels`: what only reads results does without it.
"""

from typing import Any

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices, Single


def euclidean(points: Array) -> Array:
    """Euclidean distances between all rows, each sum of squared differences in the order of the coordinates.

    Parameters
    ----------
    points : ndarray, shape (n_points, n_dims)

    Returns
    -------
    ndarray, shape (n_points, n_points)
        Symmetric with a zero diagonal.
    """
    from todacomm.core import kernels

    return kernels.euclidean(_plain(points.T))


def median_and_largest(distances: Array) -> tuple[float, float]:
    """Median and largest of the numbers above the diagonal of a matrix, none below 0; nan under two points.

    They are counted in bins of equal width, so that only those of the middle bin have to be sorted.
    """
    if len(distances) < 2:
        return np.nan, np.nan
    from todacomm.core import kernels

    return kernels.median_and_largest(_plain(distances))


def two_nearest(distances: Array) -> Array:
    """Distances of every point to its two nearest neighbours, shape (n_points, 2), of at least three points."""
    from todacomm.core import kernels

    return kernels.two_nearest(_plain(distances))


def reordered(distances: Array, order: Indices) -> Single:
    """The same distances with the points in another order, in float32."""
    from todacomm.core import kernels

    return kernels.reordered(_plain(distances), order)


def eigenvalues(gram: Array) -> Array:
    """Eigenvalues of a symmetric matrix, rising; nan of one that holds nan.

    Numpy's own function lets no other thread work meanwhile.
    """
    if not np.isfinite(gram).all():
        return np.full(len(gram), np.nan)
    from todacomm.core import kernels

    return kernels.eigenvalues(_plain(gram))


def tree_lengths(distances: Array) -> Array:
    """Lengths of the edges of the minimum spanning tree of all points, shape (n_points - 1,), in rising order."""
    from todacomm.core import kernels

    return kernels.tree_lengths(_plain(distances)) if len(distances) else np.empty(0)


def spanning_trees(distances: Array | Single, members: Bools) -> tuple[Indices, Indices]:
    """Minimum spanning trees of many subsets of the points (Prim).

    Returns
    -------
    order, parent : ndarray of int, shape (n_subsets, largest size)
        The points of a subset in the order in which they join its tree, and the earlier point that each is joined to;
        a subset with fewer points ends in repetitions of its first.
    """
    from todacomm.core import kernels

    size = int(members.sum(axis=1).max(initial=0))
    order = np.tile(members.argmax(axis=1)[:, None], (1, size))
    parent = order.copy()
    if size:
        kernels.grow(_plain(distances), _plain(members), order, parent)
    return order, parent


def _plain(array: Any) -> Any:
    """The array in rows and writable, copied where it is not: for any other form the code would be compiled again."""
    return np.require(array, requirements=("C", "W"))
