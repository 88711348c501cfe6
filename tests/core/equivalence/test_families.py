"""A family of many differences: the error of all together where nothing differs, and the power that is stated."""

import numpy as np
import pytest

from todacomm.core.equivalence.contrasts import Contrast, spread_of
from todacomm.core.equivalence.families import Family, family_of
from todacomm.core.equivalence.simultaneous import joint_law, simultaneous

N_TEXTS, REPLICATES = 120, 100


def mean_contrast(rng: np.random.Generator, n_cells: int, shift: float = 0.0) -> Contrast:
    """Means over texts of differences that cells share: their half-samples are those of the same texts."""
    shared = rng.normal(size=(N_TEXTS, 1))
    values = 0.7 * shared + 0.7 * rng.normal(size=(N_TEXTS, n_cells)) + shift
    chosen = np.argsort(rng.random((REPLICATES, N_TEXTS)), axis=1)[:, : N_TEXTS // 2]
    return spread_of(values.mean(axis=0), values[chosen].mean(axis=1), 0.0, np.full(n_cells, ""))


def test_where_nothing_differs_one_report_in_twenty_has_a_star(rng: np.random.Generator) -> None:
    """120 cells in three contrasts; without adjustment nearly every report has one."""
    starred, alone = 0, 0
    for _ in range(200):
        contrasts = [mean_contrast(rng, 40) for _ in range(3)]
        family = family_of(contrasts, N_TEXTS, rng, draws=499)
        starred += any((family.p_adjusted(one) <= 0.05).any() for one in contrasts)
        alone += any((np.abs(one.estimate / one.se) > 1.96).any() for one in contrasts)
    assert starred <= 20  # 5 %: over 10 % by chance in 1 of 1,000 runs
    assert alone > 140


def test_the_smallest_detectable_difference_is_detected_in_four_of_five(rng: np.random.Generator) -> None:
    planned = mean_contrast(rng, 20)
    smallest = float(np.median(family_of([planned], N_TEXTS, rng).smallest_difference(planned)))
    detected = []
    for _ in range(60):
        one = mean_contrast(rng, 20, shift=smallest)
        detected.append((family_of([one], N_TEXTS, rng, draws=499).p_adjusted(one) <= 0.05).mean())
    assert np.mean(detected) == pytest.approx(0.8, abs=0.1)


def test_a_p_is_small_where_the_interval_leaves_zero_and_never_below_the_step_down_one(
    rng: np.random.Generator,
) -> None:
    one = mean_contrast(rng, 60, shift=0.2)
    family = family_of([one], N_TEXTS, np.random.default_rng(1), draws=4999)
    p, half = family.p_adjusted(one), family.half_width(one)
    clear = np.abs(p - 0.05) > 0.005
    np.testing.assert_array_equal((p <= 0.05)[clear], (np.abs(one.estimate) > half)[clear])
    step_down = simultaneous(one, joint_law(one, N_TEXTS, np.random.default_rng(1), 4999)).p_adjusted
    assert (p >= step_down - 0.01).all()


def test_more_cells_need_more_evidence_and_none_need_none(rng: np.random.Generator) -> None:
    few, many = mean_contrast(rng, 5), mean_contrast(rng, 200)
    assert family_of([few], N_TEXTS, rng).critical(few) < family_of([few, many], N_TEXTS, rng).critical(few)
    empty = family_of([], N_TEXTS, rng)
    assert (empty.n_cells, len(empty.largest)) == (0, 0)
    assert np.isnan(empty.critical(few))
    with pytest.raises(ValueError, match="a level of 95: expected a share"):
        family_of([few], N_TEXTS, rng, level=95)
    assert isinstance(empty, Family)
