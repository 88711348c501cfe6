"""Whether a loop is still there on random halves of the points: the double cover of its cocycle, and its rank there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Bools, Indices, Single
from todacomm.core.checks import as_bools, as_diagram, as_distances, as_rows, require_length
from todacomm.core.loops.cocycles import LoopBar
from todacomm.core.matrices import spanning_trees

EDGES_AT_ONCE = 8192
MOST_TOGETHER = 32
"""Bars whose common span is looked at: each is a bit of a word."""


def life_left(distances: ArrayLike, bars: Sequence[LoopBar], members: ArrayLike) -> Array:
    """Share of every bar that is left on every subset of the points.

    The double cover of a subset at scale ``r`` has two copies ``(v, 0)`` and ``(v, 1)`` of every point and, for every
    pair with ``d(u, v) <= r``, edges ``(u, s) - (v, s xor a(u, v))`` with the bar's cocycle ``a``. The restricted class
    is 0 exactly where no point is connected with its twin, that is where no cycle of edges up to ``r`` has an odd sum
    of ``a``. With ``b_A`` the smallest scale at which one has,

        life left = max(0, death - b_A) / (death - birth).

    A minimum spanning tree of the subset decides: with the sums of ``a`` along it as parities of the points, ``b_A`` is
    the shortest edge whose ends and cocycle disagree, since every cycle is a sum of cycles that one edge closes with
    the tree, none longer than itself. No diagrams are matched. The idea is that of prevalence (Reani and Bobrowski
    2021, arXiv 2101.00698).

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bars are of.
    bars : sequence of LoopBar
        Over Z/2.
    members : ndarray of bool, shape (n_subsets, n_points)
        Which points are in which subset; they may differ in size.

    Returns
    -------
    ndarray, shape (n_bars, n_subsets)
        0 to 1; 1 on the set of all points.

    Raises
    ------
    ValueError
        The members are not True or False for each point, or as :func:`todacomm.core.checks.as_distances`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> life_left(square, loop_bars(square), np.array([[True, True, True, True], [True, True, True, False]])).tolist()
    [[1.0, 0.0]]
    """
    rounded = as_distances(distances).astype(np.float32)
    inside = as_bools(members, "the members", 2)
    require_length(inside.T, len(rounded), "the columns of the members", "points")
    left = np.zeros((len(bars), len(inside)))
    if not len(bars):
        return left
    order, parent = spanning_trees(rounded, inside)
    for row, bar in enumerate(bars):
        odd = _odd(bar, len(rounded))
        first = _first_odd_edges(rounded, bar, odd, inside, _parities(odd, order, parent))
        left[row] = np.maximum(bar.death - first, 0.0) / bar.lifetime
    return left


def leading(distances: ArrayLike, bars: Sequence[LoopBar], members: ArrayLike, dgms: Sequence[ArrayLike]) -> Bools:
    """Whether the longest bars of every subset are what is left of the longest bars of all points.

    What is left of a bar on a subset is part of one bar there, the subset's own: the shortest edge that closes an odd
    cycle gives birth to it at ``b_A``, and no odd cycle is filled before the death that the bar has among all points.
    Points left out make the gaps between the others wider, and no gap of a sample is ever filled by taking points away:
    on a surface, which is sampled thinly everywhere, the widest gap of all points is one on half of them too. What
    tells it from a loop is that it is not the widest gap of the half.

    Several bars are what their cocycles span, and their sums stand for it as well: the first cycle of a half may be
    odd for two of them, as the one around both circles of a torus is. Then what the second adds is born with the first
    cycle that is odd for one of them alone, and dies with the one that dies first
    (:func:`todacomm.core.loops.spans.first_edges`).

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bars are of.
    bars : sequence of LoopBar
        In falling order of lifetime, the longest of the cloud first; :data:`MOST_TOGETHER` at most.
    members : ndarray of bool, shape (n_subsets, n_points)
        Which points are in which subset.
    dgms : sequence of ndarray, shape (bars, 2)
        H1 of every subset.

    Returns
    -------
    ndarray of bool, shape (n_bars, n_subsets)
        In row ``j - 1``, whether the ``j`` longest bars of the subset are those of the ``j`` longest of all points.

    Raises
    ------
    ValueError
        More bars; the members are not True or False for each point, or not as many as diagrams; one is none; or as
        :func:`todacomm.core.checks.as_distances`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> dgms = [np.array([[1.0, 1.5]]), np.array([[1.0, 1.5], [0.2, 1.0]]), np.empty((0, 2))]
    >>> leading(square, loop_bars(square), np.ones((3, 4), dtype=bool), dgms).tolist()
    [[True, False, False]]
    """
    rounded = as_distances(distances).astype(np.float32)
    inside = as_bools(members, "the members", 2)
    require_length(inside.T, len(rounded), "the columns of the members", "points")
    require_length(inside, len(dgms), "the members", "diagrams")
    if len(bars) > MOST_TOGETHER:
        raise ValueError(f"{len(bars)} bars: expected {MOST_TOGETHER} at most, give the longest")
    leads = np.zeros((len(bars), len(dgms)), dtype=np.bool_)
    births = births_of_spans(rounded, bars, inside)
    for column, dgm in enumerate(map(as_diagram, dgms)):
        by_length = np.sort(dgm[:, 1] - dgm[:, 0])[::-1]
        for row in range(min(len(bars), len(dgm))):
            lifetimes = _lifetimes_of(births[row, : row + 1, column], bars[: row + 1], dgm)
            leads[row, column] = lifetimes.min() >= by_length[row]
    return leads


def births_of_spans(rounded: Single, bars: Sequence[LoopBar], inside: Bools) -> Array:
    """Where on a subset what is left of each of the first bars begins, by their common span.

    Returns
    -------
    ndarray, shape (n_bars, n_bars, n_subsets)
        In row ``j``, of the bars up to ``j``; infinite where nothing is left.
    """
    from todacomm.core.loops.spans import first_edges

    births = np.full((len(bars), len(bars), len(inside)), np.inf)
    if not births.size:
        return births
    order, parent = spanning_trees(rounded, inside)
    deaths = np.array([bar.death for bar in bars], dtype=np.float32)
    earliest = min(bar.birth for bar in bars)
    starts, ends, lengths = _edges_between(rounded, earliest, float(deaths.max()))
    on_edges = np.zeros(len(starts), dtype=np.int64)
    parities = np.zeros(inside.shape, dtype=np.int64)
    for bit, bar in enumerate(bars):
        odd = _odd(bar, len(rounded))
        on_edges |= odd[starts, ends].astype(np.int64) << bit
        parities |= _parities(odd, order, parent).T.astype(np.int64) << bit
    by_death = np.argsort(-deaths, kind="stable")
    first_edges(starts, ends, lengths, deaths, by_death, inside, on_edges, parities, births)
    return births


def _lifetimes_of(births: Array, bars: Sequence[LoopBar], dgm: Array) -> Array:
    """Of a subset's own bars of which bars are a part, each of another one; -1 where there is none."""
    lifetimes, left = dgm[:, 1] - dgm[:, 0], np.ones(len(dgm), dtype=np.bool_)
    own = np.full(len(bars), -1.0)
    for place, (birth, bar) in enumerate(zip(births, bars, strict=True)):
        alive = np.flatnonzero(left & (dgm[:, 0] == birth) & (dgm[:, 1] >= bar.death))
        if len(alive):
            longest = alive[lifetimes[alive].argmax()]
            own[place], left[longest] = lifetimes[longest], False
    return own


def _odd(bar: LoopBar, n_points: int) -> Bools:
    """The bar's cocycle as a matrix of True and False."""
    odd = np.zeros((n_points, n_points), dtype=np.bool_)
    odd[tuple(bar.edges.T)] = odd[tuple(bar.edges.T[::-1])] = True
    return odd


def prominence(leads: ArrayLike) -> Array:
    """Share of subsets on which no bars are longer than what is left of a bar, other bars of the cloud's longest aside.

    With one loop, how often its bar is the longest. Two loops of the same length change places from half to half: the
    two longest bars are theirs on all halves, and the prominence of both is 1.

    Parameters
    ----------
    leads : ndarray of bool, shape (n_bars, n_subsets)
        From :func:`leading`.

    Returns
    -------
    ndarray, shape (n_bars,)
        The largest share among the rows from a bar's own on.

    Raises
    ------
    ValueError
        They are not True or False for each bar and subset.

    >>> prominence(np.array([[True, False], [True, True], [False, False]])).tolist()
    [1.0, 1.0, 0.0]
    """
    shares: Array = np.maximum.accumulate(as_bools(leads, "the leads", 2).mean(axis=1)[::-1])[::-1]
    return shares


def membership(halves: Sequence[ArrayLike] | Indices, n_points: int) -> Bools:
    """Which points are in which subset: shape (n_subsets, n_points).

    Parameters
    ----------
    halves : sequence of array of int, shape (n_rows,)
        Rows of every subset; they may differ in number.

    Raises
    ------
    ValueError
        A subset is no row of whole numbers from 0 to below the number of points.

    >>> membership(np.array([[0, 2]]), 3).tolist()
    [[True, False, True]]
    """
    members = np.zeros((len(halves), n_points), dtype=np.bool_)
    for row, half in zip(members, halves, strict=True):
        row[as_rows(half, n_points, n_axes=1)] = True
    return members


def _parities(odd: Bools, order: Indices, parent: Indices) -> Bools:
    """Sum of the cocycle along the tree from its first point to each, mod 2: shape (n_points, n_subsets)."""
    subsets = np.arange(len(order))
    parity = np.zeros((len(odd), len(order)), dtype=np.bool_)
    for point, before in zip(order.T[1:], parent.T[1:], strict=True):
        parity[point, subsets] = parity[before, subsets] ^ odd[before, point]
    return parity


def _first_odd_edges(rounded: Single, bar: LoopBar, odd: Bools, members: Bools, parity: Bools) -> Array:
    """Length of the shortest edge of every subset that closes an odd cycle; infinite where none below the death does.

    No edge shorter than the birth closes one: the cocycle is 0 there.
    """
    starts, ends, lengths = _edges_between(rounded, bar.birth, bar.death)
    inside = np.ascontiguousarray(members.T)
    first = np.full(len(members), np.inf)
    for begin in range(0, len(starts), EDGES_AT_ONCE):
        edges = slice(begin, begin + EDGES_AT_ONCE)
        u, v = starts[edges], ends[edges]
        closes = (parity[u] ^ parity[v] ^ odd[u, v][:, None]) & inside[u] & inside[v]
        new = closes.any(axis=0) & np.isinf(first)
        first[new] = lengths[edges][closes[:, new].argmax(axis=0)]
        if np.isfinite(first).all():
            break
    return first


def _edges_between(rounded: Single, birth: float, death: float) -> tuple[Indices, Indices, Single]:
    """Ends and lengths of all edges with ``birth <= length < death``, shortest first."""
    from todacomm.core import lunes

    edges = lunes.edges_between(rounded, birth, np.nextafter(np.float32(death), np.float32(0.0)))
    return *lunes.points_of(edges), lunes.lengths_of(edges)
