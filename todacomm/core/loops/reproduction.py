"""Whether a loop is still there on random halves of the points: the double cover of its cocycle, and its rank there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Bools, Indices, Words
from todacomm.core.checks import as_bools, as_diagram, as_distances, as_rows, require_length
from todacomm.core.loops.cocycles import LoopBar
from todacomm.core.matrices import spanning_trees

MOST_TOGETHER = 32
"""Bars whose common span is looked at: each is a bit of a word."""


def life_left(distances: ArrayLike, bars: Sequence[LoopBar], members: ArrayLike) -> Array:
    """Share of every bar that is left on every subset of the points: :meth:`Restrictions.life_left`.

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
        As :class:`Restrictions`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> life_left(square, loop_bars(square), np.array([[True, True, True, True], [True, True, True, False]])).tolist()
    [[1.0, 0.0]]
    """
    inside = as_bools(members, "the members", 2)
    left = np.zeros((len(bars), len(inside)))
    for begin in range(0, max(len(bars), 1), MOST_TOGETHER):
        some = slice(begin, begin + MOST_TOGETHER)
        left[some] = Restrictions(distances, bars[some], inside).life_left()
    return left


def leading(distances: ArrayLike, bars: Sequence[LoopBar], members: ArrayLike, dgms: Sequence[ArrayLike]) -> Bools:
    """Whether the longest bars of every subset are what is left of the longest of all: :meth:`Restrictions.leading`.

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
        More bars, or not as many diagrams as subsets; one is none; or as :class:`Restrictions`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> dgms = [np.array([[1.0, 1.5]]), np.array([[1.0, 1.5], [0.2, 1.0]]), np.empty((0, 2))]
    >>> leading(square, loop_bars(square), np.ones((3, 4), dtype=bool), dgms).tolist()
    [[True, False, False]]
    """
    return Restrictions(distances, bars, members).leading(dgms, len(bars))


class Restrictions:
    """The cocycles of some bars on subsets of the points.

    The double cover of a subset at scale ``r`` has two copies ``(v, 0)`` and ``(v, 1)`` of every point and, for every
    pair with ``d(u, v) <= r``, edges ``(u, s) - (v, s xor a(u, v))`` with a bar's cocycle ``a``. The restricted class
    is 0 exactly where no point is connected with its twin, that is where no cycle of edges up to ``r`` has an odd sum
    of ``a``. A minimum spanning tree of the subset decides, since every cycle is a sum of cycles that one edge closes
    with the tree, none longer than itself: with the sums of ``a`` along it as parities of the points, an edge closes an
    odd cycle where its ends and its cocycle disagree. No diagrams are matched. The idea is that of prevalence (Reani
    and Bobrowski 2021, arXiv 2101.00698).

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bars are of.
    bars : sequence of LoopBar
        Over Z/2; :data:`MOST_TOGETHER` at most.
    members : ndarray of bool, shape (n_subsets, n_points)
        Which points are in which subset; they may differ in size.

    Raises
    ------
    ValueError
        More bars, or one of other points; the members are not True or False for each point, or as
        :func:`todacomm.core.checks.as_distances`.
    """

    def __init__(self, distances: ArrayLike, bars: Sequence[LoopBar], members: ArrayLike) -> None:
        from todacomm.core import lunes
        from todacomm.core.loops.spans import add_along

        rounded = as_distances(distances).astype(np.float32)
        inside = np.ascontiguousarray(as_bools(members, "the members", 2))
        require_length(inside.T, len(rounded), "the columns of the members", "points")
        if len(bars) > MOST_TOGETHER:
            raise ValueError(f"{len(bars)} bars: expected {MOST_TOGETHER} at most, give the longest")
        for bar in bars:
            as_rows(bar.edges.T, len(rounded), "the ends of a bar's edges")
        self._bars, self._inside = bars, inside
        self._births = np.array([bar.birth for bar in bars], dtype=np.float32)
        self._deaths = np.array([bar.death for bar in bars], dtype=np.float32)
        below = np.nextafter(self._deaths.max(initial=0.0), np.float32(0.0))
        edges = lunes.edges_between(rounded, float(self._births.min(initial=np.inf)), below)
        (self._starts, self._ends), self._lengths = lunes.points_of(edges), lunes.lengths_of(edges)
        order, parent = spanning_trees(rounded, inside)
        self._odd = np.zeros(len(edges), dtype=np.int64)  # a bit for each cocycle
        along = np.zeros(order.shape, dtype=np.int64)
        for bit, bar in enumerate(bars):
            cocycle = np.zeros(rounded.shape, dtype=np.bool_)
            cocycle[tuple(bar.edges.T)] = cocycle[tuple(bar.edges.T[::-1])] = True
            self._odd |= cocycle[self._starts, self._ends].astype(np.int64) << bit
            along |= cocycle[parent, order].astype(np.int64) << bit
        self._parities = np.zeros(inside.shape, dtype=np.int64)
        add_along(order, parent, along, self._parities)

    def life_left(self) -> Array:
        """Share of every bar that is left on every subset.

        With ``b_A`` the smallest scale at which a cycle is odd, the length of the shortest edge that closes one,

            life left = max(0, death - b_A) / (death - birth).

        Returns
        -------
        ndarray, shape (n_bars, n_subsets)
            0 to 1; 1 on the set of all points.
        """
        from todacomm.core.loops.spans import first_odd_edges

        first = np.full((len(self._bars), len(self._inside)), np.inf)
        members = _packed(self._inside)
        spans = np.searchsorted(self._lengths, [self._births, self._deaths]).T
        for bit, (begin, end) in enumerate(spans):  # an edge shorter than the birth closes no odd cycle
            edges, parities = slice(begin, end), _packed(self._parities >> bit & 1)
            odd = (self._odd[edges] >> bit & 1).astype(np.bool_)
            first_odd_edges(
                self._starts[edges], self._ends[edges], self._lengths[edges], odd, members, parities, first[bit]
            )
        lifetimes = np.array([bar.lifetime for bar in self._bars])[:, None]
        left: Array = np.maximum(self._deaths.astype(np.float64)[:, None] - first, 0.0) / lifetimes
        return left

    def leading(self, dgms: Sequence[ArrayLike], n_longest: int) -> Bools:
        """Whether the longest bars of every subset are what is left of the longest bars of all points.

        What is left of a bar on a subset is part of one bar there, the subset's own: the shortest edge that closes an
        odd cycle gives birth to it, and no odd cycle is filled before the death that the bar has among all points.
        Points left out make the gaps between the others wider, and no gap of a sample is ever filled by taking points
        away: on a surface, which is sampled thinly everywhere, the widest gap of all points is one on half of them too.
        What tells it from a loop is that it is not the widest gap of the half.

        Several bars are what their cocycles span, and their sums stand for it as well: the first cycle of a half may be
        odd for two of them, as the one around both circles of a torus is. Then what the second adds is born with the
        first cycle that is odd for one of them alone, and dies with the one that dies first
        (:func:`todacomm.core.loops.spans.first_edges`).

        Parameters
        ----------
        dgms : sequence of ndarray, shape (bars, 2)
            H1 of every subset.
        n_longest : int
            How many of the bars, which come by falling lifetime, the longest of the cloud first.

        Returns
        -------
        ndarray of bool, shape (n_longest, n_subsets)
            In row ``j - 1``, whether the ``j`` longest bars of the subset are those of the ``j`` longest of all points.

        Raises
        ------
        ValueError
            Not as many diagrams as subsets, or one is none.
        """
        require_length(self._inside, len(dgms), "the members", "diagrams")
        leads = np.zeros((n_longest, len(dgms)), dtype=np.bool_)
        births, bars = self.births_of_spans(n_longest), self._bars
        for column, dgm in enumerate(map(as_diagram, dgms)):
            by_length = np.sort(dgm[:, 1] - dgm[:, 0])[::-1]
            for row in range(min(n_longest, len(dgm))):
                lifetimes = _lifetimes_of(births[row, : row + 1, column], bars[: row + 1], dgm)
                leads[row, column] = lifetimes.min() >= by_length[row]
        return leads

    def births_of_spans(self, n_longest: int) -> Array:
        """Where on a subset what is left of each of the first bars begins, by their common span.

        Returns
        -------
        ndarray, shape (n_longest, n_longest, n_subsets)
            In row ``j``, of the bars up to ``j``; infinite where nothing is left.
        """
        from todacomm.core.loops.spans import first_edges

        births = np.full((n_longest, n_longest, len(self._inside)), np.inf)
        deaths, mask = self._deaths[:n_longest], (1 << n_longest) - 1
        by_death = np.argsort(-deaths, kind="stable")
        odd, parities = self._odd & mask, self._parities & mask
        first_edges(self._starts, self._ends, self._lengths, deaths, by_death, self._inside, odd, parities, births)
        return births


def _packed(of_subsets: Bools | Indices) -> Words:
    """What is 0 or 1 for every point of every subset, in words of 64 subsets: shape (n_points, n_words)."""
    padded = np.zeros((of_subsets.shape[1], -(-len(of_subsets) // 64) * 64), dtype=np.bool_)
    padded[:, : len(of_subsets)] = of_subsets.T
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


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
