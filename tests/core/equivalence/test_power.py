"""What power promises happens: numbers of texts that settle, and differences that are shown four times in five."""

import numpy as np
import pytest

from todacomm.core.equivalence import (
    joint_law,
    judge,
    paired_contrast,
    plan,
    simultaneous,
    smallest_difference,
    spread_of,
)
from todacomm.core.equivalence.power import texts_if_same_in_all
from todacomm.core.inference import half_samples

SPREAD = np.array([[0.5, 0.8, 1.0], [0.6, 0.9, 1.1]])


def comparison(rng: np.random.Generator, n: int, difference: float = 0.0):
    """Means of a base around 10, and of a candidate around 10 + difference, whose errors hardly differ."""
    base = 10.0 + rng.normal(size=(n, 2, 3))
    candidate = base + difference + SPREAD * rng.normal(size=(n, 2, 3))
    halves = half_samples(n, 100, int(rng.integers(2**32)))
    sides = [rows[halves].mean(axis=1) for rows in (base, candidate)]
    return paired_contrast(base.mean(axis=0), candidate.mean(axis=0), *sides, relative=False)


def test_the_smallest_difference_is_shown_four_times_in_five():
    rng = np.random.default_rng(0)
    contrast = comparison(rng, 200)
    least = smallest_difference(simultaneous(contrast, joint_law(contrast, 200, rng)))
    shown = []
    for _ in range(200):
        again = comparison(rng, 200, least)
        result = simultaneous(again, joint_law(again, 200, rng, 499))
        shown.append((result.lo > 0.0) | (result.hi < 0.0))
    assert np.mean(shown, axis=0) == pytest.approx(0.8, abs=0.16)
    assert np.mean(shown) == pytest.approx(0.8, abs=0.08)


def test_so_many_texts_call_an_equal_candidate_the_same_four_times_in_five():
    rng = np.random.default_rng(1)
    first = comparison(rng, 100)
    margin = 0.25
    needed = texts_if_same_in_all(first, joint_law(first, 100, rng), margin, 100)
    assert 200 < needed < 2000
    runs = [judge(comparison(rng, int(needed)), margin, int(needed), rng, draws=499).verdict for _ in range(60)]
    assert runs.count("same") / 60 == pytest.approx(0.8, abs=0.16)
    assert "different" not in runs


def test_what_is_open_is_settled_by_the_number_of_texts_given():
    """A true difference of twice the margin, too few texts to say so."""
    rng = np.random.default_rng(2)
    open_cells = []
    for _ in range(40):
        result = judge(comparison(rng, 60, 0.8), 0.4, 60, rng, draws=499)
        open_cells += result.texts_to_settle[np.isfinite(result.texts_to_settle)].tolist()
    assert len(open_cells) > 40
    needed = int(np.median(open_cells))
    settled = [judge(comparison(rng, needed, 0.8), 0.4, needed, rng, draws=499) for _ in range(20)]
    assert np.mean([run.verdicts == "different" for run in settled]) > 0.7


def test_an_estimate_on_the_margin_is_never_settled_and_settled_cells_ask_for_nothing(rng):
    halves = rng.normal(size=(100, 1, 3))
    halves /= halves.std(axis=0, ddof=1)
    estimate = np.array([[10.0, 100.0, 0.0]])
    result = judge(spread_of(estimate, halves, 0.0, np.full((1, 3), "")), [10.0, 10.0, 4.0], 50, rng)
    assert result.verdicts.tolist() == [["undecided", "different", "same"]]
    assert result.texts_to_settle[0, 0] == np.inf
    assert np.isnan(result.texts_to_settle[0, 1:]).all()


def test_four_times_the_texts_show_half_the_difference():
    rng = np.random.default_rng(3)
    least = []
    for n in (400, 1600):
        contrast = comparison(rng, n)
        least.append(smallest_difference(simultaneous(contrast, joint_law(contrast, n, rng))))
    assert np.mean(least[0] / least[1]) == pytest.approx(2.0, rel=0.1)


def test_a_plan_expects_what_a_candidate_on_other_texts_then_has():
    rng = np.random.default_rng(4)
    n = 300
    base, other = 10.0 + SPREAD * rng.normal(size=(2, n, 2, 3))
    ours, theirs = (rows[half_samples(n, 400, seed)].mean(axis=1) for seed, rows in enumerate((base, other)))
    expected = plan(base.mean(axis=0), ours, 0.05, n, rng)
    result = paired_contrast(base.mean(axis=0), other.mean(axis=0), ours, theirs)
    assert expected.se == pytest.approx(result.se, rel=0.15)
    assert (expected.texts_if_same == np.ceil(n * (expected.smallest_margin / 0.05) ** 2)).all()
    assert expected.texts_if_same_in_all > expected.texts_if_same.max()


def test_a_plan_for_a_light_change_asks_for_fewer_texts(rng):
    base = 10.0 + rng.normal(size=(100, 2, 3))
    halves = base[half_samples(100, 100, 0)].mean(axis=1)
    plans = [plan(base.mean(axis=0), halves, 0.05, 100, np.random.default_rng(0), correlation=r) for r in (0.0, 0.75)]
    assert plans[0].smallest_difference == pytest.approx(2.0 * plans[1].smallest_difference, rel=1e-6)
    assert plans[0].texts_if_same_in_all == pytest.approx(4.0 * plans[1].texts_if_same_in_all, rel=0.02)
    with pytest.raises(ValueError, match="a correlation of 1 between base and candidate"):
        plan(base.mean(axis=0), halves, 0.05, 100, rng, correlation=1)
