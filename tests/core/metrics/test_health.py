"""Whether a cloud can be read: known clouds, and sums over all pairs."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from todacomm.core.layer import analyze_layer


def test_health_of_known_clouds():
    values = analyze_layer(np.vstack([np.eye(4), np.eye(4)])).metrics
    assert values["n_points"] == 8
    assert values["n_distinct"] == 4
    assert values["duplicate_fraction"] == 0.5
    assert values["mean_norm"] == 1.0
    assert values["mean_cosine"] == pytest.approx((4 * 2) / (8 * 7))
    assert values["top_dim_variance"] == pytest.approx(0.25)
    assert values["unit_distance"] == pytest.approx(np.sqrt(2.0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(40, 5), (5, 40)])
def test_mean_cosine_is_the_mean_over_pairs(seed, shape):
    cloud = np.random.default_rng(seed).normal(loc=1.0, size=shape)
    unit = cloud / np.linalg.norm(cloud, axis=1, keepdims=True)
    pairs = (unit @ unit.T)[np.triu_indices(len(cloud), 1)]
    assert analyze_layer(cloud).metrics["mean_cosine"] == pytest.approx(pairs.mean())


def test_a_rogue_dimension_shows(rng):
    cloud = rng.normal(size=(200, 50))
    cloud[:, 3] *= 100.0
    assert analyze_layer(cloud).metrics["top_dim_variance"] > 0.99


def test_the_unit_is_the_median_distance_unless_points_coincide(rng):
    cloud = rng.normal(size=(40, 3))
    repeated = np.vstack([cloud, cloud[:30]])
    plain, doubled = analyze_layer(cloud).metrics, analyze_layer(repeated).metrics
    assert plain["unit_distance"] == plain["median_distance"]
    assert doubled["unit_distance"] == pytest.approx(plain["unit_distance"])
    assert doubled["median_distance"] == pytest.approx(np.median(pdist(repeated)))
    assert doubled["median_distance"] != pytest.approx(doubled["unit_distance"])


def test_scale_free_numbers_are_raw_ones_in_units_of_the_distance(rng):
    for cloud in (rng.normal(size=(50, 4)), np.vstack([rng.normal(size=(30, 4))] * 2)):
        values = analyze_layer(cloud).metrics
        for raw, scale_free in (("h0_mean_lifetime", "h0_total_norm"), ("h1_max_lifetime", "h1_max_norm")):
            assert values[raw] == pytest.approx(values["unit_distance"] * values[scale_free])
