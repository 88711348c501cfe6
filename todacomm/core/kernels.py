"""Matrices of points in machine code, see :mod:`todacomm.core.matrices`; importing it takes a quarter of a second."""

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices, Single
from todacomm.core.compiled import compiled

TILE, WIDTH = 32, 256
"""Rows and columns of a matrix that are gone over together: they stay in the processor's first cache."""
BINS = 4096
"""Into which distances are counted to find their median; a power of 2."""


@compiled
def eigenvalues(gram: Array) -> Array:
    return np.asarray(np.linalg.eigvalsh(gram))


@compiled
def euclidean(columns: Array) -> Array:
    n_dims, n_points = columns.shape
    matrix = np.zeros((n_points, n_points))
    for top in range(0, n_points, TILE):
        bottom = min(n_points, top + TILE)
        for left in range(top, n_points, WIDTH):
            right = min(n_points, left + WIDTH)
            for u in range(top, bottom):
                row = matrix[u, left:right]
                for dim in range(n_dims):  # outside: neighbours in the row are summed side by side
                    own, others = columns[dim, u], columns[dim, left:right]
                    for place in range(len(row)):
                        difference = own - others[place]
                        row[place] += difference * difference
                for place in range(len(row)):
                    row[place] = np.sqrt(row[place])
            for v in range(max(left, bottom), right):
                for u in range(top, bottom):
                    matrix[v, u] = matrix[u, v]
    return matrix


@compiled
def median_and_largest(distances: Array) -> tuple[float, float]:
    n_points, low, high = len(distances), np.inf, 0.0
    for u in range(n_points):
        for length in distances[u, u + 1 :]:
            low, high = min(low, length), max(high, length)
    width = high - low
    scale = (BINS - 1) / width if 0.0 < width < np.inf else 0.0
    counts = np.zeros(BINS, np.int64)
    for u in range(n_points):
        for length in distances[u, u + 1 :]:
            counts[np.int64((length - low) * scale) & (BINS - 1)] += 1
    n_pairs = n_points * (n_points - 1) // 2
    lower, upper = (n_pairs - 1) // 2, n_pairs // 2  # places of the two in the middle
    first, n_before = 0, 0
    while n_before + counts[first] <= lower:
        n_before += counts[first]
        first += 1
    last, n_upto = first, n_before + counts[first]
    while n_upto <= upper:
        last += 1
        n_upto += counts[last]
    middle, n_middle = np.empty(n_upto - n_before), 0
    for u in range(n_points):
        for length in distances[u, u + 1 :]:
            if first <= np.int64((length - low) * scale) & (BINS - 1) <= last:
                middle[n_middle] = length
                n_middle += 1
    middle.sort()
    return (middle[lower - n_before] + middle[upper - n_before]) / 2.0, high


@compiled
def two_nearest(distances: Array) -> Array:
    n_points = len(distances)
    nearest = np.full((n_points, 2), np.inf)
    for u in range(n_points):
        first = second = np.inf
        for v in range(n_points):
            length = distances[u, v] if u != v else np.inf
            if length < second:
                first, second = min(first, length), max(first, length)
        nearest[u, 0], nearest[u, 1] = first, second
    return nearest


@compiled
def reordered(distances: Array, order: Indices) -> Single:
    n_points = len(order)
    matrix = np.empty((n_points, n_points), np.float32)
    for u in range(n_points):
        row = distances[order[u]]
        for v in range(n_points):
            matrix[u, v] = row[order[v]]
    return matrix


@compiled
def grow(distances: Array | Single, members: Bools, order: Indices, parent: Indices) -> None:
    """Write the points of every subset in the order in which they join its tree, and the point each is joined to.

    Of equally near points the first one joins.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
    members : ndarray of bool, shape (n_subsets, n_points)
    order, parent : ndarray of int, shape (n_subsets, largest size)
        The first point of each subset in all places.
    """
    n_points = len(distances)
    outside, nearest = np.empty(n_points, np.intp), np.empty(n_points, np.intp)
    to_tree = np.empty(n_points, distances.dtype)
    for subset in range(len(members)):
        joined, n_left = order[subset, 0], 0
        for point in range(n_points):
            if members[subset, point] and point != joined:
                outside[n_left] = point
                to_tree[n_left] = np.inf
                n_left += 1
        for step in range(1, n_left + 1):
            row, best = distances[joined], 0
            for place in range(n_left):
                reach = row[outside[place]]
                if reach < to_tree[place]:
                    to_tree[place], nearest[place] = reach, joined
                if to_tree[place] <= to_tree[best] and (
                    to_tree[place] < to_tree[best] or outside[place] < outside[best]
                ):
                    best = place
            joined = outside[best]
            order[subset, step], parent[subset, step] = joined, nearest[best]
            n_left -= 1
            outside[best], to_tree[best], nearest[best] = outside[n_left], to_tree[n_left], nearest[n_left]


@compiled
def tree_lengths(distances: Array) -> Array:
    n_points = len(distances)
    order, parent = np.zeros((1, n_points), np.intp), np.zeros((1, n_points), np.intp)
    grow(distances, np.ones((1, n_points), np.bool_), order, parent)
    edges = np.empty(n_points - 1)
    for step in range(1, n_points):
        edges[step - 1] = distances[order[0, step], parent[0, step]]
    edges.sort()
    return edges
