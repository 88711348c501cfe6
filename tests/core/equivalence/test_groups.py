"""Two groups of texts in one model: equal numbers, exact permutations, the verdicts of two runs."""

import numpy as np
import pytest
from scipy import stats

from todacomm.core.equivalence import group_rows, judge, label_p_values, measure_groups, paired_contrast, shape_margins
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.core.inference.uncertainty import GROWS
from todacomm.core.layer import analyze_layer

METRICS = ("h0_total_norm", "effective_rank", "mean_cosine")
COLUMNS = [INTERVAL_METRICS.index(metric) for metric in METRICS]


def test_groups_are_measured_at_the_size_of_the_smaller(rng):
    labels = np.zeros(50, dtype=bool)
    labels[rng.choice(50, 15, replace=False)] = True
    rows = group_rows(labels, rng, permutations=20, replicates=10)
    assert rows.observed[1].tolist() == np.flatnonzero(labels).tolist()
    assert not labels[rows.observed[0]].any()
    for subsets in (rows.observed[None], rows.permuted, rows.halves):
        assert all(len(set(pair.ravel())) == pair.size for pair in subsets)
    assert all(
        np.isin(half, whole).all() for pair in rows.halves for half, whole in zip(pair, rows.observed, strict=True)
    )
    assert rows.halves.shape == (10, 2, 7)
    assert labels[rows.permuted].mean() == pytest.approx(0.3, abs=0.1)


def test_a_group_too_small_is_refused(rng):
    with pytest.raises(ValueError, match="groups of 25 and 5 texts: expected 8 at least in each"):
        group_rows(np.arange(30) < 5, rng)


def test_p_values_of_labels_that_mean_nothing_are_exact():
    """A statistic of any law, groups of unequal size: plain p uniform, smallest adjusted p below .05 in 5 %."""
    rng = np.random.default_rng(0)
    plain, smallest = [], []
    for _ in range(200):
        texts = np.exp(rng.normal(size=(40, 1)) + 0.5 * rng.normal(size=(40, 6)))  # six cells, tied and skewed
        rows = group_rows(rng.permutation(40) < 12, rng, permutations=39, replicates=0)
        measured = (texts[subset].max(axis=-2).reshape(-1, 2, 2, 3) for subset in (rows.observed[None], rows.permuted))
        observed, permuted = (values.swapaxes(1, 2) for values in measured)  # (..., layers, groups, metrics)
        p, adjusted = label_p_values(observed[0], permuted)
        assert (adjusted >= p).all()
        plain.append((p[0, 0] * 40 - rng.uniform()) / 40)
        smallest.append(adjusted.min())
    assert stats.kstest(plain, "uniform").pvalue > 0.005
    assert 0 < np.sum(np.array(smallest) <= 0.05) <= stats.binom.ppf(0.999, 200, 0.05)


def test_two_kinds_of_texts_are_different_and_two_draws_of_one_are_not():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(300, 12))
    steep = rng.normal(size=(100, 12)) * np.arange(1, 13) ** -0.8
    clouds = {"one kind": flat[:200], "two kinds": np.vstack([flat[200:], steep])}
    labels = np.arange(200) >= 100
    margins = shape_margins(METRICS)
    verdicts, p_values = {}, {}
    for name, cloud in clouds.items():
        rows = group_rows(labels, rng, permutations=39, replicates=60)
        result = measure_groups(analyze_layer(cloud, maxdim=0), cloud, rows)
        observed, permuted, halves = (
            values[..., COLUMNS][..., None, :, :] for values in (result.observed, result.permuted, result.halves)
        )
        contrast = paired_contrast(
            observed[:, 0], observed[:, 1], halves[:, :, 0], halves[:, :, 1], grows=GROWS[COLUMNS],
            relative=margins.relative,
        )  # fmt: skip
        verdicts[name] = judge(contrast, margins.size, 100, rng).verdicts[0].tolist()
        p_values[name] = label_p_values(observed, permuted)[1][0]
    assert verdicts["two kinds"][:2] == ["different", "different"]
    assert p_values["two kinds"][:2].max() == 1 / 40
    assert "different" not in verdicts["one kind"]
    assert p_values["one kind"].min() > 0.05


def test_what_is_undefined_under_a_permutation_has_no_p(rng):
    permuted = rng.normal(size=(19, 1, 2, 2))
    permuted[3, 0, 0, 1] = np.nan
    p, adjusted = label_p_values(rng.normal(size=(1, 2, 2)), permuted)
    assert np.isfinite([p[0, 0], adjusted[0, 0]]).all()
    assert np.isnan([p[0, 1], adjusted[0, 1]]).all()


@pytest.mark.parametrize(("permutations", "replicates"), [(0, 2), (2, 0)])
def test_permutations_and_half_samples_can_be_left_out(rng, permutations, replicates):
    cloud = rng.normal(size=(30, 4))
    rows = group_rows(np.arange(30) >= 15, rng, permutations=permutations, replicates=replicates)
    values = measure_groups(analyze_layer(cloud, pca=0, maxdim=0), cloud, rows)
    assert (len(values.permuted), len(values.halves)) == (permutations, replicates)
    p, _ = label_p_values(values.observed[None], values.permuted[:, None])
    assert np.isfinite(p).any() == bool(permutations)
