"""The words of a report follow from the numbers: every branch against a table made for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.helpers.results import empty_nulls, make_result
from todacomm.core.metrics import LAYER_METRICS
from todacomm.reports import findings, headline
from todacomm.results.result import Result
from todacomm.results.table import NULL_COLUMNS, tidy

LAYERS = ("embedding", "layer_0", "layer_1", "final")


def made(**options: Any) -> Result:
    return make_result(4, n_points=30, control=False, **options)


@pytest.fixture(scope="module")
def plain() -> Result:
    return made()


def with_values(result: Result, metric: str, values: dict[str, float] | float, column: str = "value") -> Result:
    """The result with a column of one metric set in some layers, or in all."""
    table = result.table.copy()
    for layer in LAYERS:
        if isinstance(values, dict) and layer not in values:
            continue
        rows = (table["metric"] == metric) & (table["layer"] == layer) & (table["control"] == "")
        table.loc[rows, column] = values[layer] if isinstance(values, dict) else values
    return replace(result, table=table)


def with_weights(result: Result, weights: str) -> Result:
    return replace(result, table=result.table.assign(weights=weights), model=replace(result.model, weights=weights))


def with_run(result: Result, **values: float) -> Result:
    """The result with numbers of the whole run set."""
    kept = result.table[~((result.table["layer"] == "run") & result.table["metric"].isin(values))]
    rows = [{"weights": "trained", "layer": "run", "metric": name, "value": value} for name, value in values.items()]
    return replace(result, table=tidy([*kept.to_dict("records"), *rows]))


def with_null(
    result: Result,
    metric: str,
    p: dict[str, float],
    sign: float = 1.0,
    draws: int = 39,
    kind: str = "rotation",
    se: float = 0.01,
    difference: float | None = None,
    alone: str = "",
) -> Result:
    """The result with one null for one metric: p-values by layer (1 elsewhere), the value above or below the mean."""
    kept = result.nulls[~((result.nulls["metric"] == metric) & (result.nulls["null"] == kind))]
    rows = [
        {
            "layer": layer, "metric": metric, "null": kind, "draws": draws, "mean": 0.25, "se": se,
            "difference": 0.1 * sign if difference is None else difference, "p_adjusted": p.get(layer, p.get("", 1.0)),
            "family": 1 if layer == alone else 3,
        }
        for layer in LAYERS
    ]  # fmt: skip
    return replace(result, nulls=tidy([*kept.to_dict("records"), *rows], NULL_COLUMNS))


def about(result: Result, *words: str) -> str:
    """The one finding that holds all of the words."""
    (said,) = [text for text in findings(result) if all(word in text for word in words)]
    return said


def silent(result: Result, *words: str) -> bool:
    return not any(word in text for text in [*findings(result), headline(result)] for word in words)


def test_loops_are_named_only_where_the_adjusted_p_says_so(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.025, "layer_1": 0.05, "final": 0.051})
    said = about(result, "Loops are detected in layer_0 and layer_1:")
    assert "Not detected in embedding and final." in said
    assert "clearest in layer_0" in said
    assert "adjusted p = 0.025" in said
    assert said in headline(result)


def test_a_layer_tested_by_itself_is_said_to_be(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.025, "final": 0.025}, alone="layer_0")
    assert "The p of layer_0 is not adjusted for the other layers." in about(result, "Loops are detected")
    assert silent(with_null(plain, "h1_max_norm", {"layer_0": 0.025}, alone="final"), "is not adjusted")


def test_no_loop_is_not_detected_and_never_absent(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.075})
    assert "0.075" in about(result, "No loop is detected in any of 4 layers", "would go unnoticed")
    assert silent(result, "absent", "Loops are detected", "no loops", "there is no")


def test_too_few_draws_decide_nothing(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"": 0.1}, draws=9)
    assert "with 9 draws of the rotation null no p can fall below 0.1" in about(result, "Too few draws", "loops")
    assert silent(result, "Loops are detected", "No loop")
    enough = with_null(plain, "h1_max_norm", {"": 0.05}, draws=19)
    assert about(enough, "Loops are detected in embedding to final")


@pytest.mark.parametrize(
    ("metric", "sign", "words"),
    [
        ("h0_total_norm", -1.0, ("H0 mean lifetime lies below", "structure finer than their covariance")),
        ("h0_total_norm", 1.0, ("H0 mean lifetime lies above", "more even distances")),
        ("h1_total_norm", -1.0, ("H1 total lies below", "clusters or heavy tails, not fewer loops")),
        ("h1_total_norm", 1.0, ("H1 total lies above", "singles out no one loop")),
    ],
)
def test_a_total_says_which_side_and_what_that_means(
    plain: Result, metric: str, sign: float, words: tuple[str, str]
) -> None:
    result = with_null(plain, metric, {"layer_1": 0.025}, sign=sign)
    assert "in layer_1:" in about(result, *words)
    name = words[0].partition(" lies")[0]
    assert "is not detected in embedding, layer_0 and final" in about(result, f"A departure of the {name}")
    nothing = with_null(plain, metric, {}, sign=sign)
    assert "is not detected in any layer" in about(nothing, f"A departure of the {name}")


def test_no_claim_about_a_degenerate_cloud(plain: Result) -> None:
    result = with_values(plain, "n_distinct", {"layer_0": 14.0})
    result = with_null(result, "h1_max_norm", {"layer_0": 0.025})
    result = with_null(with_null(result, "h0_total_norm", {"layer_0": 0.025}), "h1_total_norm", {"layer_0": 0.025})
    assert "14 of 30" in about(result, "No claim is made about layer_0")
    assert silent(result, "Loops are detected", "lies below", "lies above")
    half = with_null(with_values(plain, "n_distinct", {"layer_0": 15.0}), "h1_max_norm", {"layer_0": 0.025})
    assert about(half, "Loops are detected in layer_0")
    assert "50 %" in about(half, "Read layer_0 with care")


def test_nothing_is_claimed_where_all_is_degenerate(plain: Result) -> None:
    result = with_values(plain, "n_distinct", 2.0)
    assert about(result, "nothing can be claimed")
    assert silent(result, "detected", "lies", "fold", "highest")
    assert headline(result).startswith("No layer has a cloud that can be read")


def test_a_cloud_that_could_not_be_measured_is_left_out(plain: Result) -> None:
    result = with_values(plain, "n_distinct", {"layer_0": np.nan})
    assert about(result, "No claim is made about layer_0: nothing could be measured there")


def test_a_cls_embedding_is_undefined_by_construction() -> None:
    result = made(degenerate_embedding=True)
    assert about(result, "No claim is made about embedding")
    encoder = replace(result, model=replace(result.model, kind="encoder", pooling="cls"))
    assert about(encoder, "The embedding is not defined by construction")
    assert silent(encoder, "No claim is made")


def test_a_rogue_dimension_is_named_unless_coordinates_are_standardised() -> None:
    loud = with_values(made(), "top_dim_variance", {"layer_1": 0.97})
    assert about(loud, "In layer_1 a single coordinate")
    assert silent(with_values(made(standardize=True), "top_dim_variance", {"layer_1": 0.97}), "single coordinate")


def test_nothing_depends_on_the_scale_of_the_activations(plain: Result) -> None:
    raw = [name for name, metric in LAYER_METRICS.items() if not metric.scale_free]
    rows = plain.table["metric"].isin(raw)
    table = plain.table.copy()
    table.loc[rows, ["value", "se", "lo", "hi"]] *= 2.0**20
    assert findings(replace(plain, table=table)) == findings(plain)


def test_why_the_published_ratio_differs(plain: Result) -> None:
    result = with_run(plain, expansion_ratio_published=64.3, expansion_ratio_norm=1.02)
    result = with_values(result, "mean_norm", {"embedding": 1.0, "layer_0": 2.0, "layer_1": 27.0, "final": 5.0})
    result = with_values(result, "top_token_fraction", 0.31)
    result = with_values(result, "duplicate_fraction", {"embedding": 0.12})
    said = about(result, "expansion_ratio_published is 64.3 and expansion_ratio_norm 1.02")
    assert "27-fold from the embedding to layer_1" in said
    assert "31 % of the texts that end in the commonest token" in said
    assert "12 % of the embedding's rows still repeat another" in said
    assert said.count(". ") == 0
    mean_pooled = with_values(with_values(result, "top_token_fraction", np.nan), "duplicate_fraction", 0.0)
    assert "commonest" not in about(mean_pooled, "expansion_ratio_published is")
    undefined = with_run(result, expansion_ratio_norm=np.nan)
    assert about(undefined, "expansion_ratio_norm is not defined", "even one point has a total")
    assert silent(with_run(result, expansion_ratio_published=np.nan), "expansion_ratio_published")


def test_dimensions_differ_only_where_intervals_do_not_meet(plain: Result) -> None:
    result = with_values(plain, "twonn_dimension", {"embedding": 9.0, "layer_0": 12.0, "layer_1": 8.0, "final": 5.0})
    result = with_values(with_values(result, "twonn_dimension", 4.0, "lo"), "twonn_dimension", 13.0, "hi")
    assert "may be equal" in about(result, "highest in layer_0", "lowest in final")
    apart = with_values(result, "twonn_dimension", {"layer_0": 11.0}, "lo")
    assert "do not meet" in about(with_values(apart, "twonn_dimension", {"final": 6.0}, "hi"), "highest in layer_0")
    bare = with_values(with_values(result, "twonn_dimension", np.nan, "lo"), "twonn_dimension", np.nan, "hi")
    assert "it is open whether they differ" in about(bare, "highest in layer_0")
    assert "2 in every layer" in about(with_values(plain, "twonn_dimension", 2.0), "intrinsic dimension")


def test_training_is_judged_by_paired_differences(plain: Result) -> None:
    control = with_null(plain, "h0_total_norm", {"": np.nan}, kind="random_weights", draws=1, se=0.02, difference=-0.1)
    said = about(control, "Against random weights", "1 draw, conditional on the seed", "0.20 of 4 layers")
    assert "lies below in embedding to final (most in embedding: −0.100 ± 0.039)" in said
    faint = with_null(plain, "h0_total_norm", {"": np.nan}, kind="random_weights", draws=1, se=0.02, difference=-0.03)
    assert "no difference" in about(faint, "Against random weights", "is detected in any of 4 layers")
    blind = with_null(plain, "h0_total_norm", {"": np.nan}, kind="random_weights", draws=1, se=np.nan, difference=1.0)
    assert "nothing is claimed" in about(blind, "Against random weights")
    often = with_null(plain, "h0_total_norm", {"final": 0.05}, kind="random_weights", draws=19, difference=0.1)
    assert "above in final (+0.100" in about(often, "Against random weights", "19 draws, adjusted p ≤ 0.05")
    shuffled = with_null(plain, "h1_max_norm", {"": np.nan}, kind="shuffled_tokens", draws=1, difference=0.1)
    assert about(shuffled, "Against shuffled tokens", "what word order does")


def test_a_control_without_an_error_claims_nothing(plain: Result) -> None:
    assert silent(plain, "random-weights control", "Against random weights")
    drawn = make_result(4, n_points=30, control=True)
    assert about(drawn, "random-weights control is shown", "no claim is made about what training did")
    assert about(made(weights="random"), "The weights are random")


def test_a_run_on_random_weights_is_not_mistaken_for_its_control() -> None:
    own = with_weights(made(weights="random"), "random")
    control = own.table.assign(value=own.table["value"] * 0.5, control="random_weights")
    both = replace(own, table=pd.concat([own.table, control], ignore_index=True))
    assert findings(both) == findings(own)
    assert headline(both) == headline(own)


def test_permuted_dimensions_never_have_a_p(plain: Result) -> None:
    result = with_null(plain, "h0_total_norm", {"": np.nan}, kind="permuted_dimensions", draws=1)
    assert about(result, "Permuted dimensions are descriptive")
    assert silent(result, "Against permuted")


def test_without_half_samples_no_number_carries_an_interval(plain: Result) -> None:
    table = made(replicates=0).table.assign(se=np.nan, lo=np.nan, hi=np.nan)
    result = replace(made(replicates=0), table=table)
    assert about(result, "No number carries an interval (replicates=0)")
    assert silent(result, "wider than they need be")
    assert about(plain, "Counts and shares carry no interval: ", "H0 bars", "Distinct points")
    assert "perplexity" in about(plain, "Of the whole run these carry no interval")
    missing = with_values(plain, "spectrum_alpha", 1.1)
    missing = with_values(with_values(missing, "spectrum_alpha", np.nan, "lo"), "spectrum_alpha", np.nan, "hi")
    assert about(missing, "No interval was obtained for Spectral exponent")


def test_without_nulls_nothing_is_told_from_chance() -> None:
    result = replace(made(nulls=0), nulls=empty_nulls())
    assert about(result, "No number has a rotation null (nulls=0)")
    assert "nothing here is told from chance" in headline(result)
    assert silent(result, "detected", "lies")


def test_a_run_without_an_embedding_or_loops_is_described_all_the_same() -> None:
    one = make_result(1, n_points=30, maxdim=0)
    assert findings(one)
    assert headline(one)
