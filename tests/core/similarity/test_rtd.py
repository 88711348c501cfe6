"""Representation topology divergence against its published value, and as theorems."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from todacomm.core.homology import persistence
from todacomm.core.similarity import rtd, rtd_null
from todacomm.core.similarity.rtd import normalised, rtd_directions


def distances(cloud: np.ndarray) -> np.ndarray:
    return squareform(pdist(cloud))


def published_trials(trials: int) -> list[float]:
    """The example of the README of the RTD repository, as far as asked for."""
    np.random.seed(7)  # noqa: NPY002 - the published value hangs on this stream
    first, second = np.random.rand(1000, 2), np.random.rand(1000, 2)  # noqa: NPY002
    trial_values = []
    for _ in range(trials):
        order = list(range(1000))
        np.random.shuffle(order)  # noqa: NPY002
        tables = [distances(cloud[order[:500]]) for cloud in (first, second)]
        tiny = 1e-6 * tables[0].mean()
        trial_values.append(rtd(*(np.where(table < tiny, 0.0, table) for table in tables)))
    return trial_values


def test_the_published_example_first_trial():
    assert published_trials(1)[0] == pytest.approx(35.134614, abs=2e-5)


@pytest.mark.heavy
def test_the_published_example_all_trials():
    assert np.mean(published_trials(10)) == pytest.approx(35.552344, abs=2e-5)


def test_it_is_zero_for_equal_clouds_whatever_their_scale_and_symmetric(rng):
    first, second = (distances(rng.normal(size=(30, 4))) for _ in range(2))
    assert rtd(first, 5.0 * first) == pytest.approx(0.0, abs=1e-6)
    assert rtd(first, second) == pytest.approx(rtd(second, first), rel=1e-6)
    assert rtd(first, second) > 0.5
    order = rng.permutation(30)
    swapped = np.ix_(order, order)
    assert rtd(first[swapped], second[swapped]) == pytest.approx(rtd(first, second), rel=1e-6)


def test_both_engines_agree(rng):
    pytest.importorskip("gudhi")
    first, second = (distances(rng.normal(size=(25, 3))) for _ in range(2))
    assert rtd(first, second, engine="gudhi") == pytest.approx(rtd(first, second, engine="ripser"), rel=1e-5)


@pytest.mark.parametrize("levels", [3, 8, 10**6])
def test_half_of_the_edges_between_points_and_copies_have_the_bars_of_all(rng, levels):
    """Symmetric tables that are no distances, with many ties where there are few levels."""
    for n in (4, 7, 20, 40):
        upper = np.triu(rng.integers(1, levels + 1, (2, n, n)).astype(float), 1)
        first, second = (normalised(table + table.T) for table in upper)
        both = np.minimum(first, second)
        in_full = [np.block([[np.zeros((n, n)), table], [table, both]]) for table in (first, second)]
        expected = [np.ptp(persistence(table)[1], axis=1).sum() for table in in_full]
        assert rtd_directions(first, second) == pytest.approx(expected, rel=1e-6)


def test_a_cloud_with_a_little_noise_is_nearer_than_one_paired_at_random(rng):
    cloud = rng.normal(size=(40, 5))
    first, second = distances(cloud), distances(cloud + 0.05 * rng.normal(size=cloud.shape))
    null = rtd_null(first, second, 19, rng)
    assert null.shape == (19,)
    assert rtd(first, second) < 0.3 * null.min()


def test_what_has_no_divergence_is_refused(rng):
    table = distances(rng.normal(size=(8, 2)))
    with pytest.raises(ValueError, match="the first table has 8 rows, the second 5"):
        rtd(table, table[:5, :5])
    with pytest.raises(ValueError, match="nine tenths of the distances are zero"):
        rtd(table, np.zeros_like(table))
