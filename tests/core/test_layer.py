"""A layer as a whole: known values, invariances, and what is undefined."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tests.core.shapes import polygon, rotation
from todacomm.core import analyze_distances, analyze_layer
from todacomm.core.clouds import distances
from todacomm.core.facts import RunWarning
from todacomm.core.inference.replicates import half_samples, replicate
from todacomm.core.metrics import COUNTS, INTERVAL_METRICS, LAYER_METRICS, metric_of

NOT_OF_THE_CLOUD = {name for name, metric in LAYER_METRICS.items() if metric.of != "cloud"}


@pytest.fixture
def cloud(rng):
    return rng.normal(size=(120, 40)) * np.linspace(0.5, 2.0, 40) + 3.0


def test_every_metric_of_the_registry_is_measured(cloud):
    layer = analyze_layer(cloud, pca=30)
    assert set(layer.metrics) == set(LAYER_METRICS) - NOT_OF_THE_CLOUD
    assert all(np.isfinite(list(layer.metrics.values())))
    assert layer.warnings == ()


@pytest.mark.parametrize("maxdim", [0, 1, 2])
def test_a_layer_without_a_shape_has_the_metrics_of_one_with(cloud, maxdim):
    defined, undefined = analyze_layer(cloud, maxdim=maxdim), analyze_layer(np.ones((120, 40)), maxdim=maxdim)
    assert set(undefined.metrics) - NOT_OF_THE_CLOUD == set(defined.metrics)
    assert set(undefined.curves) == set(defined.curves)
    assert len(undefined.diagrams) == len(defined.diagrams) == maxdim + 1


def test_scale_multiplies_raw_numbers_and_leaves_scale_free_ones(cloud):
    base, scaled = analyze_layer(cloud).metrics, analyze_layer(7.0 * cloud).metrics
    for name, value in base.items():
        factor = 1.0 if LAYER_METRICS[name].scale_free else 7.0
        if LAYER_METRICS[name].units == "-" and name.endswith("count"):
            factor = 1.0
        assert scaled[name] == pytest.approx(factor * value, rel=2e-5), name


def test_rotation_and_order_of_rows_change_nothing(cloud, rng):
    base = analyze_layer(cloud).metrics
    moved = analyze_layer((cloud @ rotation(rng, 40))[rng.permutation(120)]).metrics
    for name, value in base.items():
        if name != "top_dim_variance":  # a share of one coordinate
            assert moved[name] == pytest.approx(value, rel=1e-4), name


def test_translation_changes_only_what_is_measured_from_the_origin(cloud):
    base, moved = analyze_layer(cloud).metrics, analyze_layer(cloud + 50.0).metrics
    for name, value in base.items():
        if name not in ("mean_norm", "mean_cosine"):
            assert moved[name] == pytest.approx(value, rel=1e-4), name


@pytest.mark.parametrize("metric", ["cityblock", "chebyshev"])
def test_without_pca_every_metric_sees_the_cloud_as_it_is(cloud, metric):
    for pca in (0, 99):
        matrix = analyze_layer(cloud, pca=pca, metric=metric, maxdim=0).distances
        np.testing.assert_allclose(matrix, squareform(pdist(cloud, metric)), rtol=1e-12)


def test_circle_has_one_loop_with_known_numbers():
    metrics = analyze_layer(polygon(60), pca=0).metrics
    birth, death = 2 * np.sin(np.pi / 60), np.sqrt(3.0)
    assert metrics["h1_count"] == 1
    assert metrics["h1_max_lifetime"] == pytest.approx(death - birth, rel=1e-6)
    assert metrics["h1_max_ratio"] == pytest.approx(death / birth, rel=1e-6)
    assert metrics["h0_total_persistence"] == pytest.approx(59 * birth)
    assert np.isnan(metrics["h1_entropy"])


def test_what_is_undefined_says_why(cloud):
    layer = analyze_layer(polygon(60))
    assert [warning.text for warning in layer.warnings] == [
        "pca=50 keeps all 2 components: there are no more",
        "h1_entropy is not defined: it takes two bars",
        "spectrum_alpha is not defined: it takes 40 eigenvalues above 0: as many points and dimensions",
        "twonn_dimension is not defined: over half of the points have two neighbours at one distance, as on a lattice",
    ]
    (warning,) = analyze_layer(np.vstack([cloud, np.zeros(40)]), pca=0).warnings
    assert warning == RunWarning("metric_undefined", "mean_cosine is not defined: a row is zero")


def test_the_ranks_of_the_spectral_fit_are_recorded(rng):
    assert analyze_layer(rng.normal(size=(100, 60))).curves["spectrum_ranks"].tolist() == [11, 30]


def test_a_cloud_without_loops_has_ratio_one_and_length_zero():
    metrics = analyze_layer(np.eye(8)).metrics
    assert (metrics["h1_max_ratio"], metrics["h1_max_norm"], metrics["h1_count"]) == (1.0, 0.0, 0.0)


def test_duplicates_leave_the_shape_and_show_in_the_health(cloud):
    base = analyze_layer(cloud)
    repeated = analyze_layer(np.vstack([cloud, cloud[:60]]), pca=0)
    plain = analyze_layer(cloud, pca=0)
    for name in ("h0_total_persistence", "h0_total_norm", "h1_total_norm", "h0_count", "twonn_dimension"):
        assert repeated.metrics[name] == pytest.approx(plain.metrics[name], rel=1e-5), name
    assert repeated.metrics["duplicate_fraction"] == pytest.approx(60 / 180)
    assert "120 distinct points of 180" in repeated.warnings[0].text
    assert not repeated.degenerate
    assert not base.degenerate


def test_under_half_distinct_stands_with_a_warning_and_is_no_denominator(cloud):
    layer = analyze_layer(np.vstack([cloud[:50]] * 3))
    assert layer.degenerate
    assert layer.defined
    assert layer.metrics["h0_total_persistence"] > 0
    assert layer.warnings[0].code == "degenerate"


@pytest.mark.parametrize("n_distinct", [1, 2, 3])
def test_under_four_distinct_points_nothing_of_shape_is_defined(rng, n_distinct):
    layer = analyze_layer(rng.normal(size=(n_distinct, 5))[np.arange(40) % n_distinct])
    assert layer.metrics["n_distinct"] == n_distinct
    assert {name for name, value in layer.metrics.items() if np.isfinite(value)} == set(COUNTS)
    assert f"{n_distinct} distinct {'point' if n_distinct == 1 else 'points'} of 40: no shape" in layer.warnings[0].text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_never_reach_the_engine(cloud, value):
    cloud[3, 5] = value
    layer = analyze_layer(cloud, maxdim=2)
    assert "1 of 120 rows hold nan or infinity" in layer.warnings[0].text
    assert layer.metrics["n_points"] == 120
    assert np.isnan(layer.metrics["h0_total_norm"])
    assert [len(dgm) for dgm in layer.diagrams] == [0, 0, 0]


def test_standardizing_makes_a_rogue_dimension_ordinary(rng):
    cloud = rng.normal(size=(150, 30))
    rogue = cloud * np.where(np.arange(30) == 4, 1000.0, 1.0)
    assert analyze_layer(rogue).metrics["participation_ratio"] < 1.01
    a, b = analyze_layer(rogue, standardize=True).metrics, analyze_layer(cloud, standardize=True).metrics
    assert a["h0_total_norm"] == pytest.approx(b["h0_total_norm"], rel=1e-6)
    assert a["top_dim_variance"] > 0.99  # health is of the cloud as it came


@pytest.mark.parametrize(("n_points", "bars", "seeds"), [(75, 75, 20), (500, 972, 6)])
def test_counts_on_noise_prove_nothing(n_points, bars, seeds):
    """A tenth more or less from cloud to cloud: one central point decides how soon all loops are filled."""
    clouds = (np.random.default_rng(seed).normal(size=(n_points, 50)) for seed in range(seeds))
    counts = [analyze_layer(cloud, pca=0).metrics["h1_count"] for cloud in clouds]
    assert abs(np.mean(counts) - bars) < np.std(counts)


def test_curves_start_with_all_points_and_end_with_one_component(cloud):
    curves = analyze_layer(cloud).curves
    assert curves["betti_0"][0] == 119
    assert curves["betti_0"][-1] == 0
    assert curves["euler"][0] == 120
    assert curves["euler"][-1] == 1
    assert len(curves["scale"]) == len(curves["betti_1"])


@pytest.mark.parametrize("maxdim", [0, 1, 2])
def test_distances_alone_give_what_they_give_of_a_cloud(rng, maxdim):
    cloud = rng.normal(size=(40, 5))
    cloud[[3, 7]] = cloud[0]
    matrix = squareform(pdist(cloud))
    whole, alone = analyze_layer(cloud, pca=0, maxdim=maxdim), analyze_distances(matrix, maxdim=maxdim)
    assert list(alone.distinct) == list(whole.distinct)
    for name, value in whole.metrics.items():
        expected = np.nan if metric_of(name).needs_coordinates else value
        assert alone.metrics[name] == pytest.approx(expected, rel=1e-6, nan_ok=True), name
    for dgm, expected in zip(alone.diagrams, whole.diagrams, strict=True):
        np.testing.assert_allclose(dgm, expected, rtol=1e-6)
    of_both = [warning for warning in whole.warnings if not warning.text.startswith("spectrum_alpha")]
    assert list(alone.warnings) == of_both
    halves = half_samples(40, 6, seed=1)
    ours, theirs = (replicate(one, cloud, halves).values for one in (alone, whole))
    for column, name in enumerate(INTERVAL_METRICS):
        expected = theirs[:, column] * (np.nan if metric_of(name).needs_coordinates else 1.0)
        np.testing.assert_allclose(ours[:, column], expected, rtol=1e-6, err_msg=name)
    np.testing.assert_array_equal(alone.nearest(alone.distinct), whole.nearest(whole.distinct))
    np.testing.assert_allclose(alone.among(alone.distinct), whole.among(whole.distinct))


def test_distances_need_no_triangle_inequality(rng):
    squared = squareform(pdist(rng.normal(size=(60, 3)))) ** 2
    order = rng.permutation(60)
    one, other = analyze_distances(squared), analyze_distances(squared[np.ix_(order, order)])
    assert one.metrics == pytest.approx(other.metrics, nan_ok=True)
    plain = analyze_distances(np.sqrt(squared))
    np.testing.assert_allclose(one.diagrams[0], plain.diagrams[0] ** 2, rtol=1e-12)
    np.testing.assert_allclose(one.diagrams[1], plain.diagrams[1] ** 2, rtol=1e-6)


def test_distances_of_too_few_distinct_points_have_no_shape():
    layer = analyze_distances(np.kron(1.0 - np.eye(3), np.ones((4, 4))))
    assert not layer.defined
    assert (layer.metrics["n_points"], layer.metrics["n_distinct"]) == (12.0, 3.0)
    assert [warning.code for warning in layer.warnings] == ["no_shape"]
    assert layer.distances.shape == (0, 0)


@pytest.mark.parametrize("scale", [1e-300, 1e-40, 1e40, 1e200])
def test_numbers_beyond_the_engines_precision_are_named_and_not_measured(rng, scale):
    points = rng.normal(size=(12, 3))
    for measured in (analyze_layer(points * scale), analyze_distances(distances(points) * scale)):
        assert [warning.code for warning in measured.warnings] == ["out_of_range"]
        assert not measured.defined
        assert np.isnan(measured.metrics["h0_total_persistence"])
    assert analyze_layer(np.full((12, 3), scale)).warnings[0].code == "no_shape"


@pytest.mark.parametrize("metric", ["euclidean", "cityblock"])
def test_points_that_differ_in_components_left_out_alone_are_one(metric):
    """Eight points on a line and 32 at one place of it: the median distance would be rounding, and divide others."""
    place = np.r_[50.0 * np.random.default_rng(0).normal(size=8), np.zeros(32)]
    cloud = np.column_stack([place, 0.5 * np.eye(40)])
    assert analyze_layer(cloud, pca=0, metric=metric).metrics["n_distinct"] == 40
    layer = analyze_layer(cloud, pca=1, metric=metric)
    assert layer.metrics["n_distinct"] == 9
    assert layer.metrics["h0_count"] == 8
    assert layer.metrics["h0_total_norm"] < 1.0
    assert layer.degenerate
    one_place = np.column_stack([np.repeat([0.0, 1e3, 2e3], 20), np.eye(60)])
    assert [warning.code for warning in analyze_layer(one_place, pca=1, metric=metric).warnings] == ["no_shape"]
