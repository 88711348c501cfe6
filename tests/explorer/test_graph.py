"""The graph of a layer: its spanning tree is H0, its edges the shortest there are."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from todacomm.core.homology import persistence
from todacomm.explorer.graph import layer_graph, spanning_edges


@pytest.fixture
def distances(rng) -> np.ndarray:
    return squareform(pdist(rng.normal(size=(70, 5))))


def test_the_tree_is_h0(distances):
    tree = spanning_edges(distances)
    np.testing.assert_allclose(tree.length, persistence(distances, maxdim=0)[0][:, 1])
    np.testing.assert_allclose(tree.length.sum(), minimum_spanning_tree(distances).sum())
    np.testing.assert_array_equal(distances[tree.first, tree.second], tree.length)


def test_edges_are_the_shortest(distances):
    graph = layer_graph(distances, np.arange(70), 1.0, edges_per_point=3)
    shortest = np.sort(squareform(distances))
    np.testing.assert_array_equal(graph.edges.length, shortest[:210])
    np.testing.assert_array_equal(distances[graph.edges.first, graph.edges.second], graph.edges.length)
    assert graph.n_pairs == len(shortest)
    assert graph.quantiles[[0, -1]].tolist() == [shortest[0], shortest[-1]]


def test_points_that_coincide_are_neighbours_but_no_nodes(distances):
    twice = np.r_[0:70, 0:10]
    graph = layer_graph(distances[np.ix_(twice, twice)], np.arange(70), 1.0)
    assert len(graph.tree) == 69
    assert graph.tree.second.max() < 70
    assert graph.neighbours[75, 0] == 5
    assert graph.neighbour_distances[75, 0] == 0.0


def test_neighbours_are_the_nearest_others(distances):
    graph = layer_graph(distances, np.arange(70), 1.0, n_neighbours=4)
    assert (graph.neighbours != np.arange(70)[:, None]).all()
    np.testing.assert_array_equal(graph.neighbour_distances, np.sort(distances, axis=1)[:, 1:5])


@pytest.mark.parametrize("n_points", [2, 3])
def test_hardly_any_points(n_points):
    graph = layer_graph(np.ones((n_points, n_points)) - np.eye(n_points), np.arange(n_points), 1.0)
    assert len(graph.tree) == n_points - 1
    assert graph.neighbours.shape == (n_points, n_points - 1)
