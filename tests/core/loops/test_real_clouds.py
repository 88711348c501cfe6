"""Clouds whose answer is known: the project's own cases, and activations of Qwen2.5-0.5B that a package ships."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import SHARED_DATA
from todacomm.core.inference import half_samples, null_draws, replicate
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import (
    bar_p_values,
    circular_coordinate,
    circular_correlation,
    layer_loops,
    smoothed_angle,
    verdict,
)
from todacomm.core.metrics import TESTED_METRICS

CASES = SHARED_DATA.parent / "cases"
DRAWS = 39


def loops_of(cloud, replicates=100):
    layer = analyze_layer(cloud)
    halves = half_samples(len(cloud), replicates, seed=42)
    return layer, layer_loops(layer, halves, replicate(layer, cloud, halves).diagrams)


def case(name):
    path = CASES / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no {path}")
    return np.load(path, allow_pickle=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("circle", {"loop"}), ("curved-sheet", {"few texts", "none"}), ("sparse-cone", {"few texts", "none"})],
)
def test_cases(name, expected):
    layer, loops = loops_of(case(name)["layer_0"])
    draws = null_draws({"layer_0": layer}, DRAWS, np.random.default_rng(0))["layer_0"]
    ((_, p_adjusted),) = bar_p_values([loops.lifetimes], draws[:, [TESTED_METRICS.index("h1_max_norm")]])
    assert {verdict(evidence) for evidence in loops.evidence(p_adjusted)[:1]} <= expected


def test_texts_of_the_circle_are_in_angular_order():
    stored = case("circle")
    layer, loops = loops_of(stored["layer_0"], 0)
    truth = np.array([float(text.split()[1]) for text in stored["texts"]])
    angle = circular_coordinate(layer.distances, loops.bars[0])
    assert circular_correlation(angle, truth) > 0.95
    assert circular_correlation(smoothed_angle(layer.scores, angle).angle, truth) > 0.97


@pytest.mark.parametrize(("model", "reproduction"), [("base", 0.49), ("instruct", 0.42)])
def test_loops_of_qwen_are_not_reproduced(model, reproduction):
    spec = importlib.util.find_spec("actopo")
    if spec is None or spec.origin is None:
        pytest.skip("actopo, which ships the clouds, is not installed: pip install actopo==0.1.0")
    path = Path(spec.origin).parent / "data" / f"example_{model}.npy"
    _, loops = loops_of(np.load(path, allow_pickle=False))
    assert loops.reproduction[0] == pytest.approx(reproduction, abs=0.025)
    evidence = loops.evidence(np.full(len(loops.bars), 1 / (DRAWS + 1)))
    assert {verdict(of_bar) for of_bar in evidence} == {"few texts"}
