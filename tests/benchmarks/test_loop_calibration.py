"""The page on the calibration of loops says what was measured, and what was measured keeps the goals of the rule."""

import json

import numpy as np
import pytest

from benchmarks.loop_calibration import PAGE, RESULTS, _prominence, perform
from benchmarks.loop_calibration_page import render
from benchmarks.loop_calibration_summary import (
    GOAL_CASE,
    GOAL_FALSE,
    GOAL_POWER,
    PROMINENCES,
    more_of,
    summarize,
)
from benchmarks.loop_populations import LOOP_POPULATIONS
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.inference import half_samples
from todacomm.core.loops import leading, life_left, loop_bars, membership, prominence

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


@pytest.mark.parametrize("population", ["circle, noise .1", "torus", "figure eight", "uneven clusters on a surface"])
def test_a_diagram_that_is_cut_short_says_the_same(population):
    rng = np.random.default_rng(3)
    among = distances(LOOP_POPULATIONS[population](rng, 400))
    bars = loop_bars(among)
    halves = half_samples(len(among), 40, 0)
    left = life_left(among, bars, membership(halves, len(among)))
    dgms = [persistence(among[np.ix_(half, half)])[1] for half in halves]
    in_full = prominence(leading(bars, left, dgms))
    cut_short = _prominence(among, bars, left, halves, 0.0)
    certain = PROMINENCES[-1]
    assert np.array_equal(np.minimum(cut_short, certain), np.minimum(in_full, certain))


def test_of_two_runs_the_one_with_more_repetitions_is_recorded():
    two, three = ({("torus", 150, r): perform(("torus", 150, r)) for r in range(n)} for n in (2, 3))
    fewer, more = summarize(two), summarize(three)
    assert more_of(fewer, more)["claims"] == more_of(more, fewer)["claims"] == more["claims"]
    assert more_of(TABLES, fewer) == TABLES
