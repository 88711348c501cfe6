"""The rule as a whole where a loop is there and where none is: small calibrations of one layer and of families."""

from dataclasses import fields

import numpy as np
import pytest

from benchmarks.loop_calibration import cloud, family
from benchmarks.loop_calibration_summary import claimed
from todacomm.core.loops import Evidence, verdict

LOOP_FREE = (
    "curved sheet",
    "sphere",
    "3-sphere",
    "folded surface",
    "square",
    "20 to 60 uneven clusters",
    "uneven clusters on a surface",
    "last tokens",
    "last tokens on a curved sheet",
    "clusters on an open arc",
    "horseshoe",
)
EVIDENCE = [field.name if field.name != "p_adjusted" else "p" for field in fields(Evidence)]


def claims(population, n_points, repetitions):
    rng = np.random.default_rng(7)
    return [claimed(cloud(child, population, n_points, False)) for child in rng.spawn(repetitions)]


@pytest.mark.parametrize("population", LOOP_FREE)
def test_no_loop_is_claimed_where_there_is_none(population):
    """If one cloud in twenty has a false claim, three or more of twelve do in 2 % of tests."""
    assert sum(claims(population, 100, 12)) <= 2


@pytest.mark.parametrize(
    ("population", "n_points"),
    [("circle, noise .1", 150), ("circle, noise .2", 300), ("figure eight", 150), ("torus", 150)],
)
def test_loops_are_claimed(population, n_points):
    assert sum(claims(population, n_points, 5)) >= 4


def test_a_ring_of_seven_clusters_is_a_loop():
    assert sum(claims("weekdays", 200, 5)) >= 3


@pytest.mark.parametrize("kind", ["spheres", "layers of last tokens", "curved sheets"])
def test_no_layer_of_fourteen_has_a_loop(kind):
    layers = [layer for child in np.random.default_rng(3).spawn(3) for layer in family(child, kind, 80)["layers"]]
    evidence = [Evidence(*bar) for layer in layers for bar in zip(*(layer[name] for name in EVIDENCE), strict=True)]
    assert [verdict(of_bar) for of_bar in evidence].count("loop") == 0
