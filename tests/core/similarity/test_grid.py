"""Grids of layers, matched depths, the tree of models."""

import numpy as np
import pytest

from todacomm.core.similarity import cka, linkage, matched_layers, prepare_all, procrustes, similarity_grid


def test_a_grid_holds_what_two_layers_alone_give(rng):
    first = {name: rng.normal(size=(30, 6)) for name in "ab"}
    second = {"a": first["a"] @ rng.normal(size=(6, 40)), "z": rng.normal(size=(30, 3)), "b": 2.0 * first["b"]}
    sides = [prepare_all(clouds)[0] for clouds in (first, second)]
    grid = similarity_grid(*sides, "cka", threads=2)
    assert grid.shape == (2, 3)
    for i, one in enumerate(first.values()):
        for j, other in enumerate(second.values()):
            assert grid[i, j] == pytest.approx(cka(one, other))
            assert similarity_grid(*sides, "procrustes")[i, j] == pytest.approx(procrustes(one, other), abs=1e-9)
    assert grid[1, 2] == pytest.approx(1.0)
    assert similarity_grid(*sides, "knn_overlap")[1, 2] == 1.0


def test_a_layer_that_cannot_be_compared_is_nan_and_named(rng):
    cloud = rng.normal(size=(12, 4))
    broken = cloud.copy()
    broken[3, 1] = np.nan
    three = np.repeat(rng.normal(size=(3, 4)), 4, axis=0)
    prepared, left_out = prepare_all({"good": cloud, "broken": broken, "three points": three})
    assert left_out == ["broken", "three points"]
    for measure in ("cka", "procrustes", "knn_overlap"):
        grid = similarity_grid(prepared, prepared, measure)
        np.testing.assert_array_equal(np.isnan(grid), [[False, True, True], [True] * 3, [True] * 3])


def test_a_cloud_of_three_rows_is_left_out_and_not_an_error(rng):
    assert prepare_all({"few": rng.normal(size=(3, 4))}) == ({"few": None}, ["few"])


def test_different_texts_and_unknown_measures_are_refused(rng):
    few, many = (prepare_all({"a": rng.normal(size=(n, 3))})[0] for n in (10, 12))
    with pytest.raises(ValueError, match="clouds of 10 and 12 texts"):
        similarity_grid(few, many, "cka")
    with pytest.raises(ValueError, match="unknown measure 'cca': choose cka, procrustes or knn_overlap"):
        similarity_grid(few, few, "cca")


def test_depths_are_matched_from_the_model_with_fewer_layers():
    assert matched_layers([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.5, 1.0]) == [(0, 0), (2, 1), (4, 2)]
    assert matched_layers([0.0, 1.0], [0.0, 1.0]) == [(0, 0), (1, 1)]


def test_the_tree_joins_the_nearest_first():
    matrix = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 5.0], [4.0, 5.0, 0.0]])
    joined = linkage(matrix)
    assert sorted(joined[0, :2]) == [0.0, 1.0]
    assert joined[:, 2].tolist() == [1.0, 4.5]
