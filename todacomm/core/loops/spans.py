"""What several cocycles span on subsets of the points, in machine code."""

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices, Single
from todacomm.core.compiled import compiled


@compiled
def first_edges(
    starts: Indices,
    ends: Indices,
    lengths: Single,
    deaths: Single,
    by_death: Indices,
    members: Bools,
    odd: Bools,
    parities: Bools,
    births: Array,
) -> None:
    """Write where each of several cocycles begins on a subset, once those that die later have theirs.

    An edge closes one cycle with the subset's tree, on which every cocycle is odd or even: a row of bits. The span of
    some cocycles has as many births as these rows have rank, at the edges that raise it (Gaussian elimination over
    Z/2). With one more cocycle there is one birth more, at most: its own. Cocycles come by falling death, for a sum is
    one up to the death of the first that dies.

    Parameters
    ----------
    starts, ends, lengths : ndarray, shape (n_edges,)
        By rising length.
    deaths : ndarray, shape (n_bars,)
        An edge as long as its death or longer says nothing of a cocycle.
    by_death : ndarray of int, shape (n_bars,)
        The bars by falling death.
    members : ndarray of bool, shape (n_subsets, n_points)
    odd : ndarray of bool, shape (n_bars, n_edges)
        The cocycles.
    parities : ndarray of bool, shape (n_bars, n_points, n_subsets)
        Their sums along the trees.
    births : ndarray, shape (n_bars, n_bars, n_subsets)
        Of the first bars, in row ``j`` those up to ``j``; what is infinite stays where there is none.
    """
    n_bars, n_edges = odd.shape
    edges, rows = np.empty(n_edges, np.intp), np.empty(n_edges, np.int64)
    basis, known = np.empty(n_bars, np.int64), np.empty(n_bars, np.intp)
    for subset in range(len(members)):
        n_rows = 0
        for edge in range(n_edges):
            start, end, row = starts[edge], ends[edge], 0
            if members[subset, start] and members[subset, end]:
                for bar in range(n_bars):
                    if odd[bar, edge] ^ parities[bar, start, subset] ^ parities[bar, end, subset]:
                        row |= 1 << bar
            if row:
                edges[n_rows], rows[n_rows] = edge, row
                n_rows += 1
        for last in range(n_bars):
            mask, n_known, n_taken = 0, 0, 0
            for bar in by_death:
                if bar > last:
                    continue
                mask |= 1 << bar
                n_taken += 1
                rank, own = 0, -1
                for place in range(n_rows):
                    edge, row = edges[place], rows[place] & mask
                    if lengths[edge] >= deaths[bar] or rank == n_taken:
                        break
                    for step in range(rank):
                        row = min(row, row ^ basis[step])
                    if row:
                        basis[rank] = row
                        rank += 1
                        if not np.any(known[:n_known] == edge):
                            own = edge
                if own >= 0:
                    known[n_known] = own
                    n_known += 1
                    births[last, bar, subset] = lengths[own]
