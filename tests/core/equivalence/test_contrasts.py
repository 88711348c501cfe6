"""Differences and their spread: known values of linear statistics, ratios to first order, floors and gaps."""

import numpy as np
import pytest

from todacomm.core.equivalence import paired_contrast, side_by_side, spread_of
from todacomm.core.inference import half_samples


def means(rows: np.ndarray, halves: np.ndarray) -> np.ndarray:
    return rows[halves].mean(axis=1)


def test_the_standard_error_of_a_difference_of_means_is_the_paired_one(rng):
    """Half-samples give the classical sd / sqrt(n) of the differences, not of the two samples."""
    n = 400
    base = rng.normal(size=(n, 3))
    candidate = base + 0.1 * rng.normal(size=(n, 3))
    halves = half_samples(n, 3000, seed=0)
    contrast = paired_contrast(
        base.mean(axis=0), candidate.mean(axis=0), means(base, halves), means(candidate, halves), relative=False
    )
    assert contrast.estimate == pytest.approx((candidate - base).mean(axis=0))
    assert contrast.se == pytest.approx((candidate - base).std(axis=0, ddof=1) / np.sqrt(n), rel=0.05)


def test_on_different_texts_the_spreads_add(rng):
    n = 400
    base, candidate = rng.normal(size=(2, n, 3))
    sides = [means(rows, half_samples(n, 3000, seed)) for seed, rows in enumerate((base, candidate))]
    contrast = paired_contrast(base.mean(axis=0), candidate.mean(axis=0), *sides, relative=False)
    both = np.hypot(base.std(axis=0, ddof=1), candidate.std(axis=0, ddof=1)) / np.sqrt(n)
    assert contrast.se == pytest.approx(both, rel=0.06)


def test_a_relative_difference_counts_the_spread_of_its_denominator(rng):
    """The ratio of half-samples themselves, to first order."""
    base_halves = 10.0 + 0.1 * rng.normal(size=(500, 1))
    candidate_halves = 12.0 + 0.1 * rng.normal(size=(500, 1))
    contrast = paired_contrast([10.0], [12.0], base_halves, candidate_halves)
    assert contrast.estimate.item() == pytest.approx(0.2)
    assert contrast.se == pytest.approx((candidate_halves / base_halves).std(axis=0, ddof=1), rel=0.01)


def test_what_grows_is_brought_to_full_size():
    halves = np.array([[4.0], [5.0], [6.0]])
    flat = np.full((3, 1), 10.0)
    plain, grown = (
        paired_contrast([10.0], [10.0], flat, halves, grows=[grows], relative=False).se.item()
        for grows in (False, True)
    )
    assert grown == pytest.approx(2.0 * plain)


def test_equal_runs_have_no_difference_and_a_floor_at_rounding():
    halves = np.array([[4.0, 0.0], [5.0, 0.0], [6.0, 0.0]])
    contrast = paired_contrast([5.0, 0.0], [5.0, 0.0], halves, halves, grows=True, relative=[True, False])
    assert contrast.estimate.tolist() == [0.0, 0.0]
    assert contrast.se == pytest.approx([1e-5, 1e-5])
    assert contrast.missing.tolist() == ["", ""]


def test_what_is_missing_is_named_and_never_invented():
    halves = np.ones((4, 5)) + np.arange(4.0)[:, None]
    sparse = halves.copy()
    sparse[:3, 4] = np.nan
    nan = np.nan
    contrast = paired_contrast([nan, nan, 1.0, 0.0, 1.0], [nan, 1.0, nan, 1.0, 1.0], halves, sparse)
    assert contrast.missing.tolist() == ["both", "base", "candidate", "base", "half-samples"]
    assert np.isnan(contrast.estimate).all()
    assert np.isnan(contrast.se).all()
    assert not contrast.halves.any()


def test_a_share_of_0_is_missing_in_both_where_both_are_0():
    """Such as the holes of two clouds without one: neither lacks what the other has."""
    halves = np.zeros((4, 2))
    assert paired_contrast([0.0, 0.0], [0.0, 2.0], halves, halves).missing.tolist() == ["both", "base"]


def test_shapes_that_do_not_agree_are_refused():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(2,\) with half-samples of shapes \(5, 2\) and \(4, 2\)"):
        paired_contrast([1.0, 2.0], [1.0, 2.0], np.ones((5, 2)), np.ones((4, 2)))
    one, other = (spread_of(np.zeros(2), np.zeros((n, 2)), 1.0, np.full(2, "")) for n in (3, 4))
    with pytest.raises(ValueError, match="expected the same numbers in all"):
        side_by_side(one, other)


def test_contrasts_stand_side_by_side(rng):
    one = spread_of(np.zeros((2, 3)), rng.normal(size=(9, 2, 3)), 0.0, np.full((2, 3), ""))
    other = spread_of(np.ones((2, 1)), rng.normal(size=(9, 2, 1)), 0.0, np.full((2, 1), ""))
    joined = side_by_side(one, other)
    assert joined.estimate.tolist() == [[0.0, 0.0, 0.0, 1.0]] * 2
    assert (joined.se == np.hstack([one.se, other.se])).all()
    assert joined.halves.shape == (9, 2, 4)
