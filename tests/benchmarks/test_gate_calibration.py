"""The gate's calibration at its smallest: known truths of its runs, and tables from its repetitions."""

import numpy as np
import pytest

from benchmarks.gate_calibration import METRICS, moved, perform, shape, tasks
from benchmarks.gate_models import FIRST_CHANGED, pair
from benchmarks.gate_summary import summarize


def test_a_bent_model_is_the_same_up_to_the_layer_where_it_is_bent(rng):
    base, candidate = pair(rng, "bend", 0.2, "anisotropic", 30)
    for layer, (ours, theirs) in enumerate(zip(base, candidate, strict=True)):
        assert (ours == theirs).all() == (layer < FIRST_CHANGED)


def test_a_repetition_gives_every_cell_its_verdict_and_the_summary_counts_the_wrong_ones():
    settings = {"change": "none", "size": 0.0, "population": "anisotropic", "n_points": 24}
    done = {("shape", 0, 0): shape(np.random.default_rng(0), maxdim=1, replicates=20, **settings)}
    (row,) = summarize(done, {"shape": [settings]}, np.full(len(METRICS), 0.05))["shape"]
    assert row["run"] == {"same": 1.0, "different": 0.0, "undecided": 0.0}
    assert row["starred_somewhere"] == row["false_different"] == row["adjusted_below_plain"] == 0
    done = {("places", 0, 0): moved(np.random.default_rng(0), 24, 0.5, "anisotropic")}
    (row,) = summarize(done, {"places": [{"n_points": 24}]}, np.zeros(0))["places"]
    assert row["true_distance"][0] == pytest.approx(0.5, abs=0.2)
    assert row["false_same"] == 0.0


def test_a_task_is_decided_by_its_place_alone():
    assert perform(("law", 0, 3)) == perform(("law", 0, 3))
    assert {name for name, _, _ in tasks(0.0)} == {"law", "shape", "places"}
