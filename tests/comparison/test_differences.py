"""Paired differences: what is equal differs by nothing, what is doubled differs by itself."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.comparison.conftest import compare_entropy, make, only
from tests.helpers.records import record
from todacomm.comparison import controls, gather, paired_differences
from todacomm.comparison.differences import trained_and_random, unpaired
from todacomm.comparison.metrics import compared_metrics
from todacomm.core.inference.uncertainty import ROUNDING


def test_an_analysis_does_not_differ_from_its_twin(store: Path) -> None:
    record(make("alpha", 5))
    record(make("beta", 5))
    table = paired_differences(gather())
    assert len(table) == 5 * len(compared_metrics())
    np.testing.assert_allclose(table["difference"], 0.0, atol=1e-12)
    assert (table["se"] <= 1.001 * ROUNDING * table["value_a"].abs()).all(), "an error of rounding, and no other"
    assert (table["p_adjusted"] > 0.5).all()
    assert list(table["layer_a"]) == list(table["layer_b"])


def test_twice_as_large_stands_at_every_layer_with_the_error_of_one_side(models: dict[str, str]) -> None:
    """Both sides have the same half-samples, doubled: the sd of their difference is that of the smaller one."""
    found = gather()
    table = only(controls(found), label_a="alpha", metric="h0_total_norm")
    assert list(table["layer_a"]) == ["embedding", "layer_0", "layer_1", "layer_2", "final"]
    np.testing.assert_allclose(table["difference"], table["value_b"])
    halves = [found.analyses["alpha (random)"].replicates[layer] for layer in table["layer_b"]]
    from todacomm.core.inference import INTERVAL_METRICS

    column = INTERVAL_METRICS.index("h0_total_norm")
    np.testing.assert_allclose(table["se"], [half[:, column].std(ddof=1) for half in halves], rtol=1e-5)
    assert (table["p_adjusted"] < 0.01).all()
    assert set(table["family"]) == {(5 + 4) * len(compared_metrics())}, "both models with random weights are one family"


def test_a_star_is_where_the_interval_that_holds_for_all_leaves_zero(models: dict[str, str]) -> None:
    table = paired_differences(gather())
    outside = (table["lo_family"] > 0) | (table["hi_family"] < 0)
    clear = np.abs(table["p_adjusted"] - 0.05) > 0.005  # the quantile of so many draws
    np.testing.assert_array_equal(outside[clear], table["p_adjusted"][clear] <= 0.05)
    assert (table["hi_family"] - table["lo_family"] > table["hi"] - table["lo"]).all()
    assert (table["smallest_difference"] > (table["hi_family"] - table["lo_family"]) / 2).all()


def test_trained_models_are_a_family_of_their_own_and_named_pairs_another(models: dict[str, str]) -> None:
    found = gather()
    table = paired_differences(found)
    trained = table[
        table["label_a"].isin(["alpha", "beta", "gamma"]) & table["label_b"].isin(["alpha", "beta", "gamma"])
    ]
    assert set(trained["family"]) == {len(trained)}
    assert set(table.drop(trained.index)["family"]) == {len(table) - len(trained)}
    alone = paired_differences(found, [("alpha", "beta")], ("h0_total_norm",))
    assert set(alone["family"]) == {4}


def test_a_seventh_compared_metric_is_compared_with_no_further_line(
    models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(paired_differences(gather())["metric"])
    compare_entropy(monkeypatch)
    assert set(paired_differences(gather())["metric"]) == before | {"h1_entropy"}


def test_every_model_with_random_weights_is_a_control(models: dict[str, str]) -> None:
    found = gather()
    assert trained_and_random(found) == [("alpha", "alpha (random)"), ("beta", "beta (random)")]
    assert set(controls(found)["label_a"]) == {"alpha", "beta"}


def test_depths_are_matched_between_models_of_different_depth(models: dict[str, str]) -> None:
    table = only(paired_differences(gather()), label_a="beta", label_b="gamma", metric="h1_max_norm")
    assert list(zip(table["layer_a"], table["layer_b"], strict=True)) == [
        ("embedding", "embedding"), ("layer_0", "layer_1"), ("layer_1", "layer_2"), ("final", "final"),
    ]  # fmt: skip


def test_what_cannot_be_paired_says_why(store: Path) -> None:
    record(make("alpha", 4))
    record(make("beta", 4, replicates=0))
    record(make("gamma", 4, seed=7))
    other = make("delta", 4)
    record(dataclasses.replace(other, dataset=dataclasses.replace(other.dataset, digest="others")))
    found = gather(allow_mixed=True)
    assert unpaired(found, "alpha", "alpha") == ""
    assert unpaired(found, "alpha", "beta").endswith("has no half-samples")
    assert unpaired(found, "alpha", "gamma") == "their seeds differ, and so their half-samples"
    assert unpaired(found, "alpha", "delta") == "they read different texts"
    assert paired_differences(found).empty


def test_a_run_whose_half_samples_were_deleted_says_so(store: Path) -> None:
    from todacomm.tracking import load_analysis

    ids = [record(make(name, 4)) for name in ("alpha", "beta")]
    load_analysis(ids[0]).artifact("tables/replicates.npz").unlink()
    with pytest.raises(ValueError, match=r"has no tables/replicates.npz \(it was deleted\)"):
        paired_differences(gather())
