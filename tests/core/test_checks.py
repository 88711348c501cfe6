"""Bad input is an error of every public function that says what was given, and never a wrong number."""

import numpy as np
import pytest

from todacomm.core import checks, clouds, curves, homology, landmarks, nulls, similarity, vectors
from todacomm.core.inference import intervals, p_value, paired_difference, step_down_max_t, universal_p_values
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import bars, dimension
from todacomm.core.subsamples import subsamples

RNG = np.random.default_rng(0)
OF_CLOUDS = {
    "distinct_rows": clouds.distinct_rows,
    "standardize": clouds.standardize,
    "principal_components": clouds.principal_components,
    "distances": clouds.distances,
    "farthest_points": lambda cloud: landmarks.farthest_points(cloud, 1),
    "analyze_layer": analyze_layer,
    "subsamples": lambda cloud: subsamples(cloud, 4, 1, RNG),
    "rotated": lambda cloud: nulls.rotated([cloud], RNG),
    "permuted_dimensions": lambda cloud: nulls.permuted_dimensions([cloud], RNG),
    "cka": lambda cloud: similarity.cka(cloud, cloud),
    "procrustes": lambda cloud: similarity.procrustes(cloud, cloud),
    "prepare_all": lambda cloud: similarity.prepare_all({"layer_0": cloud}),
}
OF_FINITE_CLOUDS = ("distinct_rows", "principal_components", "distances", "cka", "procrustes")
"""The others measure nothing of a cloud with nan, and say so in their result."""
OF_DISTANCES = {
    "persistence": homology.persistence,
    "spanning_tree": homology.spanning_tree,
    "twonn_dimension": dimension.twonn_dimension,
    "dimension_over_scale": dimension.dimension_over_scale,
    "knn_overlap": lambda matrix: similarity.knn_overlap(matrix, matrix, k=1),
    "rtd": lambda matrix: similarity.rtd(matrix, matrix),
    "rtd_null": lambda matrix: similarity.rtd_null(matrix, matrix, 1, RNG),
}
OF_DIAGRAMS = {
    "bottleneck": lambda dgm: similarity.bottleneck(dgm, dgm),
    "wasserstein": lambda dgm: similarity.wasserstein(dgm, dgm),
    "scaled": lambda dgm: similarity.scaled(dgm, 1.0),
    "landscape": lambda dgm: vectors.landscape(dgm, [0.0, 1.0]),
    "image": lambda dgm: vectors.image(dgm, [0.0, 1.0], [0.0, 1.0], 0.1),
    "image_grids": lambda dgm: vectors.image_grids([dgm], 0.1),
    "recorded_vectors": lambda dgm: vectors.recorded_vectors([dgm], 1.0),
    "betti_curve": lambda dgm: curves.betti_curve(dgm, [0.0, 1.0]),
    "max_ratio": bars.max_ratio,
    "persistence_entropy": bars.persistence_entropy,
    "universal_p_values": universal_p_values,
}


def takes(functions):
    return pytest.mark.parametrize("take", functions.values(), ids=functions)


@takes(OF_CLOUDS)
@pytest.mark.parametrize(
    ("cloud", "seen"),
    [
        (np.arange(6.0), r"has shape \(6,\): expected \(n_points, n_dims\)"),
        (np.zeros((2, 6, 3)), r"has shape \(2, 6, 3\)"),
        (np.empty((0, 3)), r"has shape \(0, 3\): expected at least one point"),
        (np.empty((6, 0)), r"has shape \(6, 0\)"),
        ([[1.0, 2.0], [3.0]], "has rows of 1 and 2 numbers"),
        ([["a", "b"]] * 6, "is list without numbers"),
        (np.full((6, 2), 1j), "is ndarray without numbers"),
    ],
    ids=["vector", "three axes", "no point", "no coordinate", "unequal rows", "words", "complex"],
)
def test_what_is_no_cloud_is_named(take, cloud, seen):
    with pytest.raises(ValueError, match=seen):
        take(cloud)


@pytest.mark.parametrize("name", OF_FINITE_CLOUDS)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_cloud_that_is_not_finite_is_named(name, value):
    cloud = RNG.normal(size=(8, 3))
    cloud[2, 1] = cloud[5, 0] = value
    with pytest.raises(ValueError, match="holds nan or infinity in 2 of 8 rows"):
        OF_CLOUDS[name](cloud)


@takes(OF_DISTANCES)
@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        (np.ones(6), r"have shape \(6,\)"),
        (np.ones((6, 5)), r"have shape \(6, 5\): expected \(n_points, n_points\)"),
        (np.full((6, 6), np.nan), "hold nan or infinity in 6 of 6 rows"),
        (np.eye(6) - 1.0, "run from -1"),
        (np.ones((6, 6)), "up to 1 on the diagonal"),
        (np.triu(np.ones((6, 6)), 1), "have 1 from point 0 to 1 and 0 back: give symmetric distances"),
    ],
    ids=["vector", "oblong", "nan", "below 0", "diagonal", "one way"],
)
def test_what_are_no_distances_is_named(take, matrix, seen):
    with pytest.raises(ValueError, match=seen):
        take(matrix)


@takes(OF_DIAGRAMS)
@pytest.mark.parametrize(
    ("dgm", "seen"),
    [
        ([1.0, 2.0], r"has shape \(2,\): expected \(bars, 2\)"),
        ([[1.0, 2.0, 3.0]], r"has shape \(1, 3\)"),
        ([[0.0, 1.0], [0.0, np.inf]], "holds nan or infinity in 1 of 2 rows: leave the essential bars out"),
    ],
    ids=["vector", "three columns", "essential"],
)
def test_what_is_no_diagram_is_named(take, dgm, seen):
    with pytest.raises(ValueError, match=seen):
        take(dgm)


@pytest.mark.parametrize("measure", [similarity.cka, similarity.procrustes])
def test_clouds_of_other_texts_are_no_pair(measure):
    with pytest.raises(ValueError, match="the first cloud has 8 rows, the second 9: expected the same texts"):
        measure(RNG.normal(size=(8, 3)), RNG.normal(size=(9, 3)))


def test_replicates_fit_their_values():
    with pytest.raises(ValueError, match=r"replicates have shape \(4, 2\): expected \(replicates, 3\)"):
        intervals([1.0, 2.0, 3.0], np.ones((4, 2)), grows=False)
    with pytest.raises(ValueError, match="expected both sides on the same half-samples"):
        paired_difference([1.0], [1.0], np.ones((4, 1)), np.ones((5, 1)), grows=False)
    with pytest.raises(ValueError, match=r"draws have shape \(3, 1\): expected \(replicates, 2\)"):
        step_down_max_t([1.0, 2.0], np.ones((3, 1)), "upper")


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown tail 'lower': choose upper or two-sided"):
        p_value(1.0, np.ones(3), "lower")
    with pytest.raises(ValueError, match="unknown metric 'euclid': choose euclidean, cosine, cityblock or chebyshev"):
        clouds.distances(np.ones((3, 2)), "euclid")


@pytest.mark.parametrize("kind", [np.float32, np.int64, list])
def test_numbers_of_any_kind_become_float64_and_float64_is_not_copied(kind):
    cloud = RNG.integers(9, size=(5, 2))
    given = cloud.tolist() if kind is list else cloud.astype(kind)
    assert checks.as_cloud(given).dtype == np.float64
    same = RNG.normal(size=(5, 2))
    assert checks.as_cloud(same) is same


def test_rounding_to_float32_is_no_asymmetry(rng):
    matrix = clouds.distances(rng.normal(size=(30, 4)))
    rounded = np.where(np.tri(30, dtype=bool), matrix, matrix.astype(np.float32))
    assert checks.as_distances(rounded) is rounded
    with pytest.raises(ValueError, match="back: give symmetric distances, such as the mean of both ways"):
        checks.as_distances(matrix * (1.0 + 1e-5 * np.tri(30)))


def test_rounding_is_no_negative_distance():
    """Cosine distances of parallel rows come out as -2e-16."""
    rows = RNG.normal(size=(5, 7))
    matrix = clouds.distances(np.vstack([rows, 3.0 * rows, 7.0 * rows]), "cosine")
    assert homology.spanning_tree(np.where(matrix == 0.0, matrix, matrix - 2e-16)).shape == (14, 2)
