"""Half-samples: a replicate is what the half alone would give; errors are those of theory."""

import numpy as np
import pytest

from tests.core.shapes import polygon
from todacomm.core.inference import (
    INTERVAL_METRICS,
    betti_bands,
    half_samples,
    intervals,
    metric_values,
    paired_difference,
    paired_p_values,
    replicate,
    to_full_size,
)
from todacomm.core.inference.uncertainty import ROUNDING
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import LAYER_METRICS, measure
from todacomm.core.parts import Parts

COLUMN = {name: column for column, name in enumerate(INTERVAL_METRICS)}
FREE = [
    COLUMN[name]
    for name in INTERVAL_METRICS
    if LAYER_METRICS[name].scale_free and LAYER_METRICS[name].group != "cloud" and name != "spectrum_alpha"
]
"""Metrics that neither scale nor a shift changes, and that a small cloud has."""


def test_halves_hold_half_of_the_points_once():
    halves = half_samples(11, 30, seed=3)
    assert halves.shape == (30, 5)
    assert (np.diff(halves, axis=1) > 0).all()
    assert halves.min() >= 0
    assert halves.max() <= 10


def test_halves_depend_on_seed_and_points_alone_and_more_begin_with_the_same():
    assert np.array_equal(half_samples(50, 20, seed=1)[:8], half_samples(50, 8, seed=1))
    assert not np.array_equal(half_samples(50, 8, seed=1), half_samples(50, 8, seed=2))


def test_every_point_is_drawn_equally_often():
    counts = np.bincount(half_samples(20, 2000, seed=0).ravel(), minlength=20)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(2000 * 0.25)


@pytest.mark.parametrize("n_dims", [12, 70], ids=["fewer dimensions than half the points", "more"])
@pytest.mark.parametrize("duplicates", [0, 25])
def test_a_replicate_is_the_analysis_of_the_half_alone(rng, n_dims, duplicates):
    cloud = rng.normal(size=(80, n_dims)) * np.linspace(0.5, 3.0, n_dims) + 1.0
    cloud[80 - duplicates :] = cloud[:duplicates]
    halves = half_samples(80, 3, seed=0)
    replicates = replicate(analyze_layer(cloud, pca=0), cloud, halves)
    for row, half in zip(replicates.values, halves, strict=True):
        alone = metric_values(analyze_layer(cloud[half], pca=0).metrics)
        np.testing.assert_allclose(row, alone, rtol=2e-5)


def test_what_a_single_point_or_a_fit_on_all_decides_has_no_interval():
    assert not {"h0_max_lifetime", "h0_max_norm", "pca_explained_variance"} & set(INTERVAL_METRICS)


def test_a_cloud_moved_scaled_and_rounded_to_single_precision_does_not_differ(rng):
    cloud = rng.normal(size=(80, 12)).astype(np.float32)
    measured = []
    for own in (cloud, 3 * cloud + np.float32(5)):
        layer = analyze_layer(own)
        halves = replicate(layer, own, half_samples(80, 40, seed=0))
        measured.append((metric_values(layer.metrics)[FREE], halves.values[:, FREE]))
    (value, first), (other, second) = measured
    p = paired_p_values(value, other, first, second, grows=False)
    assert (value != other).any(), "rounding makes a difference"
    assert p.min() == 1.0
    difference = paired_difference(value, other, first, second, grows=False)
    assert ((difference.lo < 0) & (difference.hi > 0)).all()


def test_health_is_of_the_raw_cloud_and_shape_of_the_standardised_one(rng):
    cloud = rng.normal(size=(60, 5)) * [1, 2, 4, 8, 16] + 3.0
    layer = analyze_layer(cloud, standardize=True)
    values = replicate(layer, cloud, half_samples(60, 4, seed=0)).values
    assert (values[:, COLUMN["top_dim_variance"]] > 0.6).all()
    assert (values[:, COLUMN["participation_ratio"]] > 3.0).all()


def test_threads_change_no_number(rng):
    cloud = rng.normal(size=(50, 60))
    layer, halves = analyze_layer(cloud), half_samples(50, 12, seed=0)
    one, three = (replicate(layer, cloud, halves, threads=threads) for threads in (1, 3))
    assert np.array_equal(one.values, three.values, equal_nan=True)
    assert np.array_equal(one.diagrams[5][1], three.diagrams[5][1])


def test_halves_without_four_distinct_points_are_nan_and_counted():
    cloud = np.zeros((40, 3))
    cloud[:5] = np.random.default_rng(0).normal(size=(5, 3))
    replicates = replicate(analyze_layer(cloud), cloud, half_samples(40, 50, seed=0))
    degenerate = np.isnan(replicates.values[:, COLUMN["h0_mean_lifetime"]])
    assert 0 < replicates.n_degenerate == degenerate.sum() < 50
    assert np.isfinite(replicates.values[:, COLUMN["mean_norm"]]).all()


def test_a_cloud_with_nan_has_no_number():
    cloud = np.ones((20, 3))
    cloud[4, 1] = np.nan
    assert np.isnan(replicate(analyze_layer(cloud), cloud, half_samples(20, 5, seed=0)).values).all()


def test_the_error_of_a_mean_is_its_textbook_error(rng):
    cloud = rng.normal(size=(100, 8)) + 2.0
    values = replicate(analyze_layer(cloud), cloud, half_samples(100, 600, seed=0)).values
    norms = np.linalg.norm(cloud, axis=1)
    column = COLUMN["mean_norm"]
    se = intervals([norms.mean()], values[:, [column]], grows=False).se
    assert se[0] == pytest.approx(norms.std(ddof=1) / 10.0, rel=0.1)


def test_what_grows_is_rescaled_and_the_rest_is_not():
    halves = np.array([[4.0, 4.0], [5.0, 5.0], [6.0, 6.0]])
    estimate = intervals([10.0, 10.0], halves, grows=[True, False])
    assert estimate.se.tolist() == [2.0, 1.0]
    assert estimate.hi.tolist() == pytest.approx([10.0 + 1.96 * 2.0, 10.0 + 1.96], abs=1e-3)


def test_the_registry_decides_what_grows_and_none_of_it_changes_its_sign():
    growing = {name for name in INTERVAL_METRICS if LAYER_METRICS[name].grows}
    totals = {"h0_total_persistence", "h1_total_persistence", "h1_total_norm", "h1_count"}
    assert growing == totals | {"participation_ratio", "effective_rank"}  # none of them negative


def test_the_undefined_has_no_interval():
    halves = np.array([[np.nan, np.nan, 1.0], [np.nan, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    mostly, once, no_value = intervals([1.0, 1.0, np.nan], halves[:3], grows=False).se
    assert np.isnan(mostly)
    assert once == pytest.approx(np.sqrt(0.5))
    assert np.isnan(no_value)
    assert np.isnan(intervals([0.0], np.zeros((4, 1)), grows=[True]).se[0])
    assert np.isnan(intervals([1.0], np.ones((1, 1)), grows=[False]).se[0])


def test_clouds_of_the_same_texts_differ_with_the_error_of_the_difference(rng):
    values = rng.normal(10.0, 1.0, size=(200, 1))
    others = values + rng.normal(0.0, 0.1, size=(200, 1))
    paired = paired_difference([10.0], [9.0], values, others, grows=[False])
    assert paired.value.tolist() == [1.0]
    assert paired.se[0] == pytest.approx(0.1, rel=0.2)
    assert paired_difference([10.0], [10.0], values, values, grows=[True]).se[0] == pytest.approx(10 * ROUNDING)
    swapped = paired_difference([9.0], [10.0], others, values, grows=[False])
    assert (swapped.lo[0], swapped.hi[0]) == pytest.approx((-paired.hi[0], -paired.lo[0]))


def test_full_size_keeps_the_relative_spread_of_what_grows(rng):
    halves = rng.uniform(4.0, 6.0, size=(50, 1))
    full = to_full_size([20.0], halves, grows=[True])
    assert full.mean() == pytest.approx(20.0)
    assert full.std() / full.mean() == pytest.approx(halves.std() / halves.mean())


def test_paired_p_is_small_for_the_layer_that_differs_alone(rng):
    halves = rng.normal(size=(100, 5))
    others = halves + 0.1 * rng.normal(size=(100, 5))
    p = paired_p_values([0.0, 0.0, 1.0, 0.0, np.nan], np.zeros(5), halves, others, grows=False)
    assert p[2] == pytest.approx(1 / 101)
    assert (p[[0, 1, 3]] > 0.5).all()
    assert np.isnan(p[4])


def test_bands_hold_the_curve_and_the_expected_curve():
    layers = []
    for seed in range(40):
        cloud = np.random.default_rng(seed).normal(size=(120, 20)) * np.arange(1, 21) ** -0.5
        layers.append(analyze_layer(cloud))
    own = layers[0].curves
    halves = replicate(layers[0], layers[0].cloud, half_samples(120, 40, seed=0))
    bands = betti_bands(own, layers[0].metrics["h0_mean_lifetime"], halves.diagrams)
    for degree in ("betti_0", "betti_1"):
        lo, hi = bands[f"{degree}_lo"], bands[f"{degree}_hi"]
        assert ((lo >= 0.0) & (lo <= own[degree]) & (own[degree] <= hi)).all()
        curves = [np.interp(own["scale"], other.curves["scale"], other.curves[degree], right=0.0) for other in layers]
        expected = np.mean(curves, axis=0)
        body = (expected > 0.2 * expected.max()) & (hi > lo)
        assert ((lo <= expected) & (expected <= hi))[body].mean() > 0.8


def test_no_band_where_no_half_sample_has_a_bar():
    square = polygon(4)
    layer = analyze_layer(square)
    bands = betti_bands(layer.curves, layer.metrics["h0_mean_lifetime"], [[layer.diagrams[0], np.empty((0, 2))]] * 3)
    assert set(bands) == {"betti_0_lo", "betti_0_hi"}
    assert betti_bands(layer.curves, layer.metrics["h0_mean_lifetime"], []) == {}


def test_a_row_of_zeros_leaves_the_mean_cosine_of_parts_without_it(rng):
    cloud = rng.integers(1, 5, size=(20, 2)).astype(float)
    cloud[0] = 0.0
    parts = Parts(analyze_layer(cloud, pca=0).view(cloud), np.array([np.arange(1, 11), np.arange(10)]))
    without, with_zeros = (measure(part, ["mean_cosine"])["mean_cosine"] for part in parts)
    assert without == pytest.approx(analyze_layer(cloud[1:11], pca=0).metrics["mean_cosine"])
    assert np.isnan(with_zeros)
