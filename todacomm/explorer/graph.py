"""From the distances of a layer to what its page draws: spanning tree, shortest edges, nearest neighbours."""

import numpy as np

from todacomm.core.arrays import Array, Indices
from todacomm.core.matrices import spanning_trees
from todacomm.core.similarity.representations import nearest
from todacomm.explorer.layer_data import Edges, Graph

EDGES_PER_POINT, MOST_EDGES = 8, 6000
"""Edges that a page can draw as its scale grows; beyond them it draws the spanning tree alone, and says so."""
NEIGHBOURS = 6
QUANTILES = 129


def layer_graph(
    distances: Array,
    distinct: Indices,
    unit: float,
    *,
    edges_per_point: int = EDGES_PER_POINT,
    n_neighbours: int = NEIGHBOURS,
) -> Graph:
    """What is near what among the points of a layer, two at least.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
    distinct : ndarray of int
        One of each group of coinciding points: the nodes of the spanning tree.
    unit : float
        Median distance among distinct points.
    edges_per_point, n_neighbours : int
        How much of it is handed over.

    >>> line = np.abs(np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]))
    >>> graph = layer_graph(line, np.arange(3), 2.0)
    >>> graph.tree.length.tolist(), graph.neighbours[:, 0].tolist(), graph.n_pairs
    ([1.0, 2.0], [1, 0, 1], 3)
    """
    nodes = np.sort(distinct)
    among = distances[np.ix_(nodes, nodes)]
    first, second = np.triu_indices(len(nodes), k=1)
    pairs = among[first, second]
    tree = spanning_edges(among)
    shortest = np.argsort(pairs, kind="stable")[: min(edges_per_point * len(nodes), MOST_EDGES)]
    near = nearest(distances, min(n_neighbours, len(distances) - 1))
    return Graph(
        unit=unit,
        tree=Edges(nodes[tree.first], nodes[tree.second], tree.length),
        edges=Edges(nodes[first[shortest]], nodes[second[shortest]], pairs[shortest]),
        quantiles=np.quantile(pairs, np.linspace(0.0, 1.0, QUANTILES)),
        n_pairs=len(pairs),
        neighbours=near,
        neighbour_distances=np.take_along_axis(distances, near, axis=1),
    )


def spanning_edges(distances: Array) -> Edges:
    """The minimum spanning tree, edge by edge in rising length.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)

    >>> tree = spanning_edges(np.abs(np.subtract.outer([0.0, 4.0, 1.0], [0.0, 4.0, 1.0])))
    >>> list(zip(tree.first.tolist(), tree.second.tolist(), tree.length.tolist(), strict=True))
    [(0, 2, 1.0), (2, 1, 3.0)]
    """
    order, parent = (each[0] for each in spanning_trees(distances, np.ones((1, len(distances)), dtype=np.bool_)))
    first, second = parent[1:], order[1:]
    length = distances[first, second]
    rising = np.argsort(length, kind="stable")
    return Edges(first[rising], second[rising], length[rising])
