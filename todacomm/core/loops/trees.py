"""Prim's algorithm on many subsets of the points, in machine code."""

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices, Single
from todacomm.core.compiled import compiled


@compiled
def grow(distances: Array | Single, members: Bools, order: Indices, parent: Indices) -> None:
    """Write the points of every subset in the order in which they join its tree, and the point each is joined to.

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
        joined, n_outside = order[subset, 0], 0
        for point in range(n_points):
            if members[subset, point] and point != joined:
                outside[n_outside] = point
                to_tree[n_outside] = np.inf
                n_outside += 1
        for step in range(1, n_outside + 1):
            n_left, best = n_outside + 1 - step, 0
            for place in range(n_left):
                reach = distances[joined, outside[place]]
                if reach < to_tree[place]:
                    to_tree[place], nearest[place] = reach, joined
                if to_tree[place] < to_tree[best]:
                    best = place
            joined = outside[best]
            order[subset, step], parent[subset, step] = joined, nearest[best]
            for place in range(best, n_left - 1):  # the order of the points decides between equal distances
                outside[place] = outside[place + 1]
                to_tree[place], nearest[place] = to_tree[place + 1], nearest[place + 1]
