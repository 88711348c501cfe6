"""Gaps of a thin sample: dimension at a bar's scale, and the law of noise."""

import numpy as np
import pytest

from tests.core.shapes import noisy_circle, polygon
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.inference import universal_p_values
from todacomm.core.loops import Evidence, loop_bars, noise_p_values, scale_dimension, verdict
from todacomm.core.loops.verdict import FEW_DIMENSIONS, LEVEL


def longest(cloud):
    among = distances(cloud)
    dgm = persistence(among)[1]
    bars = loop_bars(among, dgm)
    return scale_dimension(among, bars)[0], noise_p_values(bars, dgm)[0]


def test_dimension_is_that_of_the_pairs_between_birth_and_death():
    among = distances(noisy_circle(np.random.default_rng(0), 80, 6, 0.1))
    (bar,) = loop_bars(among, n_longest=1)
    rounded = among.astype(np.float32)
    counts = [(rounded[np.triu_indices(80, 1)] <= scale).sum() for scale in (bar.birth, bar.death)]
    expected = np.log(counts[1] / counts[0]) / np.log(bar.death / bar.birth)
    assert scale_dimension(among, (bar,))[0] == pytest.approx(expected)
    assert scale_dimension(7.0 * among, loop_bars(7.0 * among, n_longest=1))[0] == pytest.approx(expected)
    assert scale_dimension(among, ()).shape == (0,)


def test_polygon_is_a_curve_at_the_scale_of_its_loop():
    """60 pairs at the birth, 60 * 20 at the death: ln 20 / ln(sqrt 3 / (2 sin(pi / 60))), rounding apart."""
    dimension, _ = longest(polygon(60))
    assert dimension == pytest.approx(np.log(20) / np.log(np.sqrt(3.0) / (2.0 * np.sin(np.pi / 60))), rel=0.02)


def test_p_values_are_those_of_the_universal_law():
    among = distances(np.random.default_rng(1).normal(size=(100, 5)))
    dgm = persistence(among)[1]
    bars = loop_bars(among, dgm, n_longest=len(dgm))
    np.testing.assert_array_equal(np.sort(noise_p_values(bars, dgm)), np.sort(universal_p_values(dgm)))


def test_widest_gaps_of_a_square_are_no_loops_whatever_halves_say():
    """A square has none; its gaps are reproduced, and only the law of noise tells them from loops."""
    claims = 0
    for seed in range(20):
        dimension, p_noise = longest(np.random.default_rng(seed).uniform(size=(150, 2)))
        assert dimension < FEW_DIMENSIONS
        claims += verdict(Evidence(0.025, 1.0, 1.0, dimension, p_noise)) == "loop"
    assert claims <= 3


@pytest.mark.parametrize(("n_dims", "sigma"), [(2, 0.15), (50, 0.1), (50, 0.2)])
def test_circles_are_beyond_sampling(n_dims, sigma):
    dimension, p_noise = longest(noisy_circle(np.random.default_rng(2), 200, n_dims, sigma))
    assert dimension >= FEW_DIMENSIONS or p_noise <= LEVEL
