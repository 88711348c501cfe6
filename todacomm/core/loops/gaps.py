"""The widest gaps of a cloud: which points lie on either side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Bools, Indices
from todacomm.core.checks import as_distances
from todacomm.core.matrices import spanning_trees

N_GAPS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """An edge of the minimum spanning tree and what it holds together.

    Attributes
    ----------
    length : float
        Of the edge: the death of an H0 bar.
    edge : tuple of int
        Its ends: the nearest pair of points across the gap, the one of the smaller side first.
    side : ndarray of bool, shape (n_points,)
        The points of the smaller side; of two equal ones, the side without point 0.
    """

    length: float
    edge: tuple[int, int]
    side: Bools


def gaps(distances: ArrayLike, n_gaps: int = N_GAPS) -> tuple[Gap, ...]:
    """The longest edges of the minimum spanning tree, each with the two sides that it joins.

    A side is what hangs together without that one edge, through longer ones too: the gaps do not cut the cloud into
    pieces together. One far point alone makes a gap. Equal lengths are ordered by their ends; where distances are
    equal, other trees are as short.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal.
    n_gaps : int

    Returns
    -------
    tuple of Gap
        In falling order of length; fewer where there are fewer edges.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_distances`.

    >>> line = np.array([0.0, 1.0, 5.0, 6.0, 9.0])
    >>> [(gap.length, gap.edge, gap.side.tolist()) for gap in gaps(np.abs(np.subtract.outer(line, line)), 2)]
    [(4.0, (1, 2), [True, True, False, False, False]), (3.0, (4, 3), [False, False, False, False, True])]
    """
    matrix = as_distances(distances)
    order, parent = (each[0] for each in spanning_trees(matrix, np.ones((1, len(matrix)), dtype=np.bool_)))
    lengths = matrix[order[1:], parent[1:]]
    widest = np.lexsort((order[1:], parent[1:], -lengths))[:n_gaps] + 1
    return tuple(_gap(order, parent, int(place), float(lengths[place - 1])) for place in widest)


def _gap(order: Indices, parent: Indices, place: int, length: float) -> Gap:
    """The gap of the edge by which the tree's point at a place was joined: beyond it lies what hangs on that point."""
    beyond = np.zeros(len(order), dtype=np.bool_)
    beyond[order[place]] = True
    for point, before in zip(order[place + 1 :], parent[place + 1 :], strict=True):
        beyond[point] = beyond[before]
    edge = int(order[place]), int(parent[place])
    if 2 * beyond.sum() > len(order) or (2 * beyond.sum() == len(order) and beyond[0]):
        return Gap(length, edge[::-1], ~beyond)
    return Gap(length, edge, beyond)
