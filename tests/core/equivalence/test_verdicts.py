"""Where an interval lies, and what many cells say together."""

import numpy as np
import pytest

from todacomm.core.equivalence import (
    Simultaneous,
    cell_verdicts,
    judge,
    judgement_rows,
    overall,
    shape_margins,
    spread_of,
)


def intervals(lo: list[float], hi: list[float]) -> Simultaneous:
    low, high = np.array(lo), np.array(hi)
    return Simultaneous((low + high) / 2, (high - low) / 6, low, high, low, low, 3.0, len(lo))


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (-0.04, 0.04, "same"),
        (0.01, 0.04, "same"),  # not 0, and within the margin
        (-0.05, 0.05, "same"),
        (0.06, 0.10, "different"),
        (-0.10, -0.06, "different"),
        (0.01, 0.06, "undecided"),  # not 0, and the margin within it
        (-0.06, 0.01, "undecided"),
        (-0.20, 0.20, "undecided"),
        (0.05, 0.10, "undecided"),
        (np.nan, np.nan, "undefined"),
    ],
)
def test_the_verdict_is_where_the_interval_lies(lo, hi, verdict):
    assert cell_verdicts(intervals([lo], [hi]), 0.05).tolist() == [verdict]


def test_every_cell_has_its_own_margin():
    assert cell_verdicts(intervals([0.01, 0.01], [0.04, 0.04]), [0.05, 0.02]).tolist() == ["same", "undecided"]


@pytest.mark.parametrize(
    ("cells", "missing", "verdict"),
    [
        (["same", "same"], ["", ""], "same"),
        (["same", "undecided"], ["", ""], "undecided"),
        (["undecided", "different"], ["", ""], "different"),
        (["same", "undefined"], ["", "both"], "same"),
        (["same", "undefined"], ["", "candidate"], "undecided"),
        (["undefined", "undefined"], ["both", "both"], "undefined"),
        (["undefined"], ["half-samples"], "undecided"),
    ],
)
def test_a_run_is_the_same_only_where_all_of_it_is(cells, missing, verdict):
    assert overall(cells, missing) == verdict


def test_margins_are_relative_but_for_what_may_be_near_0():
    margins = shape_margins(["h0_total_norm", "mean_cosine", "h1_entropy", "h1_max_norm"], {"h1_entropy": 0.1})
    assert margins.relative.tolist() == [True, False, False, False]
    assert margins.size.tolist() == [0.05, 0.05, 0.1, 0.05]
    assert shape_margins(["twonn_dimension"], 0.2).size.tolist() == [0.2]


def test_margins_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="unknown metric 'twoN': choose h0_total_persistence"):
        shape_margins(["twoN"])
    with pytest.raises(ValueError, match="a margin for 'mean_cosine', which is not compared: choose twonn_dimension"):
        shape_margins(["twonn_dimension"], {"mean_cosine": 0.1})
    with pytest.raises(ValueError, match="a margin of 0: expected positive numbers"):
        shape_margins(["twonn_dimension"], 0.0)


def test_a_judgement_names_the_layer_that_differs(rng):
    halves = 0.01 * rng.normal(size=(100, 3, 2))
    estimate = np.array([[0.0, 0.0], [0.0, 0.3], [0.04, 0.0]])
    result = judge(spread_of(estimate, halves, 1e-5, np.full((3, 2), "")), 0.05, 200, rng)
    assert result.layer_verdicts.tolist() == ["same", "different", "undecided"]
    assert result.verdict == "different"
    rows = judgement_rows(result, ["layer_0", "layer_1", "final"], ["a", "b"])
    assert [(row["layer"], row["metric"]) for row in rows if row["verdict"] != "same"] == [
        ("layer_1", "b"),
        ("final", "a"),
    ]
    assert rows[3]["difference"] == 0.3
    assert rows[3]["lo"] > 0.25
    assert np.isnan(rows[3]["texts_to_settle"])
    assert rows[4]["texts_to_settle"] > 200


def test_equal_runs_are_the_same_whatever_the_number_of_texts():
    nothing = spread_of(np.zeros((2, 2)), np.zeros((100, 2, 2)), 1e-5, np.full((2, 2), ""))
    result = judge(nothing, 0.05, 20, np.random.default_rng(0))
    assert result.verdict == "same"
    assert result.intervals.p_adjusted.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert np.abs([result.intervals.lo, result.intervals.hi]).max() < 1e-4
    assert result.texts_if_same <= 20


def test_cells_are_layers_by_metrics():
    with pytest.raises(ValueError, match=r"cells of shape \(4,\): expected \(n_layers, n_metrics\)"):
        judge(spread_of(np.zeros(4), np.zeros((9, 4)), 1.0, np.full(4, "")), 0.05, 20, np.random.default_rng(0))
