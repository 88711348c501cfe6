"""Spectra and intrinsic dimension against known dimensions."""

import numpy as np
import pytest

from todacomm.core.clouds import distances, principal_components
from todacomm.core.geometry import (
    dimension_over_scale,
    effective_rank,
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


def test_dimension_over_scale_starts_with_twonn_and_stays_near_the_truth(rng):
    matrix = distances(rng.normal(size=(1000, 3)))
    scale, dimension = dimension_over_scale(matrix)
    assert dimension[0] == pytest.approx(twonn_dimension(matrix))
    assert (np.diff(scale) > 0).all()
    np.testing.assert_allclose(dimension, 3.0, atol=0.4)


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
