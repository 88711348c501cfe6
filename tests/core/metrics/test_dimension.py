"""Spectra and intrinsic dimension against known dimensions."""

import numpy as np
import pytest

from todacomm.core.clouds import distances, principal_components
from todacomm.core.metrics.dimension import (
    dimension_over_scale,
    effective_rank,
    near_twins,
    participation_ratio,
    spectrum_alpha,
    twonn_dimension,
)


@pytest.mark.parametrize(("n_dims", "expected", "deviation"), [(2, 2.02, 0.05), (5, 4.98, 0.11), (10, 9.84, 0.20)])
def test_twonn_of_a_gaussian(n_dims, expected, deviation):
    estimates = [
        twonn_dimension(distances(np.random.default_rng(seed).normal(size=(2000, n_dims)))) for seed in range(3)
    ]
    assert np.mean(estimates) == pytest.approx(expected, abs=3 * deviation)


def test_twonn_sees_a_plane_in_a_large_space(rng):
    plane = rng.uniform(size=(1000, 2)) @ rng.normal(size=(2, 100))
    assert twonn_dimension(distances(plane)) == pytest.approx(2.0, abs=0.2)


def test_ties_count_as_points_and_a_lattice_has_no_dimension():
    grid = np.stack(np.meshgrid(range(6), range(6)), axis=-1).reshape(-1, 2)
    assert np.isnan(twonn_dimension(distances(grid)))
    line = np.array([[0.0], [1.0], [2.0], [4.0]])  # ratios 2, 1, 2, 3 / 2
    assert twonn_dimension(distances(line)) == pytest.approx(3 / np.log(6))


def test_rounding_makes_no_dimension_of_a_lattice_or_a_polygon():
    angles = 2 * np.pi * np.arange(60) / 60
    polygon = np.column_stack([np.cos(angles), np.sin(angles)])
    line = np.outer(np.arange(60.0), [0.3, 0.1, 0.7])
    for cloud in (polygon, polygon.astype(np.float32), line, line.astype(np.float32)):
        assert np.isnan(twonn_dimension(distances(cloud)))
        assert np.isnan(dimension_over_scale(distances(cloud))[1][0])


def test_near_twins_are_counted(rng):
    cloud = rng.normal(size=(300, 20))
    assert near_twins(distances(cloud)) == 0
    cloud[:35] = cloud[100:135] + 1e-5 * rng.normal(size=(35, 20))
    assert near_twins(distances(cloud)) == 70


def test_dimension_over_scale_starts_with_twonn_and_stays_near_the_truth(rng):
    matrix = distances(rng.normal(size=(1000, 3)))
    scale, dimension = dimension_over_scale(matrix)
    assert dimension[0] == pytest.approx(twonn_dimension(matrix))
    assert (np.diff(scale) > 0).all()
    assert len(dimension) == 7  # k = 1 ... 64: neighbour 128 of a quarter of 1,000
    np.testing.assert_allclose(dimension, 3.0, atol=0.4)


def test_noise_raises_the_dimension_at_small_scales_only():
    """A plane with noise in 20 directions: 20 dimensions from close by, two from afar."""
    rng = np.random.default_rng(3)
    plane = np.zeros((1500, 20))
    plane[:, :2] = rng.uniform(size=(1500, 2))
    _, dimension = dimension_over_scale(distances(plane + rng.normal(scale=0.02, size=plane.shape)))
    assert dimension[0] > 6.0
    assert dimension[-1] == pytest.approx(2.0, abs=0.4)


def test_too_few_points_have_no_dimension():
    assert np.isnan(twonn_dimension(distances([[0.0], [1.0]])))


def test_spectral_measures_of_an_isotropic_cloud_are_its_dimension(rng):
    eigenvalues = principal_components(rng.normal(size=(4000, 20))).eigenvalues
    assert participation_ratio(eigenvalues) == pytest.approx(20, rel=0.02)
    assert effective_rank(eigenvalues) == pytest.approx(20, rel=0.02)


def test_spectral_measures_of_nothing_are_undefined():
    assert np.isnan(participation_ratio([0.0, 0.0]))
    assert np.isnan(effective_rank([0.0, 0.0]))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_spectral_exponent_of_a_power_law(exponent):
    assert spectrum_alpha(np.arange(1, 301.0) ** -exponent, 500, 300) == pytest.approx(exponent)


def test_spectral_exponent_needs_ten_ranks():
    eigenvalues = np.arange(1, 41.0) ** -1.0
    assert np.isnan(spectrum_alpha(eigenvalues, 38, 40))
    assert np.isfinite(spectrum_alpha(eigenvalues, 40, 40))
