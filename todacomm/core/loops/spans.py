"""Where several cocycles, and what they span, begin on subsets of the points, in machine code."""

import numpy as np
from numpy.typing import NDArray

from todacomm.core.arrays import Array, Bools, Indices, Single, Words
from todacomm.core.compiled import compiled

Bits = NDArray[np.int64]
"""Of several cocycles, a bit each."""


@compiled
def add_along(order: Indices, parent: Indices, along: Bits, parities: Bits) -> None:
    """Write the sums of several cocycles along the tree of every subset, from its first point to each, mod 2.

    Parameters
    ----------
    order, parent : ndarray of int, shape (n_subsets, largest size)
        From :func:`todacomm.core.matrices.spanning_trees`.
    along : ndarray of int, shape (n_subsets, largest size)
        The cocycles between a point and its parent, a bit for each.
    parities : ndarray of int, shape (n_subsets, n_points)
        0 at the first points.
    """
    for subset in range(len(order)):
        for place in range(1, order.shape[1]):
            parities[subset, order[subset, place]] = parities[subset, parent[subset, place]] ^ along[subset, place]


@compiled
def first_odd_edges(
    starts: Indices,
    ends: Indices,
    lengths: Single,
    odd: Bools,
    members: Words,
    parities: Words,
    first: Array,
) -> None:
    """Write how long the first edge is that closes a cycle with a subset's tree on which a cocycle is odd.

    Parameters
    ----------
    starts, ends, lengths : ndarray, shape (n_edges,)
        By rising length.
    odd : ndarray of bool, shape (n_edges,)
        The cocycle.
    members, parities : ndarray, shape (n_points, n_words)
        Which subsets a point is in, and its parity there: a bit for each subset.
    first : ndarray, shape (n_subsets,)
        What is infinite stays where there is none.
    """
    n_words, n_known = members.shape[1], 0
    unknown = np.full(n_words, ~np.uint64(0))
    for edge in range(len(odd)):
        start, end = starts[edge], ends[edge]
        flip = ~np.uint64(0) if odd[edge] else np.uint64(0)
        for word in range(n_words):
            new = (parities[start, word] ^ parities[end, word] ^ flip) & members[start, word] & members[end, word]
            new &= unknown[word]
            if new:
                unknown[word] ^= new
                for bit in range(64):
                    if new >> np.uint64(bit) & np.uint64(1):
                        first[64 * word + bit] = lengths[edge]
                        n_known += 1
        if n_known == len(first):
            break


@compiled
def first_edges(
    starts: Indices,
    ends: Indices,
    lengths: Single,
    deaths: Single,
    by_death: Indices,
    members: Bools,
    odd: Bits,
    parities: Bits,
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
    odd : ndarray of int, shape (n_edges,)
        The cocycles, a bit for each.
    parities : ndarray of int, shape (n_subsets, n_points)
        Their sums along the trees, a bit for each.
    births : ndarray, shape (n_bars, n_bars, n_subsets)
        Of the first bars, in row ``j`` those up to ``j``; what is infinite stays where there is none.
    """
    n_bars = len(deaths)
    edges, rows = np.empty(n_bars, np.intp), np.empty(n_bars, np.int64)
    basis, known = np.empty(n_bars, np.int64), np.empty(n_bars, np.intp)
    for subset in range(len(members)):
        n_rows = 0
        for edge in range(len(odd)):
            start, end = starts[edge], ends[edge]
            if members[subset, start] and members[subset, end]:
                row = odd[edge] ^ parities[subset, start] ^ parities[subset, end]
                if row and _raised(row, basis, n_rows) > n_rows:  # no other row raises the rank of any of the bars
                    edges[n_rows], rows[n_rows] = edge, row
                    n_rows += 1
                    if n_rows == n_bars:
                        break
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
                    before, rank = rank, _raised(row, basis, rank)
                    if rank > before and not np.any(known[:n_known] == edge):
                        own = edge
                if own >= 0:
                    known[n_known] = own
                    n_known += 1
                    births[last, bar, subset] = lengths[own]


@compiled
def _raised(row: int, basis: Bits, rank: int) -> int:
    """The rank of some rows of bits with one more, which is added to their basis where it raises it."""
    for step in range(rank):
        row = min(row, row ^ basis[step])
    if row:
        basis[rank] = row
        rank += 1
    return rank
