"""What a report claims, as data: every kind of finding against a table made for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.helpers.results import empty_nulls, make_result
from todacomm.core.facts import RunWarning
from todacomm.core.metrics import LAYER_METRICS
from todacomm.results.findings import Finding, findings, main_findings
from todacomm.results.findings.judgement import featured, judge
from todacomm.results.result import Result
from todacomm.results.table import LOOP_COLUMNS, NULL_COLUMNS, tidy

LAYERS = ("embedding", "layer_0", "layer_1", "final")


def made(**options: Any) -> Result:
    return make_result(4, n_points=30, control=False, loops=0, **options)


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


def with_run(result: Result, **values: float) -> Result:
    """The result with numbers of the whole run set."""
    others = result.table[~((result.table["layer"] == "run") & result.table["metric"].isin(values))]
    rows = [{"weights": "trained", "layer": "run", "metric": name, "value": value} for name, value in values.items()]
    return replace(result, table=tidy([*others.to_dict("records"), *rows]))


def with_null(
    result: Result,
    metric: str,
    p: dict[str, float],
    sign: float = 1.0,
    draws: int = 39,
    kind: str = "rotation",
    se: float = 0.01,
    difference: float | dict[str, float] | None = None,
    alone: str = "",
) -> Result:
    """The result with one null for one metric: p-values by layer (1 elsewhere), the value above or below the mean."""
    others = result.nulls[~((result.nulls["metric"] == metric) & (result.nulls["null"] == kind))]
    by_layer = difference if isinstance(difference, dict) else {}
    usual = 0.1 * sign if difference is None or isinstance(difference, dict) else difference
    rows = [
        {
            "layer": layer, "metric": metric, "null": kind, "draws": draws, "mean": 0.25, "sd": 0.02, "se": se,
            "difference": by_layer.get(layer, usual), "p_adjusted": p.get(layer, p.get("", 1.0)),
            "family": 1 if layer == alone else 3,
        }
        for layer in LAYERS
    ]  # fmt: skip
    return replace(result, nulls=tidy([*others.to_dict("records"), *rows], NULL_COLUMNS))


def with_loops(result: Result, verdicts: dict[str, str]) -> Result:
    """The result with one bar a layer, of these verdicts."""
    left = {"loop": 0.8, "few texts": 0.3, "none": 0.2}
    same = ("reproduction", "prominence", "group_reproduction")
    rows = [
        {"layer": layer, "rank": 1, **dict.fromkeys(same, left[verdict]), "verdict": verdict}
        for layer, verdict in verdicts.items()
    ]
    return replace(result, loops=tidy(rows, LOOP_COLUMNS))


def of_kind(result: Result, kind: str, **values: Any) -> Finding:
    """The one finding of a kind, and with these values."""
    (finding,) = [
        finding
        for finding in findings(result)
        if finding.kind == kind and all(finding.values.get(name) == value for name, value in values.items())
    ]
    return finding


def kinds(result: Result) -> set[str]:
    return {finding.kind for finding in (*findings(result), *main_findings(result))}


def test_a_long_bar_is_named_only_where_the_adjusted_p_says_so(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.025, "layer_1": 0.05, "final": 0.051})
    finding = of_kind(result, "long_bars")
    assert finding.layers == ("layer_0", "layer_1")
    assert finding.values["not_detected"] == ("embedding", "final")
    assert (finding.values["strongest"]["layer"], finding.values["strongest"]["p"]) == ("layer_0", 0.025)
    assert finding in main_findings(result)
    assert "no_long_bars" not in kinds(result)
    assert "necessary_only" in kinds(result)


def test_the_count_of_long_bars_is_judged_against_the_rotations(plain: Result) -> None:
    judged = with_null(plain, "h1_count_long", {"": 0.4, "layer_1": 0.025}, draws=39)
    finding = of_kind(judged, "many_long_bars")
    assert finding.layers == ("layer_1",)
    assert (finding.values["strongest"]["p"], finding.values["strongest"]["draws"]) == (0.025, 39.0)
    rest = of_kind(judged, "no_more_long_bars")
    assert rest.layers == ("embedding", "layer_0", "final")
    assert rest.values["smallest_difference"] > 0


def test_a_layer_tested_by_itself_is_marked(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.025, "final": 0.05}, alone="layer_0")
    assert of_kind(result, "long_bars").values["strongest"]["adjusted"] is False
    together = with_null(plain, "h1_max_norm", {"layer_0": 0.025})
    assert of_kind(together, "long_bars").values["strongest"]["adjusted"] is True


def test_without_a_long_bar_the_closest_layer_is_the_one_furthest_above_its_null(plain: Result) -> None:
    away = {"embedding": -0.3, "layer_0": -0.05, "layer_1": 0.01, "final": -0.1}
    result = with_null(plain, "h1_max_norm", {"": 0.075}, difference=away)
    finding = of_kind(result, "no_long_bars")
    assert finding.layers == LAYERS
    assert finding.values["closest"]["layer"] == "layer_1"
    assert finding.values["smallest_difference"] == pytest.approx((2.128 + 0.842) * 0.02, rel=1e-3), "upwards alone"
    assert not {"long_bars", "necessary_only"} & kinds(result)


def test_among_equal_p_the_strongest_is_the_furthest_to_the_side_that_is_claimed(plain: Result) -> None:
    away = {"embedding": 0.05, "layer_0": -0.3, "layer_1": -0.1, "final": 0.2}
    judged = judge(with_null(plain, "h0_total_norm", {"": 0.025}, difference=away).depth, "h0_total_norm")
    assert judged.depth.names[judged.strongest(judged.low, -1)] == "layer_0"
    assert judged.depth.names[judged.strongest(judged.high, 1)] == "final"


def test_the_layer_whose_pictures_are_shown_is_the_one_that_is_named(plain: Result) -> None:
    """The ratio of the bar to the null's upper end decides nothing: layer_0 has the longest bar of all."""
    long = with_values(plain, "h1_max_norm", {"layer_0": 9.0})
    result = with_null(long, "h1_max_norm", {"": 0.4, "layer_1": 0.3, "final": 0.3}, difference={"final": 0.2})
    assert of_kind(result, "no_long_bars").values["closest"]["layer"] == "final"
    assert result.depth.names[featured(result.depth)] == "final"
    bare = replace(long, nulls=empty_nulls())
    assert bare.depth.names[featured(bare.depth)] == "layer_0"


def test_too_few_draws_decide_nothing(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"": 0.1}, draws=9)
    assert of_kind(result, "too_few_draws").values["draws"] == 9
    assert not {"long_bars", "no_long_bars"} & kinds(result)
    judged = with_loops(result, dict.fromkeys(LAYERS, "none"))
    assert "no_loops" not in kinds(judged)
    assert main_findings(judged)[-1].kind == "too_few_draws"
    enough = with_null(plain, "h1_max_norm", {"": 0.05}, draws=19)
    assert of_kind(enough, "long_bars").layers == LAYERS


def test_a_loop_is_claimed_only_where_it_is_reproduced(plain: Result) -> None:
    result = with_null(plain, "h1_max_norm", {"layer_0": 0.025, "layer_1": 0.025})
    result = with_loops(result, {"embedding": "none", "layer_0": "loop", "layer_1": "few texts", "final": "none"})
    assert of_kind(result, "loops").layers == ("layer_0",)
    assert of_kind(result, "loops").values["reproduction"] == 0.8
    assert of_kind(result, "few_texts").layers == ("layer_1",)
    assert main_findings(result)[-1].kind == "loops"
    assert "necessary_only" not in kinds(result)
    fewer = with_loops(result, {"layer_0": "few texts", "layer_1": "few texts", "final": "none"})
    assert of_kind(fewer, "no_loops").layers == ("layer_0", "layer_1", "final")
    assert of_kind(fewer, "few_texts").values["bars"] == 2
    assert of_kind(fewer, "few_texts").values["come_back"] == 0


def test_a_bar_that_comes_back_without_being_the_longest_is_not_said_to_rest_on_few_texts(plain: Result) -> None:
    result = with_loops(with_null(plain, "h1_max_norm", {"layer_0": 0.025}), {"layer_0": "few texts", "final": "none"})
    loops = result.loops.assign(reproduction=[0.86, 0.1], group_reproduction=[0.85, 0.1], prominence=[0.85, 0.1])
    values = of_kind(replace(result, loops=loops), "few_texts").values
    assert (values["bars"], values["come_back"], values["prominence"]) == (1, 1, 0.85)


def test_a_loop_in_a_degenerate_cloud_is_not_claimed(plain: Result) -> None:
    result = with_loops(with_values(plain, "n_distinct", {"layer_0": 10.0}), {"layer_0": "loop", "final": "none"})
    assert of_kind(result, "no_loops").layers == ("final",)


@pytest.mark.parametrize("metric", ["h0_total_norm", "h1_total_norm"])
@pytest.mark.parametrize(("sign", "side"), [(-1.0, "below"), (1.0, "above")])
def test_a_total_is_on_one_side_of_its_null(plain: Result, metric: str, sign: float, side: str) -> None:
    result = with_null(plain, metric, {"layer_1": 0.025}, sign=sign)
    finding = of_kind(result, "null_difference", metric=metric)
    assert (finding.layers, finding.values["side"]) == (("layer_1",), side)
    rest = of_kind(result, "no_null_difference", metric=metric)
    assert rest.layers == ("embedding", "layer_0", "final")
    assert not rest.values["everywhere"]
    assert rest.values["smallest_difference"] == pytest.approx((2.394 + 0.842) * 0.02, rel=1e-3), "three layers share p"
    nothing = of_kind(with_null(plain, metric, {}, sign=sign), "no_null_difference", metric=metric)
    assert nothing.values["everywhere"]


def test_no_claim_about_a_degenerate_cloud(plain: Result) -> None:
    result = with_values(plain, "n_distinct", {"layer_0": 14.0})
    for metric in ("h1_max_norm", "h0_total_norm", "h1_total_norm"):
        result = with_null(result, metric, {"layer_0": 0.025})
    finding = of_kind(result, "degenerate")
    assert (finding.layers, finding.values) == (("layer_0",), {"distinct": (14.0, 14.0), "points": (30.0, 30.0)})
    assert not {"long_bars", "null_difference"} & kinds(result)
    half = with_null(with_values(plain, "n_distinct", {"layer_0": 15.0}), "h1_max_norm", {"layer_0": 0.025})
    assert of_kind(half, "long_bars").layers == ("layer_0",)
    assert of_kind(half, "doubtful").values["worst"] == 0.5


def test_nothing_is_claimed_where_all_is_degenerate(plain: Result) -> None:
    result = with_values(plain, "n_distinct", 2.0)
    assert [finding.kind for finding in main_findings(result)] == ["nothing_readable"]
    limits = {"counts_without_interval", "conservative_intervals", "run_without_interval", "tested_metrics"}
    assert kinds(result) - limits == {"degenerate", "nothing_readable"}


def test_a_cloud_that_could_not_be_measured_is_left_out(plain: Result) -> None:
    result = with_values(plain, "n_distinct", {"layer_0": np.nan})
    assert of_kind(result, "not_measured").layers == ("layer_0",)


def test_a_cls_embedding_is_undefined_by_construction() -> None:
    result = made(degenerate_embedding=True)
    assert of_kind(result, "degenerate").layers == ("embedding",)
    encoder = replace(result, model=replace(result.model, kind="encoder", pooling="cls"))
    assert of_kind(encoder, "embedding_by_construction").layers == ("embedding",)
    assert "degenerate" not in kinds(encoder)


def test_a_rogue_coordinate_is_named_where_the_layer_warns_of_it() -> None:
    loud = with_values(made(), "top_dim_variance", {"layer_1": 0.97})
    assert "rogue_coordinate" not in kinds(loud)  # another coordinate has nearly as much, or there are few of them
    warned = replace(loud, warnings=(*loud.warnings, RunWarning("rogue_coordinate", "coordinate 3", "layer_1")))
    assert of_kind(warned, "rogue_coordinate").values["share"] == (0.97, 0.97)


def test_nothing_depends_on_the_scale_of_the_activations(plain: Result) -> None:
    raw = [name for name, metric in LAYER_METRICS.items() if not metric.scale_free]
    table = plain.table.copy()
    table.loc[plain.table["metric"].isin(raw), ["value", "se", "lo", "hi"]] *= 2.0**20
    assert findings(replace(plain, table=table)) == findings(plain)


def test_why_the_published_ratio_differs(plain: Result) -> None:
    result = with_run(plain, expansion_ratio_published=64.3, expansion_ratio_norm=1.02)
    result = with_values(result, "mean_norm", {"embedding": 1.0, "layer_0": 2.0, "layer_1": 27.0, "final": 5.0})
    result = with_values(with_values(result, "top_token_fraction", 0.31), "duplicate_fraction", {"embedding": 0.12})
    assert of_kind(result, "published_ratio").values == {
        "published": 64.3, "scale_free": 1.02, "norm_growth": 27.0, "norm_peak": "layer_1", "top_token": 0.31,
        "duplicates": 0.12,
    }  # fmt: skip
    undefined = with_run(result, expansion_ratio_norm=np.nan)
    assert np.isnan(of_kind(undefined, "published_ratio").values["scale_free"])
    assert "published_ratio" not in kinds(with_run(result, expansion_ratio_published=np.nan))


def test_growth_is_from_the_embedding_or_where_it_has_none_from_the_first_block(plain: Result) -> None:
    result = with_run(plain, expansion_ratio=4.0, expansion_ratio_norm=1.5, expansion_ratio_block=2.0)
    assert main_findings(result)[0] == Finding("growth", values={"raw": 4.0, "scale_free": 1.5, "without": ()})
    block = with_run(result, expansion_ratio=np.nan, expansion_ratio_norm=np.nan)
    assert main_findings(block)[0] == Finding("growth_from_first_block", values={"raw": 2.0, "without": ()})


def test_how_much_of_a_change_over_depth_is_scale(plain: Result) -> None:
    result = plain
    for metric, end in (("h0_mean_lifetime", 8.0), ("mean_norm", 6.0), ("h0_total_norm", 1.5)):
        values = {"embedding": 1.0, "layer_0": 1.2, "layer_1": 1.1, "final": end}
        result = with_values(result, metric, values)
    assert of_kind(result, "scale_spans").values == {
        "h0_mean_lifetime": 8.0, "mean_norm": 6.0, "h0_total_norm": 1.5, "without": (),
    }  # fmt: skip


def test_no_extreme_over_layers_is_taken_past_one_without_a_word(plain: Result) -> None:
    """What layer_1 is could not be measured: it may be the peak."""
    result = with_run(plain, expansion_ratio=4.0, expansion_ratio_norm=1.5, expansion_ratio_block=2.0)
    for metric in ("n_distinct", "h0_mean_lifetime", "h0_total_norm", "mean_norm", "twonn_dimension"):
        result = with_values(result, metric, {"layer_1": np.nan})
    assert of_kind(result, "scale_spans").values["without"] == ("layer_1",)
    assert main_findings(result)[0].values["without"] == ("layer_1",)
    assert main_findings(with_run(result, expansion_ratio=np.nan))[0].values["without"] == ("layer_1",)


def test_dimensions_differ_only_where_intervals_do_not_overlap(plain: Result) -> None:
    result = with_values(plain, "twonn_dimension", {"embedding": 9.0, "layer_0": 12.0, "layer_1": 8.0, "final": 5.0})
    result = with_values(with_values(result, "twonn_dimension", 4.0, "lo"), "twonn_dimension", 13.0, "hi")
    finding = of_kind(result, "dimension_range")
    assert (finding.layers, finding.values["differ"]) == (("layer_0", "final"), False)
    assert finding.values["smallest_difference"] == pytest.approx((2 + np.sqrt(2) * 0.842 / 1.96) * 4.5, rel=1e-3)
    separate = with_values(result, "twonn_dimension", {"layer_0": 11.0}, "lo")
    separate = with_values(separate, "twonn_dimension", {"final": 6.0}, "hi")
    assert of_kind(separate, "dimension_range").values["differ"] is True
    bare = with_values(with_values(result, "twonn_dimension", np.nan, "lo"), "twonn_dimension", np.nan, "hi")
    assert of_kind(bare, "dimension_range").values["differ"] is None
    assert of_kind(with_values(plain, "twonn_dimension", 2.0), "dimension_constant").values["value"] == 2.0


def test_training_is_judged_by_paired_differences(plain: Result) -> None:
    def drawn(**options: Any) -> Result:
        given = {"p": {"": np.nan}, "kind": "random_weights", "draws": 1, "se": 0.02, **options}
        return with_null(plain, "h0_total_norm", **given)

    control = drawn(difference=-0.1)
    rule = of_kind(control, "control").values
    assert (rule["control"], rule["draws"], rule["adjusted"], rule["by_chance"]) == ("random_weights", 1, False, 0.2)
    finding = of_kind(control, "control_difference")
    assert finding.layers == finding.values["lower"]["layers"] == LAYERS
    assert finding.values["lower"]["half_width"] == pytest.approx(1.96 * 0.02, rel=1e-4)
    none = of_kind(drawn(difference=-0.03), "no_control_difference")
    assert none.layers == LAYERS
    assert none.values["smallest_difference"] == pytest.approx((1.96 + 0.842) * 0.02, rel=1e-3)
    assert of_kind(drawn(se=np.nan, difference=1.0), "control_without_error").values["metrics"] == ("h0_total_norm",)
    often = drawn(p={"final": 0.05}, draws=19, difference=0.1)
    assert of_kind(often, "control").values["adjusted"]
    assert of_kind(often, "control_difference").values["higher"]["layers"] == ("final",)
    shuffled = drawn(kind="shuffled_tokens", difference=0.1)
    assert of_kind(shuffled, "control").values["control"] == "shuffled_tokens"


def test_a_control_without_an_error_claims_nothing(plain: Result) -> None:
    assert not {"control", "control_without_error"} & kinds(plain)
    drawn = make_result(4, n_points=30, control=True, loops=0)
    without = replace(drawn, nulls=drawn.nulls[drawn.nulls["null"] != "random_weights"])
    assert of_kind(without, "control_without_error").values["control"] == "random_weights"
    assert not {"control_difference", "no_control_difference"} & kinds(without)


def test_random_weights_are_not_called_a_control() -> None:
    assert of_kind(made(weights="random"), "random_weights") == Finding("random_weights")


def test_a_run_on_random_weights_is_not_mistaken_for_its_control() -> None:
    own = made(weights="random")
    control = own.table.assign(value=own.table["value"] * 0.5, control="random_weights")
    both = replace(own, table=pd.concat([own.table, control], ignore_index=True))
    assert findings(both) == findings(own)
    assert main_findings(both) == main_findings(own)


def test_permuted_dimensions_never_have_a_p(plain: Result) -> None:
    result = with_null(plain, "h0_total_norm", {"": np.nan}, kind="permuted_dimensions", draws=1)
    assert of_kind(result, "descriptive_null").values == {"null": "permuted_dimensions"}
    assert "control" not in kinds(result)


def test_which_numbers_have_no_interval(plain: Result) -> None:
    result = made(replicates=0)
    assert of_kind(result, "no_intervals").values == {"reason": "replicates=0"}
    assert not {"conservative_intervals", "run_without_interval"} & kinds(result)
    assert set(of_kind(plain, "counts_without_interval").values["metrics"]) == {
        "h0_count", "h1_count_long", "unit_distance", "h0_max_lifetime", "h0_max_norm",
    }  # fmt: skip
    assert "perplexity" in of_kind(plain, "run_without_interval").values["metrics"]
    missing = with_values(plain, "spectrum_alpha", 1.1)
    missing = with_values(with_values(missing, "spectrum_alpha", np.nan, "lo"), "spectrum_alpha", np.nan, "hi")
    assert "spectrum_alpha" in of_kind(missing, "intervals_missing").values["metrics"]


def test_without_nulls_nothing_is_compared_with_chance() -> None:
    result = made(nulls=0)
    assert len(result.nulls) == 0
    finding = Finding("no_null", values={"reason": "nulls=0"})
    assert finding in findings(result)
    assert main_findings(result)[-1] == finding
    assert not {"long_bars", "no_long_bars", "null_difference", "no_null_difference"} & kinds(result)


def test_a_run_of_one_layer_without_loops_says_what_its_totals_show() -> None:
    one = make_result(1, n_points=30, maxdim=0)
    made = {finding.kind for finding in main_findings(one)}
    assert made in ({"null_difference"}, {"no_null_difference"})
    assert {finding.layers for finding in main_findings(one)} == {("embedding",)}
    assert "scale_spans" not in kinds(one)
    assert replace(one, nulls=empty_nulls()).depth.null("h0_total_norm").defined is False
