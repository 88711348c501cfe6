"""Circular coordinates: exact on polygons, close to the true angle under noise, undefined where they must be."""

import numpy as np
import pytest

from tests.core.shapes import noisy_circle, polygon, rotation
from todacomm.core.clouds import distances
from todacomm.core.loops import circular_coordinate, circular_correlation, loop_bars, smoothed_angle


def circle(seed, n_points=300, sigma=0.2, n_dims=50):
    """A noisy circle with its true angles, which its generator draws first."""
    cloud = noisy_circle(np.random.default_rng(seed), n_points, n_dims, sigma)
    return cloud, np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, n_points)


def coordinate(cloud):
    among = distances(cloud)
    return circular_coordinate(among, *loop_bars(among, n_longest=1))


@pytest.mark.parametrize("corners", [4, 11, 40])
def test_polygon_in_even_steps(corners):
    angles = coordinate(polygon(corners))
    assert circular_correlation(angles, np.arange(corners) * 2.0 * np.pi / corners) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_noisy_circle(seed):
    cloud, truth = circle(seed)
    angles = coordinate(cloud)
    smoothed = smoothed_angle(cloud, angles)
    assert circular_correlation(angles, truth) > 0.95
    assert circular_correlation(smoothed.angle, truth) > 0.965
    assert smoothed.share > 0.5


def test_little_noise_needs_no_smoothing():
    cloud, truth = circle(0, sigma=0.05)
    assert circular_correlation(coordinate(cloud), truth) > 0.99


def test_rotation_scale_and_order_change_nothing():
    cloud, _ = circle(1, 120, 0.1, 10)
    rng = np.random.default_rng(0)
    order = rng.permutation(120)
    moved = coordinate(5.0 * cloud[order] @ rotation(rng, 10) - 2.0)
    assert circular_correlation(coordinate(cloud)[order], moved) > 0.999


def test_figure_eight_has_two_coordinates(rng):
    """Either is the angle on its own circle, and nearly constant on the other.

    Where lengths are equal, as in polygons, it is up to their order to which loop a birth belongs, or to their sum.
    """
    both = np.vstack([polygon(40) - [1.05, 0.0], polygon(44) + [1.05, 0.0]]) + rng.normal(scale=1e-4, size=(84, 2))
    among = distances(both)
    turns = np.concatenate([np.arange(40) / 40, np.arange(44) / 44]) * 2.0 * np.pi
    halves = (slice(0, 40), slice(40, 84))
    circles = set()
    for bar in loop_bars(among, n_longest=2):
        angles = circular_coordinate(among, bar)
        (own,) = (index for index, half in enumerate(halves) if circular_correlation(angles[half], turns[half]) > 0.95)
        assert abs(np.exp(1j * angles[halves[1 - own]]).mean()) > 0.95
        circles.add(own)
    assert circles == {0, 1}


def test_points_beyond_reach_have_no_angle_but_a_smoothed_one():
    cloud = np.vstack([polygon(20), [[50.0, 0.0]]])
    angles = coordinate(cloud)
    assert np.isnan(angles).tolist() == [False] * 20 + [True]
    smoothed = smoothed_angle(cloud, angles).angle
    assert np.cos(smoothed[20] - smoothed[0]) == pytest.approx(1.0, abs=1e-6)


def test_loop_that_bends_through_many_directions_is_not_smoothed():
    angles = np.arange(200) * 2.0 * np.pi / 200
    curve = np.column_stack([wave(order * angles) for order in (3, 4, 5) for wave in (np.cos, np.sin)])
    around = coordinate(curve)
    assert circular_correlation(around, angles) > 0.99
    assert smoothed_angle(curve, around).share < 0.1


def test_too_few_angles_are_refused():
    with pytest.raises(ValueError, match="2 points with an angle: expected at least 3"):
        smoothed_angle(polygon(4), np.array([0.0, 1.0, np.nan, np.nan]))


def test_correlation_of_independent_angles_is_small_and_nan_is_left_out():
    rng = np.random.default_rng(0)
    one, other = rng.uniform(0.0, 2.0 * np.pi, size=(2, 2000))
    assert circular_correlation(one, other) < 0.1
    assert circular_correlation([0.0, np.nan, 1.0], [1.0, 5.0, 2.0]) == pytest.approx(1.0)
    assert np.isnan(circular_correlation([np.nan], [0.0]))
