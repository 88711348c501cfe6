"""Max-T over cells: known critical values, the order of p-values, and the family-wise error where nothing differs."""

import numpy as np
import pytest
from scipy import stats

from todacomm.core.equivalence import joint_law, paired_contrast, simultaneous, spread_of
from todacomm.core.equivalence.contrasts import Contrast
from todacomm.core.inference import half_samples
from todacomm.core.inference.step_down import step_down


def contrast_of(estimate: np.ndarray, halves: np.ndarray) -> Contrast:
    return spread_of(estimate, halves, 0.0, np.full(estimate.shape, ""))


def critical(halves: np.ndarray) -> float:
    contrast = contrast_of(np.zeros(halves.shape[1]), halves)
    return simultaneous(contrast, joint_law(contrast, 10**6, np.random.default_rng(1), 20_000)).critical


def test_one_cell_has_the_critical_value_of_student(rng):
    assert critical(rng.normal(size=(100, 1))) == pytest.approx(stats.t.ppf(0.975, 99), rel=0.02)
    contrast = contrast_of(np.zeros(1), rng.normal(size=(1000, 1)))
    few = simultaneous(contrast, joint_law(contrast, 8, rng, 10_000))
    assert few.critical == pytest.approx(stats.t.ppf(0.975, 7), rel=0.06)


def test_independent_cells_have_that_of_sidak_and_equal_ones_hardly_more_than_one(rng):
    m = 40
    alone = 0.95 ** (1 / m)
    independent, equal = rng.normal(size=(800, m)), np.repeat(rng.normal(size=(800, 1)), m, axis=1)
    assert critical(independent) == pytest.approx(stats.norm.ppf((1 + alone) / 2), rel=0.02)
    assert critical(equal) == pytest.approx(stats.norm.ppf(0.975), rel=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_no_adjusted_p_is_below_its_plain_one_and_larger_z_never_has_the_larger_p(seed):
    rng = np.random.default_rng(seed)
    halves = rng.normal(size=(60, 4, 5)) @ rng.normal(size=(5, 5))
    contrast = contrast_of(halves.std(axis=0) * rng.normal(scale=2.0, size=(4, 5)), halves)
    result = simultaneous(contrast, joint_law(contrast, 60, rng, 499))
    order = np.argsort(-np.abs(contrast.estimate / contrast.se), axis=None)
    assert (result.p_adjusted >= result.p).all()
    assert (np.diff(result.p_adjusted.ravel()[order]) >= 0.0).all()
    assert result.p.min() >= 1 / 500
    assert result.lo + result.hi == pytest.approx(2.0 * contrast.estimate)


def test_the_largest_is_judged_against_the_maximum_over_all_cells():
    law = np.random.default_rng(0).exponential(size=(999, 3))
    _, adjusted = step_down(np.array([1.0, 5.0, 2.0]), law)
    assert adjusted[1] == (1 + (law.max(axis=1) >= 5.0).sum()) / 1000
    assert adjusted[2] == (1 + (law[:, [0, 2]].max(axis=1) >= 2.0).sum()) / 1000


def test_undefined_cells_are_no_part_of_the_family(rng):
    halves = rng.normal(size=(50, 3))
    whole = contrast_of(np.array([0.1, np.nan, 0.2]), halves)
    gap = spread_of(whole.estimate, halves, 0.0, ["", "both", ""])
    law = joint_law(gap, 50, np.random.default_rng(0))
    result = simultaneous(gap, law)
    assert result.n_cells == 2
    assert np.isnan([result.lo[1], result.hi[1], result.p[1], result.p_adjusted[1]]).all()
    assert np.isfinite(result.p_adjusted[[0, 2]]).all()
    assert result.critical == law.to_t(np.quantile(law.size[:, [0, 2]].max(axis=1), 0.95))


def test_a_difference_at_rounding_is_none():
    """Numbers of a cloud and of the same cloud in float32 differ by 1e-7, on every half-sample alike."""
    rng = np.random.default_rng(0)
    halves = 3.0 + 0.1 * rng.normal(size=(100, 4))
    rounded = 1.0 + 2e-7 + 2e-8 * rng.normal(size=(100, 4))
    contrast = paired_contrast(np.full(4, 3.0), np.full(4, 3.0) * (1.0 + 2e-7), halves, halves * rounded)
    result = simultaneous(contrast, joint_law(contrast, 100, rng))
    assert result.p.min() > 0.9
    assert result.p_adjusted.min() > 0.9
    assert np.abs([result.lo, result.hi]).max() < 1e-4


@pytest.mark.parametrize("n", [16, 60])
@pytest.mark.parametrize("rows", ["normal", "heavy"])
def test_the_chance_of_a_finding_where_nothing_differs_is_at_most_the_level(rows, n):
    """48 means of correlated rows, 200 families: one starred or more within the binomial bounds of 5 %."""
    rng = np.random.default_rng(len(rows))
    starred = missed = 0
    for family in range(200):
        cells = np.repeat(rng.normal(size=(n, 6)), 8, axis=1) + 0.5 * rng.normal(size=(n, 48))
        if rows == "heavy":
            cells *= np.sqrt(5.0 / rng.chisquare(5, size=(n, 1)))
        contrast = contrast_of(cells.mean(axis=0), cells[half_samples(n, 100, family)].mean(axis=1))
        result = simultaneous(contrast, joint_law(contrast, n, rng, 499))
        starred += result.p_adjusted.min() <= 0.05
        missed += bool(((result.lo > 0.0) | (result.hi < 0.0)).any())
    assert max(starred, missed) <= stats.binom.ppf(0.999, 200, 0.05)
    assert starred > 0  # a test that never finds anything would pass too


def test_a_level_is_a_share(rng):
    contrast = contrast_of(np.zeros(1), rng.normal(size=(9, 1)))
    with pytest.raises(ValueError, match="a level of 95: expected a share between 0 and 1"):
        simultaneous(contrast, joint_law(contrast, 9, rng, 9), level=95)


def test_pairs_of_models_are_one_family_with_their_layers_and_metrics(rng):
    """Cells of any shape; a pair more makes every adjusted p larger or leaves it."""
    halves = rng.normal(size=(100, 3, 4, 2))
    contrast = contrast_of(3.0 * rng.normal(size=(3, 4, 2)), halves)
    law = joint_law(contrast, 200, np.random.default_rng(0))
    together = simultaneous(contrast, law)
    first = contrast_of(contrast.estimate[0], halves[:, 0])
    alone = simultaneous(first, joint_law(first, 200, np.random.default_rng(0)))
    assert together.p_adjusted.shape == (3, 4, 2)
    assert together.n_cells == 24
    assert together.critical > alone.critical
    assert (together.p_adjusted[0] >= alone.p_adjusted - 0.01).all()
    assert together.p[0] == pytest.approx(alone.p, abs=0.02)
