"""Similarities of all layers of two sides under permutations of the first side's texts.

A permutation of a prepared layer is an index into its Gram matrix, its neighbours or its rows: nothing is prepared
again. Each function takes what ``prepare`` gave for the layers of either side, which pairs of them are asked for, the
orders of the texts and how many threads there are; it gives a grid of the layers for each order.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.matrices import eigenvalues
from todacomm.core.threads import in_threads

ALL_BUT_EQUAL = 1.0 - 1e-6
"""Sum of singular values from which on their squares are too coarse for the angle."""


class Neighbours(NamedTuple):
    """The nearest neighbours of every row, and where the order of the rows decides among equally near ones.

    Attributes
    ----------
    table : ndarray of int, shape (n_texts, k)
        Nearest first; of equally near ones the earlier row.
    ties : tuple
        Of each such row its number, how many of its neighbours are nearer, and all rows that are equally near.
    """

    table: Indices
    ties: tuple[tuple[int, int, Indices], ...]


def permuted_alignments(
    ours: Sequence[Array], theirs: Sequence[Array], wanted: Bools, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """Products of one side's Gram matrices, looked up, with all of the other's at once."""
    n = len(ours[0])
    above = np.triu_indices(n, 1)  # Gram matrices are symmetric with a zero diagonal
    norms = [np.array([np.linalg.norm(gram[above]) for gram in side]) for side in (ours, theirs)]
    others = np.column_stack([gram[above] for gram in theirs])  # (pairs of texts, other_layers)

    def grid(order: Indices) -> Array:
        look_up = order[above[0]] * n + order[above[1]]
        products = np.array([gram.ravel()[look_up] @ others for gram in ours])
        return np.asarray(products / np.outer(*norms))

    return in_threads(grid, orders, threads)


def permuted_overlaps(
    ours: Sequence[Neighbours], theirs: Sequence[Neighbours], wanted: Bools, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """The neighbours of one side, renamed, counted among those of the other.

    Which of equally near rows come first is decided anew: the observed pairing has one order of rows for both sides.
    """
    n, k = ours[0].table.shape
    member = np.zeros((n, n, len(theirs)), dtype=bool)
    for column, near in enumerate(theirs):
        member[np.arange(n)[:, None], near.table, column] = True

    def grid(order: Indices) -> Array:
        place = np.argsort(order)  # text order[i] stands in row i
        rows = np.arange(n)[:, None]
        return np.array([member[rows, _renamed(near, order, place)].sum(axis=(0, 1)) / (n * k) for near in ours])

    return in_threads(grid, orders, threads)


def _renamed(near: Neighbours, order: Indices, place: Indices) -> Indices:
    """The neighbours of the rows in another order."""
    renamed = place[near.table[order]]
    for row, certain, tied in near.ties:
        renamed[place[row], certain:] = np.sort(place[tied])[: near.table.shape[1] - certain]
    return renamed


def permuted_angles(
    ours: Sequence[Array], theirs: Sequence[Array], wanted: Bools, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """Angles of the pairs that are asked for alone: each takes the singular values of a product."""

    def grid(order: Indices) -> Array:
        angles = np.full(wanted.shape, np.nan)
        for i, j in np.argwhere(wanted):
            product = ours[i][order].T @ theirs[j]
            smaller = product @ product.T if len(product) <= product.shape[1] else product.T @ product
            nuclear = np.sqrt(eigenvalues(smaller).clip(min=0.0)).sum()  # half of the time of an SVD
            if nuclear > ALL_BUT_EQUAL:
                nuclear = np.linalg.svd(product, compute_uv=False).sum()
            angles[i, j] = np.arccos(min(nuclear, 1.0))
        return angles

    return in_threads(grid, orders, threads)
