"""actopo 0.1.0 (Python Package Index): its counts on the two clouds that it ships, and what they are counts of."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from todacomm.core.clouds import condensed
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics.bars import LONG_BAR_SHARE

PUBLISHED = {"base": 12, "instruct": 50}
DIAMETERS = {"base": 2.28, "instruct": 1.73}
"""In median distances."""


@pytest.fixture(scope="module")
def layers():
    return {name: analyze_layer(np.load(cloud_file(name), allow_pickle=False), pca=0) for name in PUBLISHED}


def cloud_file(name):
    """A cloud of the package; the package itself is not imported."""
    spec = importlib.util.find_spec("actopo")
    if spec is None or spec.origin is None:
        pytest.skip("actopo, which ships the clouds, is not installed: pip install actopo==0.1.0")
    return Path(spec.origin).parent / f"data/example_{name}.npy"


def test_the_published_counts(layers):
    assert {name: layer.metrics["h1_count_long"] for name, layer in layers.items()} == PUBLISHED


def test_the_threshold_is_another_in_each_cloud(layers):
    """At the threshold of either cloud, in median distances, the growth is less than half of the published one."""
    for name, layer in layers.items():
        pairs = condensed(layer.distances)
        assert pairs.max() / np.median(pairs) == pytest.approx(DIAMETERS[name], abs=0.005)
    lengths = {name: np.ptp(layer.diagrams[1], axis=1) / layer.unit for name, layer in layers.items()}
    for diameter in DIAMETERS.values():
        counts = {name: (length > LONG_BAR_SHARE * diameter).sum() for name, length in lengths.items()}
        assert 1.1 < counts["instruct"] / counts["base"] < 1.8
