"""The shortest loop of a bar: few points in order around it."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.checks import as_distances, as_rows
from todacomm.core.loops.cocycles import LoopBar


@dataclass(frozen=True, slots=True, eq=False)
class ShortestLoop:
    """A closed walk around a loop.

    Attributes
    ----------
    points : ndarray of int, shape (n_points,)
        In order around the loop, none twice: from the smallest index, towards the smaller of its neighbours.
    length : float
        Sum of the distances from each to the next and from the last to the first.
    """

    points: Indices
    length: float


def shortest_loop(distances: ArrayLike, bar: LoopBar) -> ShortestLoop:
    """A shortest closed walk that goes round a loop, at the middle of its bar.

    In the double cover of all points at scale ``(birth + death) / 2`` (:func:`todacomm.core.loops.life_left`), the
    shortest path from ``(v, 0)`` to ``(v, 1)`` is a shortest loop through ``v``; the shortest of all ``v`` is returned.
    Every loop of the class has an edge on which the cocycle is not 0, so that one end of each of those is enough to
    start from. The class is that of the cocycle over Z/2: a loop is returned that goes round it an odd number of times.
    It is not unique: others of nearly the same length go through other points. A walk of few long steps is shorter than
    one of many short ones, so that it names few points; the place of every point is a circular coordinate's to give.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bar is of.
    bar : LoopBar
        Over Z/2.

    Returns
    -------
    ShortestLoop

    Raises
    ------
    ValueError
        No loop of the bar's class is there: the bar is not one of these distances; or as
        :func:`todacomm.core.checks.as_distances`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> loop = shortest_loop(square, *loop_bars(square))
    >>> loop.points.tolist(), loop.length
    ([0, 1, 2, 3], 4.0)
    """
    matrix = as_distances(distances)
    n_points = len(matrix)
    as_rows(bar.edges.T, n_points, "the ends of the bar's edges")
    rounded = matrix.astype(np.float32)
    near = rounded <= bar.middle
    support = bar.edges[near[tuple(bar.edges.T)]]
    starts = _one_end_of_each(support)
    cover = _double_cover(matrix, near, support)

    best, best_length = -1, np.inf
    for start in starts.tolist():
        reach = scipy.sparse.csgraph.dijkstra(cover, indices=start, limit=best_length)
        if reach[start + n_points] < best_length:
            best, best_length = start, float(reach[start + n_points])
    if best < 0:
        raise ValueError(
            f"no loop of the bar from {bar.birth:.6g} to {bar.death:.6g} among these {n_points} points: give the "
            "distances that the bar is of"
        )
    _, before = scipy.sparse.csgraph.dijkstra(cover, indices=best, return_predecessors=True)
    walk = [best + n_points]
    while walk[-1] != best:
        walk.append(int(before[walk[-1]]))
    points = _canonical(np.array(walk[1:], dtype=np.intp) % n_points)
    return ShortestLoop(points, float(matrix[points, np.roll(points, -1)].sum()))


def _one_end_of_each(edges: Indices) -> Indices:
    """Points that meet all of these edges: those with most of the edges still unmet first."""
    chosen = []
    while len(edges):
        point = int(np.bincount(edges.ravel()).argmax())
        chosen.append(point)
        edges = edges[(edges != point).all(axis=1)]
    return np.array(chosen, dtype=np.intp)


def _double_cover(distances: Array, near: Bools, support: Indices) -> "scipy.sparse.csr_array":
    """Graph of two copies of every point; an edge of the cocycle leads from one copy to the other."""
    n_points = len(distances)
    u, v = np.nonzero(np.triu(near, 1))
    crosses = np.zeros(near.shape, dtype=np.bool_)
    crosses[tuple(support.T)] = True
    shift = n_points * crosses[u, v]
    starts, ends = np.concatenate([u, u + n_points]), np.concatenate([v + shift, v + n_points - shift])
    lengths = np.tile(distances[u, v], 2)
    shape = (2 * n_points, 2 * n_points)
    both_ways = (np.concatenate([starts, ends]), np.concatenate([ends, starts]))
    return scipy.sparse.coo_array((np.tile(lengths, 2), both_ways), shape=shape).tocsr()


def _canonical(points: Indices) -> Indices:
    """The same walk from its smallest point towards the smaller neighbour."""
    points = np.roll(points, -int(points.argmin()))
    return np.concatenate([points[:1], points[:0:-1]]) if points[-1] < points[1] else points
