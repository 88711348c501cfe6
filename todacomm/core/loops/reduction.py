"""Cocycles of H1 bars over any field of a prime number of elements, read off the engine lunes.

A cochain is a number for each edge, from its smaller point to its larger; a cocycle adds up to 0 around every triangle.
Its values on the births decide it: an edge that joined two components has 0, and one with a lune the sum over a point
of it. What is left to be seen to are the cycles that lunes in several parts fill. They are reduced by their youngest
births, as persistence has it (Edelsbrunner, Letscher and Zomorodian 2002, 10.1007/s00454-002-2885-2), and each row of
the result says what a cocycle is on one birth, given the births before.
"""

from dataclasses import dataclass

import numpy as np

from todacomm.core import lune_kernels, lunes
from todacomm.core.arrays import Array, Indices, Single, Words
from todacomm.core.homology import outermost_first
from todacomm.core.lune_kernels import BORN, State, Values
from todacomm.core.matrices import reordered

Sum = dict[int, int]
"""Births and their coefficients, none 0."""
Cycle = tuple[int, int, int, int]
"""Two ends and two points over them: the cycle goes from the first end over the first point to the other, and back."""


@dataclass(frozen=True, eq=False)
class Reduction:
    """What the engine lunes knows of a cloud up to a scale.

    Attributes
    ----------
    order : ndarray of int, shape (n_points,)
        The point that each row of ``distances`` is of.
    distances : ndarray, shape (n_points, n_points)
        In float32.
    state : State
        When all edges have entered.
    edges : ndarray of uint64, shape (n_edges,)
        Those of the scales that are looked at, in the order in which they entered.
    lengths : ndarray, shape (n_edges,)
    """

    order: Indices
    distances: Single
    state: State
    edges: Words
    lengths: Single

    @classmethod
    def between(cls, distances: Array, above: float, upto: float) -> "Reduction":
        """For bars that are born at ``above`` or later and end at ``upto`` or sooner; the distances are checked."""
        order = outermost_first(distances)
        rounded = reordered(distances, order)
        state = lunes.enter_all(rounded, upto)
        edges = lunes.edges_between(rounded, above, upto)
        return cls(order, rounded, state, edges, lunes.lengths_of(edges))

    def bars(self) -> list[tuple[float, float]]:
        """Births and deaths in the order of birth."""
        return [(birth, death) for birth, death in self.state.bars.view(np.float32).tolist()]

    def born_with(self, edges: Indices, birth: float) -> int | None:
        """The first bar that is born with one of some edges at a scale; None where none is, as in another cloud.

        Parameters
        ----------
        edges : ndarray of int, shape (n_edges, 2)
            Points of the cloud.
        """
        if edges.max() >= len(self.order):
            return None
        u, v = np.sort(self.order.argsort()[edges], axis=1).T
        at_birth = self.distances[u, v] == np.float32(birth)
        bars = BORN - self.state.over[u[at_birth], v[at_birth]]
        born = np.intersect1d(bars, np.flatnonzero(self.state.bars[:, 0] == np.float32(birth).view(np.uint32)))
        return int(born[0]) if len(born) else None

    def over_two(self, bar: int) -> Values:
        """The cocycle over Z/2 that ends with a bar: its values on the births.

        It is 0 on the births before the bar's and on those whose bars end no sooner. This is the column of the
        reduction in cohomology (de Silva, Morozov and Vejdemo-Johansson 2011, 10.1088/0266-5611/27/12/124003), but
        where two bars end with one edge: that may hold the later one as well.
        """
        return lune_kernels.on_births(bar, self.state.bars, self.state.starts, self.state.columns)

    def over_prime(self, bar: int, prime: int) -> tuple[Values, float]:
        """The cocycle over ``Z/prime`` that the birth of a bar begins, its values on the births, and where it ends.

        Nothing before the bar's birth matters: the cocycle is 0 there. It is infinite where it outlives the bar.
        """
        birth = self.state.bars[bar, 0].view(np.float32)
        rows: dict[int, Sum] = {}
        end = np.inf
        for cycle in lune_kernels.filled(self.edges, np.searchsorted(self.lengths, birth), len(self.order)).tolist():
            row = _reduced(self._sum_of_births(cycle, bar, birth, prime), rows, prime)
            if not row:
                continue
            youngest = max(row)
            divisor = pow(-row.pop(youngest), -1, prime)
            rows[youngest] = {born: value * divisor % prime for born, value in row.items()}
            if youngest == bar:
                end = float(self.distances[cycle[0], cycle[1]])
                break
        values = np.zeros(len(self.state.bars), dtype=np.int16)
        values[bar] = 1
        for youngest in sorted(rows.keys() - {bar}):
            values[youngest] = sum(value * int(values[born]) for born, value in rows[youngest].items()) % prime
        return values, end

    def cocycle(self, on_births: Values, birth: float, death: float, prime: int = 2) -> tuple[Indices, Values]:
        """The edges shorter than ``death`` on which a cocycle is not 0, shape (n_edges, 2), and its values."""
        begin, end = np.searchsorted(self.lengths, np.array([birth, death], dtype=np.float32))
        edges = self.edges[begin:end]
        values = lune_kernels.on_edges(edges, self.state.over, on_births, prime)
        ends: Indices = self.order[np.column_stack(lunes.points_of(edges[values != 0]))]
        return ends, values[values != 0]

    def _sum_of_births(self, cycle: Cycle, first: int, birth: float, prime: int) -> Sum:
        """A cycle as a sum of births from ``first`` on, the longest of its edges gone over first."""
        lengths, over = self.distances, self.state.over
        births: Sum = {}
        edges: dict[tuple[float, int, int], int] = {}

        def add(start: int, end: int, times: int) -> None:
            u, v, times = (start, end, times) if start < end else (end, start, -times)
            point = int(over[u, v])
            if point >= 0 and lengths[u, v] >= birth:
                edges[lengths[u, v], u, v] = edges.get((lengths[u, v], u, v), 0) + times
            elif BORN - point >= first:
                births[BORN - point] = births.get(BORN - point, 0) + times

        u, v, there, back = cycle
        for point, times in ((there, 1), (back, -1)):
            add(u, point, times)
            add(point, v, times)
        while edges:
            longest = max(edges)
            times = edges.pop(longest)
            if times:
                _, u, v = longest
                add(u, int(over[u, v]), times)
                add(int(over[u, v]), v, times)
        return {born: times % prime for born, times in births.items() if times % prime}


def _reduced(row: Sum, rows: dict[int, Sum], prime: int) -> Sum:
    """A sum of births without those that others stand for, from the youngest on; the row given is used up."""
    while row and (youngest := max(row)) in rows:
        times = row.pop(youngest)
        for born, value in rows[youngest].items():
            row[born] = (row.get(born, 0) + times * value) % prime
            if not row[born]:
                del row[born]
    return row
