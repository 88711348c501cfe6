"""Plain and adjusted p by one rule: the adjusted one known from elsewhere, the plain one never above it."""

import numpy as np
import pytest
from scipy import stats

from todacomm.core.inference import step_down_max_t
from todacomm.core.inference.step_down import in_stages, max_t


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


def staged(values, first, go_on):
    """Plain and adjusted p of the first row against the others, the later draws made only where it is asked for."""

    def law(draws):
        return max_t(values[0], draws, "upper")

    at_floor = (law(values[1 : first + 1])[1] <= 1 / (first + 1)).any()
    return in_stages(law, values[1:] if at_floor or go_on else values[1 : first + 1], first)


@pytest.mark.parametrize("go_on", [False, True])
def test_draws_that_go_on_where_none_reaches_hold_every_level(go_on):
    """Of five alike layers the smallest adjusted p is at most a level no more often than that level says."""
    rng = np.random.default_rng(1)
    smallest = np.array([staged(rng.normal(size=(100, 5)), 39, go_on)[1].min() for _ in range(4000)])
    for level in (0.01, 0.02, 0.025, 0.05, 0.1):
        assert (smallest <= level).mean() <= level + 2.5 * np.sqrt(level / 4000), level
    assert (smallest <= 0.01).any()


def test_a_claim_of_all_draws_is_one_of_the_first_too():
    rng = np.random.default_rng(2)
    for _ in range(300):
        values = rng.normal(size=(100, 3)) + np.eye(100, 1) * 2.0
        plain, adjusted = staged(values, 39, go_on=False)
        assert (adjusted >= plain).all()
        for first_alone, p in zip(max_t(values[0], values[1:40], "upper"), (plain, adjusted), strict=True):
            assert (p[first_alone > 0.05] > 0.05).all()
            assert (p >= 1 / 100).all()


def test_the_floor_goes_down_to_that_of_all_draws():
    law = np.arange(99.0)[:, None] % 7
    assert [p.tolist() for p in in_stages(lambda drawn: max_t([9.0], drawn, "upper"), law, 39)] == [[0.01], [0.01]]
    assert [p.tolist() for p in in_stages(lambda drawn: max_t([6.0], drawn, "upper"), law, 39)] == [[0.15], [0.15]]
