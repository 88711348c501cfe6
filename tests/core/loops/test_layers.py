"""Loops of a layer: bars of its own diagram, half-samples of its intervals, duplicates and landmarks."""

import numpy as np
import pytest

from tests.core.shapes import noisy_circle
from todacomm.core.inference import half_samples, replicate
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import layer_loops, verdict

NONE = np.empty((0, 0), dtype=np.intp)


def measured(cloud, replicates=15, **settings):
    layer = analyze_layer(cloud, **settings)
    halves = half_samples(len(cloud), replicates, seed=0)
    return layer, layer_loops(layer, halves, replicate(layer, cloud, halves).diagrams)


@pytest.fixture
def circle():
    return noisy_circle(np.random.default_rng(0), 120, 50, 0.1)


def test_a_circle_is_there_on_halves(circle):
    layer, loops = measured(circle)
    assert loops.lifetimes[0] == pytest.approx(layer.metrics["h1_max_norm"])
    assert loops.reproduction[0] > 0.75
    assert loops.prominence[0] == 1.0
    assert loops.low_reproduction[0] < loops.reproduction[0]
    assert loops.reproduction[1:].max() < 0.5
    np.testing.assert_array_equal(loops.rows, np.arange(120))
    n_bars = len(loops.bars)
    assert [verdict(evidence) for evidence in loops.evidence(np.full(n_bars, 0.025))] == [
        "loop", *["few texts"] * (n_bars - 1),
    ]  # fmt: skip


def test_a_small_loop_is_looked_into_for_its_ratio():
    """A ring of a fiftieth of the size beside a noisy circle: its bar is short, and dies at eleven times its birth."""
    angles = np.arange(40) * 2 * np.pi / 40
    small = 0.02 * np.column_stack([np.cos(angles), np.sin(angles)]) + 3.0
    layer = analyze_layer(np.vstack([noisy_circle(np.random.default_rng(1), 80, 2, 0.1), small]))
    dgm = layer.diagrams[1]
    assert len(dgm) > 4
    halves = half_samples(120, 15, seed=0)
    loops = layer_loops(layer, halves, replicate(layer, layer.cloud, halves).diagrams, n_longest=1)
    longest, of_ratio = loops.bars
    assert longest.rank == 1 < of_ratio.rank
    assert of_ratio.death / of_ratio.birth == pytest.approx((dgm[:, 1] / dgm[:, 0]).max())
    assert of_ratio.rank == 1 + np.sum(dgm[:, 1] - dgm[:, 0] > of_ratio.lifetime)
    assert loops.reproduction[1] > 0.5
    assert loops.prominence[1] == 0.0
    assert verdict(loops.evidence(np.full(2, 0.025))[1]) == "few texts"


def test_other_metrics_and_degrees(circle):
    _, loops = measured(circle, 5, metric="cosine", maxdim=2)
    assert loops.reproduction[0] > 0.7


def test_duplicates_are_one_point_each(circle):
    """Every row twice: both halves of a pair stand for one point, of which three quarters are in a half."""
    _, loops = measured(np.vstack([circle, circle]))
    assert len(loops.rows) == 120
    alone = analyze_layer(circle)
    assert loops.lifetimes[0] == pytest.approx(alone.metrics["h1_max_norm"])
    assert loops.reproduction[0] > measured(circle)[1].reproduction[0]


def test_halves_without_a_shape_count_as_nothing_left():
    """Twelve texts at five places: some halves hold three places only."""
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [3.0, 3.0]])
    cloud = square[[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4]]
    layer = analyze_layer(cloud)
    halves = half_samples(12, 40, seed=3)
    diagrams = replicate(layer, cloud, halves).diagrams
    assert len(diagrams) < 40
    loops = layer_loops(layer, halves, diagrams)
    corners = [len({tuple(row) for row in cloud[half].tolist() if row != [3.0, 3.0]}) for half in halves]
    np.testing.assert_array_equal(loops.left[0], np.array(corners) == 4)


def test_landmarks_have_bars_and_no_halves(circle):
    layer = analyze_layer(circle, landmarks=60)
    loops = layer_loops(layer, NONE, ())
    assert loops.lifetimes[0] == pytest.approx(layer.metrics["h1_max_norm"])
    assert set(loops.rows) == set(layer.landmarks)
    assert np.isnan(loops.reproduction).all()
    assert np.isnan(loops.low_reproduction).all()
    with pytest.raises(ValueError, match="a layer with landmarks has no half-samples"):
        layer_loops(layer, half_samples(120, 3, seed=0), ())


def test_without_shape_or_degree_there_is_no_bar(circle):
    for layer in (analyze_layer(np.ones((9, 3))), analyze_layer(circle, maxdim=0)):
        loops = layer_loops(layer, half_samples(len(layer.cloud), 4, seed=0), ())
        assert loops.bars == ()
        assert loops.reproduction.shape == (0,)
        assert loops.evidence(np.empty(0)) == []


def test_diagrams_of_other_halves_are_refused(circle):
    layer = analyze_layer(circle)
    with pytest.raises(ValueError, match="diagrams of 0 half-samples, where 3 of 3 have 4 distinct points"):
        layer_loops(layer, half_samples(120, 3, seed=0), ())
