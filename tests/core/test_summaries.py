"""Numbers and curves of hand-made diagrams."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.core.shapes import polygon
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.summaries import (
    betti_curve,
    diagram_metrics,
    euler_curve,
    expansion_ratios,
    expansion_warnings,
    persistence_entropy,
    published_h0_total,
    published_ratio,
)


@pytest.mark.parametrize(("dgm", "expected"), [([[0, 1], [2, 3]], 0.69314718), ([[4, 6], [2, 6]], 0.63651417)])
def test_entropy_before_division(dgm, expected):
    assert persistence_entropy(np.array(dgm, float)) * np.log(2) == pytest.approx(expected, abs=1e-8)


def test_entropy_is_one_for_even_bars_and_undefined_for_one():
    assert persistence_entropy(np.array([[0.0, 2.0]] * 7)) == pytest.approx(1.0)
    assert np.isnan(persistence_entropy(np.array([[0.0, 2.0]])))


def test_long_bars_are_counted_against_the_diameter():
    h1 = np.array([[1.0, 1.031], [1.0, 1.029], [1.0, 2.0]])
    assert diagram_metrics([np.array([[0.0, 1.0]] * 3), h1], 4, 1.0, 1.0)["h1_count_long"] == 2


def test_second_degree_has_the_same_names():
    bars = np.array([[1.0, 1.5]])
    values = diagram_metrics([np.array([[0.0, 1.0]] * 3), bars, bars], 4, 2.0, 3.0)
    assert values["h2_total_persistence"] == 0.5
    assert values["h2_max_norm"] == 0.25


def test_betti_curve_counts_bars_that_are_alive():
    dgm = np.array([[0.0, 2.0], [1.0, 3.0], [1.0, 1.5]])
    scale = np.linspace(0, 4, 81)
    alive = [((dgm[:, 0] <= e) & (e < dgm[:, 1])).sum() for e in scale]
    np.testing.assert_array_equal(betti_curve(dgm, scale), alive)


def test_bars_born_at_zero_have_no_ratio():
    h1 = np.array([[0.0, 1.0], [1.0, 1.5]])
    assert diagram_metrics([np.array([[0.0, 1.0]] * 3), h1], 4, 1.0, 1.0)["h1_max_ratio"] == 1.5


def test_euler_curve_is_the_alternating_count_of_cliques(rng):
    """On 7 points no Rips complex has homology above degree 2: its Euler characteristic counts its simplices."""
    matrix = distances(rng.normal(size=(7, 3)))
    scale = np.linspace(0.0, matrix.max(), 50)
    cliques = [
        (matrix[np.ix_(c, c)].max(), (-1) ** (len(c) - 1)) for k in range(1, 8) for c in combinations(range(7), k)
    ]
    counted = [sum(sign for diameter, sign in cliques if diameter <= e * (1 + 1e-6)) for e in scale]
    betti = [betti_curve(dgm, scale * (1 + 1e-6)) for dgm in persistence(matrix, maxdim=2)]
    np.testing.assert_array_equal(euler_curve(betti), counted)


def test_euler_characteristic_of_a_circle_is_zero_while_its_loop_lives():
    edge = 2 * np.sin(np.pi / 60)
    scale = np.array([0.0, 1.0, 1.9])
    betti = [betti_curve(np.array([[0.0, edge]] * 59), scale), betti_curve(np.array([[edge, np.sqrt(3)]]), scale)]
    np.testing.assert_array_equal(euler_curve(betti), [60, 0, 1])


LAYERS = {
    "embedding": {"h0_mean_lifetime": 2.0, "h0_total_norm": 0.5},
    "layer_0": {"h0_mean_lifetime": 4.0, "h0_total_norm": 0.6},
    "final": {"h0_mean_lifetime": 10.0, "h0_total_norm": 0.4},
}


def test_expansion_ratios_of_three_layers():
    assert expansion_ratios(LAYERS) == pytest.approx(
        {"expansion_ratio": 5.0, "expansion_ratio_block": 2.5, "expansion_ratio_norm": 1.2}
    )


def test_a_degenerate_or_missing_denominator_has_no_ratio():
    ratios = expansion_ratios(LAYERS, degenerate=["embedding"])
    assert np.isnan(ratios["expansion_ratio"])
    assert np.isnan(ratios["expansion_ratio_norm"])
    assert ratios["expansion_ratio_block"] == 2.5
    assert np.isnan(list(expansion_ratios({"final": LAYERS["final"]}).values())).all()


def test_a_missing_ratio_has_a_reason():
    assert expansion_warnings(LAYERS) == []
    assert expansion_warnings(LAYERS, degenerate=["embedding"]) == [
        "expansion_ratio and expansion_ratio_norm are not defined: the cloud of embedding is degenerate"
    ]
    assert expansion_warnings({"embedding": LAYERS["embedding"]}) == [
        "expansion_ratio_block is not defined: layer_0 is not among the layers"
    ]


def test_published_total_adds_one_for_the_essential_bar():
    assert published_h0_total(np.ones((20, 3))) == 1.0
    assert published_h0_total(polygon(60)) == pytest.approx(59 * 2 * np.sin(np.pi / 60) + 1.0)


def test_published_ratio_is_of_totals_and_never_below_one(rng):
    cloud = rng.normal(size=(30, 8))
    total = published_h0_total(cloud)
    assert published_ratio(cloud, [3.0 * cloud, 2.0 * cloud]) == pytest.approx((3.0 * (total - 1.0) + 1.0) / total)
    assert published_ratio(cloud, [0.1 * cloud]) == 1.0
    assert published_ratio(cloud, []) == 1.0


def published_clouds():
    """The clouds behind ``data/published_h0_totals.json``, in the order in which they were drawn."""
    rng = np.random.default_rng(2025)
    yield "noise", rng.normal(size=(75, 768)).astype(np.float32)
    stretch = np.linspace(0.1, 4, 768).astype(np.float32)
    yield "stretched", rng.normal(size=(75, 768)).astype(np.float32) * stretch
    few = rng.normal(size=(24, 768)).astype(np.float32)
    yield "duplicates", few[rng.integers(0, 24, 75)]
    yield "one place", np.ones((75, 768), dtype=np.float32)
    yield "narrow", rng.normal(size=(75, 30)).astype(np.float32)


def test_published_totals_are_those_of_the_published_package():
    """The fixture holds what todacomm 0.1.0's compute_persistence and summarize_diagrams gave for these clouds."""
    expected = json.loads((Path(__file__).parent / "data" / "published_h0_totals.json").read_text())
    totals = {name: published_h0_total(cloud) for name, cloud in published_clouds()}
    assert totals == pytest.approx(expected, rel=1e-5)
