"""The longest H1 bars of a matrix of distances, each with a cocycle of its class."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_diagram, as_lengths
from todacomm.core.homology import persistence

N_LONGEST = 5
LARGEST = (1 << 15) - 1
"""A cocycle's values are kept in 16 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopBar:
    """An H1 bar ``[birth, death)`` and a cocycle of its class on the edges shorter than ``death``.

    Attributes
    ----------
    birth, death : float
        Distances, rounded to float32 as every engine rounds them: compare with distances in float32 only.
    edges : ndarray of int, shape (n_edges, 2)
        Edges ``u < v`` on which the cocycle is not 0; their lengths are in ``[birth, death)``.
    values : ndarray of int, shape (n_edges,)
        The cocycle from ``u`` to ``v``: 1 over Z/2; over another prime ``p`` the representative in
        ``-(p - 1) / 2 .. (p - 1) / 2``.
    rank : int
        1 for the longest bar of its diagram.
    """

    birth: float
    death: float
    edges: Indices
    values: NDArray[np.int64]
    rank: int = 1

    @property
    def lifetime(self) -> float:
        """``death - birth``."""
        return self.death - self.birth

    @property
    def middle(self) -> float:
        """``(birth + death) / 2``."""
        return (self.birth + self.death) / 2.0


def longest_bars(dgm: ArrayLike, n_longest: int = N_LONGEST, n_ratios: int = 0) -> tuple[Array, Indices]:
    """The longest bars of a diagram and those of the largest ratios of death to birth, and their ranks.

    Returns
    -------
    bars : ndarray, shape (n_bars, 2)
        In falling order of lifetime, then by birth; fewer where the diagram has fewer.
    ranks : ndarray of int, shape (n_bars,)
        Place of each among all bars of the diagram in that order, from 1.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_diagram`.

    >>> bars, ranks = longest_bars(np.array([[1.0, 2.0], [4.0, 7.0], [4.0, 6.0]]), 1, 1)
    >>> bars.tolist(), ranks.tolist()
    ([[4.0, 7.0], [1.0, 2.0]], [1, 3])
    """
    given = as_diagram(dgm)
    ordered: Array = given[np.lexsort((given[:, 0], given[:, 0] - given[:, 1]))]
    by_ratio = np.argsort(ordered[:, 0] / ordered[:, 1], kind="stable")[:n_ratios]
    places = np.union1d(np.arange(min(n_longest, len(ordered))), by_ratio).astype(np.intp)
    return ordered[places], places + 1


def loop_bars(
    distances: ArrayLike, dgm: ArrayLike | None = None, *, n_longest: int = N_LONGEST, n_ratios: int = 0
) -> tuple[LoopBar, ...]:
    """The longest H1 bars of a cloud, and those of the largest ratios, each with a cocycle over Z/2.

    They are those of distances rounded to float32. Rounding keeps their order but for new ties, so that the rounded
    matrix is a filtration of its own, and everything said of a bar is exact on it. The cocycle vanishes on edges
    shorter than the birth, and its coboundary on triangles shorter than the death; it restricts to every subset of the
    points (:mod:`todacomm.core.loops.reduction`; de Silva, Morozov and Vejdemo-Johansson 2011, doi
    10.1007/s00454-011-9344-x).

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal, of distinct points or of landmarks.
    dgm : ndarray, shape (bars, 2), optional
        H1 of these distances where it is known already, from :func:`todacomm.core.homology.persistence`: then nothing
        is computed beyond the largest death that is wanted.

    Returns
    -------
    tuple of LoopBar
        In the order of :func:`longest_bars`.

    Raises
    ------
    ValueError
        A bar of ``dgm`` is not one of these distances; or as :func:`todacomm.core.checks.as_lengths`.

    >>> square = np.array([[0, 1, 1.5, 1], [1, 0, 1, 1.5], [1.5, 1, 0, 1], [1, 1.5, 1, 0]])
    >>> (bar,) = loop_bars(square)
    >>> bar.birth, bar.death, len(bar.edges) % 2
    (1.0, 1.5, 1)
    """
    matrix = as_lengths(distances)
    wanted, ranks = longest_bars(persistence(matrix)[1] if dgm is None else dgm, n_longest, n_ratios)
    if not len(wanted):
        return ()
    from todacomm.core.loops.reduction import Reduction

    reduction = Reduction.between(matrix, wanted[:, 0].min(), wanted[:, 1].max())
    places = defaultdict(list)
    for place, bar in enumerate(reduction.bars()):
        places[bar].append(place)
    bars = []
    for (birth, death), rank in zip(wanted.tolist(), ranks.tolist(), strict=True):
        if not places[birth, death]:
            raise ValueError(
                f"no bar from {birth:.6g} to {death:.6g} in these distances: give the diagram of the same distances"
            )
        on_births = reduction.over_two(places[birth, death].pop(0))
        bars.append(_bar(birth, death, *reduction.cocycle(on_births, birth, death), rank))
    return tuple(bars)


def over_prime(distances: Array, bar: LoopBar, prime: int) -> LoopBar:
    """The class that the same edge gives birth to over another field, as long as both live.

    Nearly always it has the same death. Where a loop bends back on itself, a field may pair births and deaths in
    another way: the earlier of the two deaths is the death then.

    Raises
    ------
    ValueError
        The number is no prime below 32,768.
    ValueError
        Over this field no class is born with the bar, or it dies within half of the bar's life (torsion), or the
        distances are not the ones that the bar is of.
    """
    if not 2 <= prime <= LARGEST or any(prime % factor == 0 for factor in range(2, math.isqrt(prime) + 1)):
        raise ValueError(f"the prime is {prime}: expected a prime number below {LARGEST + 1:,}")
    from todacomm.core.loops.reduction import Reduction

    reduction = Reduction.between(distances, 0.0, bar.death)
    born = reduction.born_with(bar.edges, bar.birth)
    if born is not None:
        on_births, end = reduction.over_prime(born, prime)
        if (death := min(end, bar.death)) > bar.middle:
            ends, values = reduction.cocycle(on_births, bar.birth, death, prime)
            return _bar(bar.birth, death, ends, values, bar.rank, prime)
    raise ValueError(
        f"the bar from {bar.birth:.6g} to {bar.death:.6g} is none over Z/{prime}: take another prime, or read the "
        "loop without a circular coordinate"
    )


def _bar(birth: float, death: float, ends: Indices, values: NDArray[np.int16], rank: int, prime: int = 2) -> LoopBar:
    """A bar with its cocycle, every edge from the smaller index to the larger."""
    turned = np.where(ends[:, 0] < ends[:, 1], values, -values).astype(np.int64) % prime
    centred = np.where(turned > prime // 2, turned - prime, turned)
    edges = np.sort(ends, axis=1)
    by_points = np.lexsort((edges[:, 1], edges[:, 0]))
    return LoopBar(birth, death, edges[by_points], centred[by_points], rank)
