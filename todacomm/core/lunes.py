"""H1 of a Vietoris-Rips filtration, read off the lunes of its edges.

An edge enters the filtration with the triangles that it is the longest side of, one for every point that is nearer to
both of its ends than they are to each other. These points are its lune. Two points of a lune are joined where the edge
between them is there already, and all that H1 asks of an edge is how many parts its lune is in:

* none: the edge joins two components, or a cycle is born;
* one: nothing happens, and the edge is homologous to the path over any point of its lune;
* ``k``: the ``k - 1`` cycles over both ends, a point of one part and a point of another are filled.

For the edge brings the join of itself and its lune, which can be contracted, and is glued on along the suspension of
the lune. The reduced Vietoris-Rips complex, of one triangle for each part, has the same H1 (Koyama, Memoli, Robins and
Turner 2024, arXiv 2307.16333). Few cycles are left of millions of triangles, and each is a sum of edges without a lune,
the relative neighbourhood graph (Toussaint 1980, 10.1016/0031-3203(80)90066-7): a row of bits, one for each birth. The
standard reduction of these rows pairs births with deaths (Edelsbrunner, Letscher and Zomorodian 2002,
10.1007/s00454-002-2885-2). The neighbours of a point are a row of bits as well, so that 64 points of a lune are found
by one "and".

Edges of one length enter in the order of their points; which order it is decides on bars of length 0 alone.
"""

import numpy as np

from todacomm.core import lune_kernels as kernels
from todacomm.core.arrays import Array, Indices, Single, Words
from todacomm.core.lune_kernels import State

BEYOND_BIRTH, BEYOND_SCALE = 1.05, 1.25
"""Edges enter up to a little after the last birth, by when most clouds have nothing alive; then in steps."""


def h1(distances: Single, threshold: float = np.inf) -> Array:
    """H1 of a filtration up to a scale.

    Edges without a lune are found first, so that the last birth is known. Soon after it nothing is alive in most
    clouds, and the longer edges are not even sorted.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        In float32: symmetric, not negative, zero diagonal. They need not satisfy the triangle inequality. Quickest
        where the last points are the most central ones.
    threshold : float
        Longer edges do not enter. Bars that are alive there are infinite.

    Returns
    -------
    ndarray, shape (bars, 2)
        Births and deaths in the order of birth; bars of length 0 may be among them.

    Raises
    ------
    ValueError
        More points than an edge has bits for.

    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]], dtype=np.float32)
    >>> h1(square).tolist()
    [[1.0, 1.5]]
    """
    if len(distances) < 4:
        return np.empty((0, 2))
    return enter_all(distances, threshold).bars.view(np.float32).astype(np.float64)


def enter_all(distances: Single, threshold: float = np.inf) -> State:
    """What is known when all edges up to a scale have entered, or all that change H1; its bars are those of :func:`h1`.

    Raises
    ------
    ValueError
        As :func:`h1`.
    """
    n_points = len(distances)
    if n_points > kernels.MOST_POINTS:
        raise ValueError(f"{n_points:,} points: the engine lunes takes {kernels.MOST_POINTS:,} at most, give landmarks")
    state = _before_any_edge(n_points)
    longest = np.float32(min(threshold, distances.max()))
    last = _last_birth(distances)
    entered, scale = np.float32(-1.0), min(longest, np.float32(BEYOND_BIRTH * last))
    while True:
        edges = kernels.in_order(kernels.edges(distances, entered, scale))
        bars, starts, columns = kernels.enter(edges, last, distances, state)
        state = state._replace(bars=bars, starts=starts, columns=columns)
        if scale == longest or not state.counts[kernels.N_ALIVE]:
            break
        entered, scale = scale, min(longest, np.float32(BEYOND_SCALE * scale) or longest)
    n_bars = state.counts[kernels.N_BARS]
    return state._replace(bars=bars[:n_bars], starts=starts[:n_bars])


def edges_between(distances: Single, least: float, most: float) -> Words:
    """Edges of lengths ``least <= length <= most`` in the order in which they enter, a word each."""
    above = np.nextafter(np.float32(least), np.float32(-np.inf))
    return kernels.in_order(kernels.edges(distances, above, np.float32(most)))


def lengths_of(edges: Words) -> Single:
    """The lengths of edges."""
    return (edges >> kernels.LENGTH).astype(np.uint32).view(np.float32)


def points_of(edges: Words) -> tuple[Indices, Indices]:
    """The ends of edges, the smaller first."""
    last = np.uint64(kernels.MOST_POINTS - 1)
    return ((edges >> kernels.PLACE) & last).astype(np.intp), (edges & last).astype(np.intp)


def _before_any_edge(n_points: int) -> State:
    return State(
        near=np.zeros((n_points, -(-n_points // 64)), dtype=np.uint64),
        over=np.empty((n_points, n_points), dtype=np.int32),
        parent=np.arange(n_points),
        counts=np.zeros(3, dtype=np.int64),
        bars=np.empty((64, 2), dtype=np.uint32),
        starts=np.empty(64, dtype=np.int64),
        columns=np.empty(1024, dtype=np.uint64),
    )


def _last_birth(distances: Single) -> np.float32:
    """Length of the longest edge that gives birth to a cycle, 0 without one."""
    edges = kernels.edges_without_lune(distances)
    edges.sort()
    return np.uint32(kernels.last_cycle(edges, np.arange(len(distances)))).view(np.float32)
