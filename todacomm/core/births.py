"""The scale beyond which no cycle is born: what lets an engine stop long before the enclosing radius."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Single

CENTRAL_POINTS, SPREAD_POINTS, EDGES_AT_ONCE = 8, 32, 128
"""The most central points, which rule out most edges of a round cloud; points from the outermost to those, which rule
out most of the rest where a cloud is flat, or hollow; and edges that are then compared with all points at once."""


def last_birth(distances: Single, tree_lengths: ArrayLike) -> float:
    """Birth of the last H1 bar of positive length, without any homology.

    An edge with a point nearer to both of its ends than they are to each other closes a triangle at the moment it
    enters, so that the cycle it makes dies at once. What is left is the relative neighbourhood graph (Toussaint 1980,
    10.1016/0031-3203(80)90066-7); the edges of the minimum spanning tree are in it and join components, and each of the
    others is a birth. Edges are looked at from the longest down, until one is no edge of the tree: with equal distances
    the answer may be too large and is never too small.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal; quickest where the last points are the most central ones.
    tree_lengths : array, shape (n_points - 1,)
        Edges of the minimum spanning tree of the same distances.

    Returns
    -------
    float
        0 where no cycle is born.

    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]], dtype=np.float32)
    >>> last_birth(square, [1, 1, 1])
    1.0
    """
    empty_lune = np.triu(np.ones(distances.shape, dtype=bool), 1)
    for row in distances[-CENTRAL_POINTS:]:
        empty_lune &= np.maximum.outer(row, row) >= distances
    first, second = np.nonzero(empty_lune)
    lengths = distances[first, second]
    spread = np.linspace(0, max(len(distances) - CENTRAL_POINTS - 1, 0), SPREAD_POINTS).astype(np.intp)
    for row in distances[spread]:
        empty = np.maximum(row[first], row[second]) >= lengths
        first, second, lengths = first[empty], second[empty], lengths[empty]
    longest_first = lengths.argsort()[::-1]
    tree = np.sort(np.asarray(tree_lengths, dtype=np.float32))[::-1]
    n_in_graph = 0
    for start in range(0, len(lengths), EDGES_AT_ONCE):
        edges = longest_first[start : start + EDGES_AT_ONCE]
        length = lengths[edges]
        farther = np.maximum(distances[first[edges]], distances[second[edges]])
        in_graph = length[(farther >= length[:, None]).all(axis=1)]
        of_tree = tree[n_in_graph : n_in_graph + len(in_graph)]
        births = in_graph[: len(of_tree)][in_graph[: len(of_tree)] > of_tree]
        if len(births) or len(of_tree) < len(in_graph):
            return float(births[0] if len(births) else in_graph[len(of_tree)])
        n_in_graph += len(in_graph)
    return 0.0
