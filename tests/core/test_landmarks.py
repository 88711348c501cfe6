"""Landmarks cover what they are chosen from, and say how well."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tests.core.shapes import noisy_circle, rotation
from todacomm.core.clouds import principal_components
from todacomm.core.inference import half_samples, infer, null_draws, replicate
from todacomm.core.landmarks import farthest_points
from todacomm.core.layer import analyze_layer


@pytest.mark.parametrize("metric", ["euclidean", "cityblock", "chebyshev", "cosine"])
def test_the_cover_radius_is_the_largest_distance_to_the_nearest_landmark(rng, metric):
    cloud = rng.normal(size=(300, 7))
    chosen = farthest_points(cloud, 25, metric)
    to_nearest = cdist(cloud, cloud[chosen.rows], metric).min(axis=1)
    assert to_nearest.max() == chosen.cover_radius
    assert len(set(chosen.rows)) == 25


def test_landmarks_are_further_apart_than_they_cover(rng):
    cloud = rng.normal(size=(400, 3))
    chosen = farthest_points(cloud, 40)
    between = cdist(cloud[chosen.rows], cloud[chosen.rows])[np.triu_indices(40, 1)]
    assert between.min() >= chosen.cover_radius


def test_more_landmarks_begin_with_the_same_ones_and_cover_better(rng):
    cloud = rng.normal(size=(200, 4))
    few, many = farthest_points(cloud, 10), farthest_points(cloud, 60)
    np.testing.assert_array_equal(many.rows[:10], few.rows)
    assert many.cover_radius < few.cover_radius
    assert farthest_points(cloud, 200).cover_radius == 0.0


def test_order_and_rotation_change_nothing(rng):
    cloud = rng.normal(size=(150, 5))
    order = rng.permutation(150)
    base = farthest_points(cloud, 20)
    moved = farthest_points((cloud @ rotation(rng, 5))[order], 20)
    np.testing.assert_array_equal(order[moved.rows], base.rows)
    assert moved.cover_radius == pytest.approx(base.cover_radius)


def test_at_most_twice_the_best_radius():
    """Eight points on a line, three centres: the best radius is 1 (around 1, 5 and 9)."""
    line = np.array([[0.0], [1.0], [2.0], [4.0], [5.0], [6.0], [8.0], [10.0]])
    assert farthest_points(line, 3).cover_radius <= 2.0


@pytest.mark.parametrize("n_landmarks", [0, 31])
def test_a_wrong_number_of_landmarks_is_an_error(rng, n_landmarks):
    with pytest.raises(ValueError, match=f"{n_landmarks} landmarks of 30 points"):
        farthest_points(rng.normal(size=(30, 2)), n_landmarks)


def test_landmarks_of_a_circle_still_show_the_loop(rng):
    layer = analyze_layer(noisy_circle(rng, n_points=4000, n_dims=5, sigma=0.02), landmarks=100)
    longest = layer.metrics["h1_max_lifetime"]
    assert layer.distances.shape == (100, 100)
    assert longest > 1.2
    assert longest > 2.0 * layer.metrics["cover_radius"]
    assert not any(warning.code.startswith("cover_radius") for warning in layer.warnings)


def test_bars_move_by_at_most_twice_the_cover_radius(rng):
    """The loop of all points is born and dies at most 2 r earlier than that of the landmarks."""
    cloud = noisy_circle(rng, n_points=300, n_dims=3, sigma=0.05)
    whole = analyze_layer(cloud)
    for n_landmarks in (30, 60, 120):
        part = analyze_layer(cloud, landmarks=n_landmarks)
        loop, exact = (dgm[np.ptp(dgm, axis=1).argmax()] for dgm in (part.diagrams[1], whole.diagrams[1]))
        assert (loop >= exact - 1e-5).all()
        assert (loop <= exact + 2.0 * part.metrics["cover_radius"] + 1e-5).all()


def test_as_many_landmarks_as_points_give_the_whole_diagram(rng):
    cloud = rng.normal(size=(80, 6))
    whole, part = analyze_layer(cloud), analyze_layer(cloud, landmarks=80)
    for exact, dgm in zip(whole.diagrams, part.diagrams, strict=True):
        np.testing.assert_allclose(dgm, exact, rtol=1e-6)
    assert part.metrics["cover_radius"] == 0.0
    assert part.metrics["h1_total_norm"] == pytest.approx(whole.metrics["h1_total_norm"], rel=1e-6)


def test_duplicates_are_no_landmarks_but_are_covered(rng):
    points = rng.normal(size=(30, 4))
    layer = analyze_layer(np.vstack([points] * 4), landmarks=50)
    assert len(layer.landmarks) == 30
    assert layer.metrics["cover_radius"] == pytest.approx(0.0, abs=1e-12)
    assert layer.metrics["duplicate_fraction"] == 0.75
    assert layer.degenerate


def test_health_and_spectra_are_those_of_the_whole_cloud(rng):
    cloud = rng.normal(size=(200, 30)) + 1.0
    whole, part = analyze_layer(cloud).metrics, analyze_layer(cloud, landmarks=40).metrics
    for name in ("n_points", "n_distinct", "mean_norm", "mean_cosine", "pca_explained_variance", "effective_rank"):
        assert part[name] == whole[name], name
    assert part["h0_count"] == 39
    assert np.isnan(part["twonn_dimension"])


def test_a_radius_over_the_longest_bar_is_said(rng):
    layer = analyze_layer(rng.normal(size=(500, 50)), landmarks=60)
    (warning,) = layer.warnings
    assert layer.metrics["cover_radius"] > layer.metrics["h1_max_lifetime"]
    assert warning.code == "cover_radius_large"
    (warning,) = analyze_layer(rng.normal(size=(90, 50)), landmarks=60, metric="cosine").warnings
    assert warning.code == "cover_radius_bounds_nothing"


def test_inference_gives_no_interval_and_says_so(rng):
    cloud = rng.normal(size=(100, 5))
    layers = {"layer_0": analyze_layer(cloud, landmarks=40)}
    inference = infer(layers, {"layer_0": cloud}, replicates=10, nulls=19)
    assert (inference.intervals, inference.null_rows, inference.bands) == ({}, [], {})
    assert [warning.code for warning in inference.warnings] == ["landmarks_without_intervals"]
    with pytest.raises(ValueError, match="no half-samples"):
        replicate(layers["layer_0"], cloud, half_samples(100, 4, 0))
    with pytest.raises(ValueError, match="no rotation null"):
        null_draws(layers, 3, rng)


def test_memory_holds_no_matrix_of_all_pairs(rng):
    """60,000 points: their distances alone would be 27 GiB."""
    cloud = rng.normal(size=(60_000, 4))
    layer = analyze_layer(cloud, landmarks=60)
    assert layer.distances.nbytes < 1e5
    scores = principal_components(cloud).scores
    assert cdist(scores, scores[layer.landmarks]).min(axis=1).max() == pytest.approx(layer.metrics["cover_radius"])


def test_too_few_landmarks_to_have_a_shape_are_refused(rng):
    with pytest.raises(ValueError, match="landmarks is 3: expected 0, or 4 at least"):
        analyze_layer(rng.normal(size=(20, 3)), landmarks=3)
