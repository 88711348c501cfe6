"""Matrices of points in machine code, against numpy and scipy."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from todacomm.core import kernels
from todacomm.core.matrices import (
    eigenvalues,
    euclidean,
    median_and_largest,
    reordered,
    spanning_trees,
    tree_lengths,
    two_nearest,
)


def in_order(points):
    """Distances whose squared differences are summed one coordinate after the other."""
    squares = np.zeros((len(points), len(points)))
    for column in points.T:
        squares += np.subtract.outer(column, column) ** 2
    return np.sqrt(squares)


def symmetric(values):
    upper = np.triu(values, 1)
    return upper + upper.T


@pytest.mark.parametrize("n_points", [1, 2, 31, 32, 33, 255, 257, 300])
@pytest.mark.parametrize("n_dims", [1, 7])
def test_euclidean_distances_to_the_bit(n_points, n_dims, rng):
    points = rng.normal(size=(n_points, n_dims))
    np.testing.assert_array_equal(euclidean(points), in_order(points))


def test_euclidean_distances_are_those_of_scipy(rng):
    points = rng.normal(size=(120, 768)) + 50.0
    np.testing.assert_allclose(euclidean(points), squareform(pdist(points)), rtol=1e-14)


@pytest.mark.parametrize("n_points", [2, 3, 4, 5, 50, 51])  # an odd and an even number of pairs
@pytest.mark.parametrize("kind", ["distances", "integers", "all equal", "one far away", "heavy tails", "overflown"])
def test_median_and_largest(kind, n_points, rng):
    draws = {
        "distances": lambda: rng.random((n_points, n_points)),
        "integers": lambda: rng.integers(0, 3, (n_points, n_points)).astype(float),
        "all equal": lambda: np.full((n_points, n_points), 2.5),
        "one far away": lambda: np.where(np.arange(n_points) == n_points - 1, 1e12, rng.random((n_points, n_points))),
        "heavy tails": lambda: np.exp(5.0 * rng.normal(size=(n_points, n_points))),
        "overflown": lambda: np.where(np.arange(n_points) == n_points - 1, np.inf, rng.random((n_points, n_points))),
    }
    matrix = symmetric(draws[kind]())
    above = matrix[np.triu_indices(n_points, 1)]
    assert median_and_largest(matrix) == (np.median(above), above.max())


@pytest.mark.parametrize("n_points", [0, 1])
def test_fewer_than_two_points_have_no_distance(n_points):
    assert np.isnan(median_and_largest(np.zeros((n_points, n_points)))).all()


def test_two_nearest(rng):
    matrix = symmetric(rng.integers(0, 4, (30, 30)).astype(float))  # ties, and points that coincide
    np.testing.assert_array_equal(two_nearest(matrix), np.sort(matrix + np.diag([np.inf] * 30), axis=1)[:, :2])


def test_reordered_in_single_precision(rng):
    matrix, order = symmetric(rng.random((9, 9))), rng.permutation(9)
    moved = reordered(matrix, order[::-1])
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved, matrix.astype(np.float32)[np.ix_(order[::-1], order[::-1])])


def test_eigenvalues(rng):
    gram = np.cov(rng.normal(size=(20, 30)))
    np.testing.assert_allclose(eigenvalues(gram), np.linalg.eigvalsh(gram), rtol=1e-12)
    assert np.isnan(eigenvalues(np.full((3, 3), np.nan))).all()


def test_of_equally_near_points_the_first_joins_the_tree():
    matrix = np.abs(np.subtract.outer(range(7), range(7))).astype(float)  # points on a line
    matrix[matrix > 1.0] = 2.0
    order, parent = spanning_trees(matrix[::-1, ::-1], np.array([[0, 1, 1, 0, 0, 1, 1]], dtype=bool))
    assert order.tolist() == [[1, 2, 5, 6]]
    assert parent.tolist() == [[1, 1, 1, 5]]


@pytest.mark.parametrize("n_points", [0, 1, 2])
def test_trees_of_few_points(n_points):
    assert tree_lengths(1.0 - np.eye(n_points)).tolist() == [1.0] * (n_points - 1)


def test_any_form_of_an_array_is_taken_without_compiling_again(rng):
    points = rng.normal(size=(12, 3))
    distances = euclidean(points)
    expected = median_and_largest(distances), tree_lengths(distances).tolist()
    reordered(distances, np.arange(12)[::-1])
    functions = (kernels.euclidean, kernels.median_and_largest, kernels.reordered, kernels.tree_lengths)
    before = [len(function.signatures) for function in functions]
    frozen = points.copy()
    frozen.setflags(write=False)
    for form in (np.asfortranarray(points), points[::-1][::-1], frozen):
        np.testing.assert_array_equal(euclidean(form), distances)
    frozen = distances.copy()
    frozen.setflags(write=False)
    for form in (np.asfortranarray(distances), np.kron(distances, np.ones((2, 2)))[::2, ::2], frozen):
        assert (median_and_largest(form), tree_lengths(form).tolist()) == expected
        np.testing.assert_array_equal(reordered(form, np.arange(12)[::-1])[::-1, ::-1], distances.astype(np.float32))
    assert [len(function.signatures) for function in functions] == before
