"""Health, components and distances: what changes them and what does not."""

import numpy as np
import pytest

from tests.core.shapes import rotation
from todacomm.core.clouds import distances, distinct_rows, principal_components, standardize


def with_duplicates(rng, n_distinct=30, n_dims=8):
    cloud = rng.normal(size=(n_distinct, n_dims))
    return np.vstack([cloud, cloud[:10], cloud[:5]])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_duplicates_are_merged_at_any_scale_and_place(rng, scale):
    cloud = with_duplicates(rng)
    moved = scale * (cloud @ rotation(rng, 8))
    assert distinct_rows(moved).tolist() == list(range(30))


def test_rows_a_millionth_apart_are_one_and_a_thousandth_apart_are_two(rng):
    cloud = rng.normal(size=(50, 6))
    near, far = cloud.copy(), cloud.copy()
    near[1], far[1] = cloud[0] + 1e-7, cloud[0] + 1e-3
    assert len(distinct_rows(near)) == 49
    assert len(distinct_rows(far)) == 50


def test_a_cloud_of_one_place_has_one_distinct_row():
    assert distinct_rows(np.ones((7, 3))).tolist() == [0]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_dimension_with_nan_does_not_vanish_when_it_is_standardized(rng, broken, recwarn):
    cloud = rng.normal(size=(9, 3))
    cloud[2, 0], cloud[:, 1] = broken, broken
    assert np.isfinite(standardize(cloud)).all(axis=0).tolist() == [False, False, True]
    assert not recwarn.list


def test_standardized_dimensions_have_unit_variance_and_constants_vanish(rng):
    cloud = rng.normal(size=(60, 4)) * [1.0, 10.0, 1e-3, 0.0] + 5.0
    scaled = standardize(cloud)
    np.testing.assert_allclose(scaled.std(axis=0), [1.0, 1.0, 1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-9)


@pytest.mark.parametrize("value", [0.1, 1e6 / 3, -7e-9])
def test_a_constant_dimension_vanishes_whatever_its_mean_rounds_to(rng, value):
    cloud = np.column_stack([rng.normal(size=97), np.full(97, value)])
    assert (standardize(cloud)[:, 1] == 0.0).all()


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_all_components_keep_every_distance(rng, shape):
    cloud = rng.normal(size=shape)
    for n_components in (0, 99):
        components = principal_components(cloud, n_components)
        np.testing.assert_allclose(distances(components.scores), distances(cloud), atol=1e-9)


def test_components_are_those_of_the_covariance(rng):
    cloud = rng.normal(size=(300, 6)) * [6, 5, 4, 3, 2, 1]
    components = principal_components(cloud, 2)
    expected = np.linalg.eigvalsh(np.cov(cloud.T))[::-1]
    np.testing.assert_allclose(components.eigenvalues, expected, rtol=1e-9)
    np.testing.assert_allclose(components.scores.var(axis=0, ddof=1), expected[:2], rtol=1e-9)


@pytest.mark.parametrize("shape", [(120, 30), (30, 120)])
def test_components_are_those_of_the_singular_values(rng, shape):
    cloud = rng.normal(size=shape) * np.arange(1, shape[1] + 1) ** -1.0 + 2.0
    left, values, _ = np.linalg.svd(cloud - cloud.mean(axis=0), full_matrices=False)
    components = principal_components(cloud, 10)
    np.testing.assert_allclose(np.abs(components.scores), np.abs(left[:, :10] * values[:10]), atol=1e-9)
    np.testing.assert_allclose(components.eigenvalues, values**2 / (shape[0] - 1), rtol=1e-6, atol=1e-12)
    largest = np.abs(components.scores).argmax(axis=0)
    assert (components.scores[largest, range(10)] > 0.0).all()


def test_eigenvalues_beyond_the_rank_are_zero(rng):
    flat = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 200))
    assert (principal_components(flat).eigenvalues > 0.0).sum() == 3


def test_components_do_not_depend_on_the_order_of_rows(rng):
    cloud, order = rng.normal(size=(40, 6)), rng.permutation(40)
    shuffled = principal_components(cloud[order], 3).scores
    np.testing.assert_allclose(shuffled, principal_components(cloud, 3).scores[order], atol=1e-9)


def test_duplicates_are_at_distance_zero_exactly(rng):
    cloud = (1000.0 + rng.normal(size=(20, 300))).astype(np.float32)
    cloud[7] = cloud[3]
    assert distances(cloud)[3, 7] == 0.0


def test_cosine_distance_of_zero_is_refused():
    with pytest.raises(ValueError, match="row of zeros"):
        distances(np.zeros((3, 2)), "cosine")


def test_far_from_the_origin_differences_keep_what_products_lose(rng):
    """Why distances are not scikit-learn's, which come from products."""
    from sklearn.metrics.pairwise import euclidean_distances

    cloud = rng.normal(size=(60, 50))
    cloud[1] = cloud[0]
    cloud[1, 0] += 1e-6
    moved = cloud + 1000.0
    assert distances(moved)[0, 1] == pytest.approx(moved[1, 0] - moved[0, 0], rel=1e-12)
    assert euclidean_distances(moved)[0, 1] != pytest.approx(1e-6, rel=0.5)
    np.testing.assert_allclose(distances(cloud), euclidean_distances(cloud), atol=1e-6)


@pytest.mark.parametrize("shape", [(80, 20), (40, 120)])
def test_components_are_those_of_scikit_learn_but_for_their_signs(rng, shape):
    from sklearn.decomposition import PCA

    cloud = rng.normal(size=shape) * np.arange(1, shape[1] + 1) ** -0.5
    theirs = PCA(10, svd_solver="full").fit_transform(cloud)
    np.testing.assert_allclose(np.abs(principal_components(cloud, 10).scores), np.abs(theirs), atol=1e-10)
