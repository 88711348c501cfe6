"""Ranks, families and correlations: known answers from known numbers."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests.comparison.conftest import make, only, with_likelihood
from tests.helpers.records import record
from todacomm.comparison import correlates, depth_curves, families, gather, mean_differences, ranking
from todacomm.comparison.grouping import curve_distances
from todacomm.comparison.likelihood import correlates_refused, spearman
from todacomm.core.inference import INTERVAL_METRICS


def test_ranks_are_as_open_as_the_intervals_leave_them_where_the_texts_differ(models: dict[str, str]) -> None:
    """alpha and beta differ by less than their intervals; gamma is twice as large."""
    found = gather(models="alpha,gamma,beta", weights="trained")
    paired = mean_differences(found, pairs=[])
    rows = only(ranking(found, paired=paired), metric="h0_total_norm").set_index("label")
    assert rows.loc["gamma", "rank"] == 1
    assert (rows.loc["gamma", "rank_lo"], rows.loc["gamma", "rank_hi"]) == (1, 1)
    assert (rows.loc["alpha", "rank_lo"], rows.loc["alpha", "rank_hi"]) == (2, 3)
    assert (rows.loc["beta", "rank_lo"], rows.loc["beta", "rank_hi"]) == (2, 3)


def test_a_mean_is_over_blocks_alone_and_its_error_the_mean_of_theirs(models: dict[str, str]) -> None:
    found = gather()
    row = only(ranking(found), metric="h0_total_norm", label="alpha").iloc[0]
    table = only(found.table, metric="h0_total_norm", label="alpha")
    blocks = table[table["layer"].str.fullmatch(r"layer_\d+")]
    assert row["blocks"] == 3
    assert row["value"] == pytest.approx(blocks["value"].mean())
    assert row["hi"] - row["value"] == pytest.approx(1.959964 * blocks["se"].mean())


def test_the_paired_difference_decides_a_rank_and_not_the_overlap_of_intervals(store: Path) -> None:
    """2 % apart, each with an interval of 10 %, and on the same half-samples: the difference is certain."""
    for name, factor in {"alpha": 1.0, "beta": 1.02}.items():
        record(make(name, 5, factor=factor))
    found = gather()
    row = only(mean_differences(found), metric="h0_total_norm").iloc[0]
    assert row["difference"] == pytest.approx(row["value_a"] - row["value_b"])
    assert row["p_adjusted"] < 0.01
    ranks = only(ranking(found), metric="h0_total_norm").set_index("label")
    assert ranks.loc["alpha", "hi"] > ranks.loc["beta", "lo"], "the intervals overlap"
    assert list(ranks.loc["beta", ["rank_lo", "rank_hi"]]) == [1, 1]
    assert list(ranks.loc["alpha", ["rank_lo", "rank_hi"]]) == [2, 2]


def test_the_error_of_a_mean_difference_is_the_sd_of_the_half_samples_mean_differences(models: dict[str, str]) -> None:
    found = gather(models="alpha,gamma", weights="trained")
    row = only(mean_differences(found), metric="h0_total_norm").iloc[0]
    column = INTERVAL_METRICS.index("h0_total_norm")
    means = [
        np.mean(
            [values[:, column] for layer, values in found.analyses[label].replicates.items() if "_" in layer], axis=0
        )
        for label in ("alpha", "gamma")
    ]
    assert row["se"] == pytest.approx((means[0] - means[1]).std(ddof=1), rel=1e-4)


def test_curves_run_from_zero_to_one_for_every_depth(models: dict[str, str]) -> None:
    rows = only(depth_curves(gather()), metric="h0_total_norm")
    for _, curve in rows.groupby("label"):
        assert (curve["depth"].min(), curve["depth"].max()) == (0.0, 1.0)


def test_curve_distances_are_a_semimetric_that_knows_equals(models: dict[str, str]) -> None:
    found = gather()
    distance = curve_distances(found, "h0_total_norm")
    np.testing.assert_allclose(distance, distance.T)
    np.testing.assert_allclose(np.diag(distance), 0.0)
    alpha, other = found.labels.index("alpha"), found.labels.index("alpha (random)")
    mean = np.abs(distance[alpha]).mean()
    assert distance[alpha, other] > 0.3 * mean


def test_families_that_agree_within_have_a_ratio_below_one(store: Path) -> None:
    for name, factor in {"gpt2": 1.0, "distilgpt2": 1.0, "pythia-70m": 3.0, "pythia-160m": 3.0}.items():
        record(make(name, 5, factor=factor))
    table = families(gather())
    row = only(table, grouping="family", metric="h1_max_norm").iloc[0]
    assert row["groups"] == "GPT-2, Pythia"
    assert row["within"] == pytest.approx(0.0)
    assert row["between"] == pytest.approx(1.0)
    assert np.isnan(row["p"])  # four models can be dealt out in six ways only


def test_spearman_agrees_with_scipy_and_its_p_is_exact() -> None:
    rng = np.random.default_rng(3)
    for n in (5, 7, 12):
        x, y = rng.normal(size=n), rng.integers(0, 4, n).astype(float)
        assert spearman(x, y)[0] == pytest.approx(spearmanr(x, y).statistic)
    rising = np.arange(6.0)
    assert spearman(rising, -rising) == (pytest.approx(-1.0), pytest.approx(2 / 720))
    assert np.isnan(spearman(np.ones(5), rising[:5])).all()


def test_five_models_are_enough_for_a_correlation_and_four_are_not(store: Path) -> None:
    for i in range(5):
        record(with_likelihood(make(f"model-{i}", 4, factor=1.0 + i), bits=2.0 - 0.1 * i))
        if i == 3:
            few = gather()
            assert correlates(few).empty
            assert correlates_refused(few).startswith("4 trained models have a likelihood here, ")
    table = correlates(gather())
    row = only(table, likelihood="bits_per_byte", metric="h0_total_norm").iloc[0]
    assert (row["models"], row["spearman"]) == (5, pytest.approx(-1.0))
    assert row["p"] == pytest.approx(2 / 120)


def test_random_weights_and_revisions_are_no_models_of_their_own(store: Path) -> None:
    for i in range(4):
        record(with_likelihood(make(f"model-{i}", 4), bits=1.0 + i))
    record(with_likelihood(make("model-3", 4, weights="random"), bits=9.0))
    record(with_likelihood(make("model-3", 4, revision="step-10"), bits=7.0))
    assert correlates(gather()).empty
