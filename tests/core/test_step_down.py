"""Plain and adjusted p by one rule: the adjusted one known from elsewhere, the plain one never above it."""

import numpy as np
import pytest
from scipy import stats

from todacomm.core.inference import step_down_max_t
from todacomm.core.inference.step_down import max_t


@pytest.mark.parametrize("tail", ["upper", "two-sided"])
@pytest.mark.parametrize("seed", range(4))
def test_adjusted_p_is_that_of_step_down_max_t_and_never_below_the_plain_one(tail, seed):
    rng = np.random.default_rng(seed)
    observed, draws = 2.0 * rng.exponential(size=8), rng.exponential(size=(39, 8))
    plain, adjusted = max_t(observed, draws, tail)
    assert adjusted == pytest.approx(step_down_max_t(observed, draws, tail))
    assert (adjusted >= plain).all()
    assert plain.min() >= 1 / 40


def test_the_upper_plain_p_is_the_share_of_draws_at_least_as_large():
    plain, _ = max_t([2.0, 0.5], np.array([[1.0, 1.0], [2.0, 0.0], [3.0, 0.0]]), "upper")
    assert plain.tolist() == [0.75, 0.5]


def test_plain_p_is_uniform_where_observed_value_and_draws_are_alike():
    rng = np.random.default_rng(0)
    values = np.exp(rng.normal(size=(400, 20)))  # skewed: the two tails are not alike
    p = np.array([max_t(row[:1], row[1:, None], "two-sided")[0][0] for row in values])
    assert stats.kstest(p - rng.uniform(size=400) / 20, "uniform").pvalue > 0.005


def test_what_never_varies_is_no_finding():
    plain, adjusted = max_t([1.0, 5.0], np.array([[1.0, 0.0], [1.0, 1.0]]), "two-sided")
    assert plain[0] == adjusted[0] == 1.0
