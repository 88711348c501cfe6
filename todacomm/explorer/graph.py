"""From the distances of a layer to what its page draws: spanning tree, shortest edges, nearest neighbours."""

import numpy as np
from numpy.typing import NDArray

from todacomm.core.arrays import Array
from todacomm.explorer.layer_data import Edges, Graph

Rows = NDArray[np.intp]

EDGES_PER_POINT, MOST_EDGES = 8, 6000
"""Edges that a page can draw as its scale grows; beyond them it draws the spanning tree alone, and says so."""
NEIGHBOURS = 6
QUANTILES = 129


def layer_graph(
    distances: Array,
    distinct: Rows,
    unit: float,
    *,
    rows: Rows | None = None,
    n_texts: int | None = None,
    edges_per_point: int = EDGES_PER_POINT,
    n_neighbours: int = NEIGHBOURS,
) -> Graph:
    """What is near what among the points that distances were taken of.

    Parameters
    ----------
    distances : ndarray, shape (n_rows, n_rows)
        Between all texts, or between those in ``rows``.
    distinct : ndarray of int
        Texts with one of each group of coinciding points: the nodes of the spanning tree.
    unit : float
        Median distance among distinct points.
    rows : ndarray of int, optional
        The texts behind the rows of ``distances`` where they are not all: landmarks, which are distinct.
    n_texts : int, optional
        All texts, where ``rows`` are not all.
    edges_per_point, n_neighbours : int
        How much of it is handed over.

    Returns
    -------
    Graph

    >>> line = np.abs(np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]))
    >>> graph = layer_graph(line, np.arange(3), 2.0)
    >>> graph.tree.length.tolist(), graph.neighbours[:, 0].tolist(), graph.n_pairs
    ([1.0, 2.0], [1, 0, 1], 3)
    """
    names = np.arange(len(distances)) if rows is None else np.asarray(rows)
    nodes = np.flatnonzero(np.isin(names, distinct)) if rows is None else np.arange(len(names))
    among = distances[np.ix_(nodes, nodes)]
    first, second = np.triu_indices(len(nodes), k=1)
    pairs = among[first, second]
    tree = spanning_edges(among)
    shortest = np.argsort(pairs, kind="stable")[: min(edges_per_point * len(nodes), MOST_EDGES)]
    near, near_distances = nearest(distances, n_neighbours)
    shape = (len(names) if n_texts is None else n_texts, near.shape[1])
    neighbours, neighbour_distances = np.full(shape, -1, dtype=np.intp), np.full(shape, np.nan)
    neighbours[names], neighbour_distances[names] = names[near], near_distances
    return Graph(
        unit=unit,
        tree=Edges(names[nodes[tree.first]], names[nodes[tree.second]], tree.length),
        edges=Edges(names[nodes[first[shortest]]], names[nodes[second[shortest]]], pairs[shortest]),
        quantiles=np.quantile(pairs, np.linspace(0.0, 1.0, QUANTILES)) if len(pairs) else np.empty(0),
        n_pairs=len(pairs),
        neighbours=neighbours,
        neighbour_distances=neighbour_distances,
    )


def spanning_edges(distances: Array) -> Edges:
    """The minimum spanning tree, edge by edge in rising length (Prim, one row at a time).

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)

    >>> tree = spanning_edges(np.abs(np.subtract.outer([0.0, 4.0, 1.0], [0.0, 4.0, 1.0])))
    >>> list(zip(tree.first.tolist(), tree.second.tolist(), tree.length.tolist(), strict=True))
    [(0, 2, 1.0), (2, 1, 3.0)]
    """
    n_edges = max(len(distances) - 1, 0)
    first, second, length = np.zeros(n_edges, dtype=np.intp), np.zeros(n_edges, dtype=np.intp), np.zeros(n_edges)
    outside = np.arange(1, len(distances))
    from_tree = np.zeros(len(outside), dtype=np.intp)
    to_tree = distances[0, 1:].copy() if len(distances) else np.empty(0)
    for edge in range(n_edges):
        place = to_tree.argmin()
        joined = outside[place]
        first[edge], second[edge], length[edge] = from_tree[place], joined, to_tree[place]
        outside, from_tree = np.delete(outside, place), np.delete(from_tree, place)
        to_tree = np.delete(to_tree, place)
        closer = distances[joined, outside] < to_tree
        to_tree = np.where(closer, distances[joined, outside], to_tree)
        from_tree = np.where(closer, joined, from_tree)
    order = np.argsort(length, kind="stable")
    return Edges(first[order], second[order], length[order])


def nearest(distances: Array, count: int) -> tuple[Rows, Array]:
    """The nearest other points of each, nearest first: rows and distances, both of shape ``(n_points, count)``.

    At most ``n_points - 1`` of them.

    >>> nearest(np.abs(np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0])), 1)[0].ravel().tolist()
    [1, 0, 1]
    """
    count = min(count, max(len(distances) - 1, 0))
    others = distances + np.diag(np.full(len(distances), np.inf))
    rows = np.argsort(others, axis=1, kind="stable")[:, :count]
    return rows, np.take_along_axis(distances, rows, axis=1)
