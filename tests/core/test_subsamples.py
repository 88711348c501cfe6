"""Random subsets: their mean, spread and interval, and what is enough."""

import numpy as np
import pytest

from todacomm.core.convergence import expected_seconds, last_doubling, recommended_size, size_ladder
from todacomm.core.layer import analyze_layer
from todacomm.core.subsamples import Subsamples, subsamples


def test_all_points_give_the_value_of_the_cloud_without_spread(rng):
    cloud = rng.normal(size=(60, 8))
    measured = subsamples(cloud, 60, 5, rng)
    exact = analyze_layer(cloud).metrics
    for metric, estimate in measured.summary().items():
        assert estimate.value == pytest.approx(exact[metric], nan_ok=True), metric
        assert np.isnan([estimate.se, measured.spread(metric)]).all()


def test_the_generator_decides_every_subset_and_threads_none(rng):
    cloud = rng.normal(size=(90, 4))
    one, two = (subsamples(cloud, 30, 6, np.random.default_rng(3), threads=threads).values for threads in (1, 2))
    for metric in one:
        np.testing.assert_array_equal(one[metric], two[metric])
    other = subsamples(cloud, 30, 6, np.random.default_rng(4)).values
    assert (one["h0_total_norm"] != other["h0_total_norm"]).all()


def test_the_interval_covers_the_expected_value_at_its_size(rng):
    """Coverage over 60 clouds of the expectation at 40 points, known from 600 independent clouds of 40."""
    settings = {"pca": 0, "maxdim": 0}
    expected = np.mean(
        [analyze_layer(rng.normal(size=(40, 5)), **settings).metrics["h0_total_norm"] for _ in range(600)]
    )
    covered, spreads = [], []
    for _ in range(60):
        measured = subsamples(rng.normal(size=(160, 5)), 40, 15, rng, **settings)
        estimate = measured.summary()["h0_total_norm"]
        covered.append(estimate.lo <= expected <= estimate.hi)
        spreads.append(measured.spread("h0_total_norm"))
    exact = np.std([analyze_layer(rng.normal(size=(40, 5)), **settings).metrics["h0_total_norm"] for _ in range(300)])
    assert np.mean(covered) >= 0.9
    assert np.mean(spreads) == pytest.approx(exact, rel=0.15)


def test_totals_depend_on_the_size_and_are_not_carried_over(rng):
    cloud = rng.normal(size=(300, 5))
    small, large = (subsamples(cloud, size, 5, rng).summary()["h0_total_persistence"] for size in (50, 150))
    assert small.hi < large.lo


def test_a_metric_undefined_on_most_subsets_has_no_mean():
    values = {"h1_entropy": np.array([np.nan, np.nan, np.nan, 0.5]), "h0_entropy": np.array([np.nan, 0.4, 0.5, 0.6])}
    measured = Subsamples(10, 100, values).summary()
    assert np.isnan(measured["h1_entropy"]).all()
    assert measured["h0_entropy"].value == pytest.approx(0.5)


@pytest.mark.parametrize(("size", "repeats"), [(3, 5), (41, 5), (20, 0)])
def test_wrong_subsets_are_an_error(rng, size, repeats):
    with pytest.raises(ValueError, match="expected"):
        subsamples(rng.normal(size=(40, 3)), size, repeats, rng)


@pytest.mark.parametrize("n_points", [10, 11, 40, 99, 100, 500, 5000])
def test_a_ladder_rises_to_all_points_and_has_room_below_half(n_points):
    sizes = size_ladder(n_points)
    assert sizes[-1] == n_points
    assert list(sizes) == sorted(set(sizes))
    assert min(sizes) >= min(10, n_points)
    assert n_points < 20 or 2 * sizes[0] <= n_points


SIZES = [50, 100, 200, 400]


@pytest.mark.parametrize(
    ("means", "spreads", "expected"),
    [
        ([1.0, 1.0, 1.0, 1.0], [0.01] * 4, 50),
        ([1.2, 1.0, 1.0, 1.0], [0.01] * 4, 100),
        ([1.0, 1.2, 1.0, 1.0], [0.01] * 4, 200),
        ([1.0, 1.0, 1.0, 1.0], [0.3, 0.2, 0.09, 0.05], 200),
        ([1.0, 1.0, 1.2, 1.0], [0.01] * 4, np.nan),
        ([1.0, 1.0, 1.0, 1.0], [0.3, 0.3, 0.3, 0.01], np.nan),
        ([-1.2, -1.0, -1.0, -1.0], [0.01] * 4, 100),
        ([np.nan] * 4, [np.nan] * 4, np.nan),
        ([0.0] * 4, [0.0] * 4, 50),
    ],
)
def test_settled_means_near_from_here_on_with_little_spread(means, spreads, expected):
    assert recommended_size(SIZES, means, spreads, means[-1]) == pytest.approx(expected, nan_ok=True)


def test_the_last_doubling_is_seen_from_half_of_the_points():
    assert last_doubling(SIZES, [5.0, 3.0, 2.0, 1.0]) == -1.0
    assert np.isnan(last_doubling([300, 400], [1.0, 1.0]))


def test_expected_time_is_exact_at_the_size_that_was_timed():
    assert expected_seconds([100], [7], 100, 0.5) == (3.5, 3.5)
    assert expected_seconds([200], [1], 100, 0.5) == (2.0, 4.0)
    low, high = expected_seconds([50], [1], 100, 0.8)
    assert (low, high) == pytest.approx((0.1, 0.2))
