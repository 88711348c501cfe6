"""The page on the calibration of loops says what was measured, and what was measured keeps the goals of the rule."""

import json

import pytest

from benchmarks.loop_calibration import PAGE, RESULTS, perform
from benchmarks.loop_calibration_page import render
from benchmarks.loop_calibration_summary import (
    GOAL_CASE,
    GOAL_FALSE,
    GOAL_POWER,
    more_of,
    summarize,
)

TABLES = json.loads(RESULTS.read_text(encoding="utf-8"))
FEW = 100
"""Clouds under which a share is too uncertain to be held against a goal."""


def test_the_page_is_written_from_the_results():
    assert PAGE.read_text(encoding="utf-8") == render(TABLES)


def test_no_loop_is_claimed_of_clouds_without_one():
    rows = [row for row in TABLES["claims"] if row["truth"] == "loop-free" and row["repetitions"] >= FEW]
    assert {row["n_points"] for row in rows} >= {150, 300, 500}
    assert len({row["population"] for row in rows}) >= 25
    assert ("uneven clusters on a surface", 500) in {(row["population"], row["n_points"]) for row in rows}
    assert max(row["loop"] for row in rows) <= GOAL_FALSE


def test_the_noisy_circle_is_claimed():
    population, n_points = GOAL_CASE
    (row,) = [row for row in TABLES["claims"] if (row["population"], row["n_points"]) == (population, n_points)]
    assert row["repetitions"] >= FEW
    assert row["loop"] >= GOAL_POWER


def test_a_family_of_layers_has_one_error():
    rows = [row for row in TABLES["family"] if row["n_points"] == 150]
    assert rows
    assert all(row["loop"] <= GOAL_FALSE for row in rows)


@pytest.mark.parametrize("task", [("gaussian", 150, 0), ("circle, noise .1", 150, 0)])
def test_a_repetition_is_decided_by_its_name(task):
    assert perform(task) == perform(task)


def test_of_two_runs_the_one_with_more_repetitions_is_recorded():
    two, three = ({("torus", 150, r): perform(("torus", 150, r)) for r in range(n)} for n in (2, 3))
    fewer, more = summarize(two), summarize(three)
    assert more_of(fewer, more)["claims"] == more_of(more, fewer)["claims"] == more["claims"]
    assert more_of(TABLES, fewer) == TABLES
