"""Numbers of a whole run: ratios over depth, and the published package's own."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.core.shapes import polygon
from todacomm.core.metrics import expansion_ratios, expansion_warnings
from todacomm.core.metrics.whole_run import published_h0_total, published_ratio

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
    (warning,) = expansion_warnings(LAYERS, degenerate=["embedding"])
    assert warning.code == "ratio_undefined"
    assert warning.text == (
        "expansion_ratio and expansion_ratio_norm are not defined: the cloud of embedding is degenerate"
    )
    (warning,) = expansion_warnings({"embedding": LAYERS["embedding"]})
    assert warning.text == "expansion_ratio_block is not defined: layer_0 is not among the layers"


def test_a_ratio_says_past_which_layers_its_peak_was_taken():
    broken = {**LAYERS, "layer_0": {"h0_mean_lifetime": np.nan, "h0_total_norm": np.nan}}
    texts = [warning.text for warning in expansion_warnings(broken) if warning.code == "ratio_without"]
    assert texts == ["expansion_ratio and expansion_ratio_norm: taken without layer_0, where nothing could be measured"]
    assert "ratio_without" not in [warning.code for warning in expansion_warnings(LAYERS)]


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
    expected = json.loads((Path(__file__).parents[1] / "data" / "published_h0_totals.json").read_text())
    totals = {name: published_h0_total(cloud) for name, cloud in published_clouds()}
    assert totals == pytest.approx(expected, rel=1e-5)
