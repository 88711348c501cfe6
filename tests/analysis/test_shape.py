"""Layers measured while the model is still at work, where its pass leaves the processors free."""

import threading
import time

import numpy as np
import pandas as pd
import pytest

from todacomm.activations import forward
from todacomm.analysis import observe as observation
from todacomm.analysis import shape
from todacomm.analysis.shape import Shaping, measure_shape
from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import load_config

PATIENCE = 60


@pytest.fixture
def watched(monkeypatch):
    """What happens in which order; the loss of the one batch waits for the homology of a layer, where it may begin."""
    events: list[str] = []
    begun = threading.Event()
    measure_layer, loss = shape.analyze_layer, forward.next_token_loss

    def noted_layer(*args, **options):
        events.append("homology")
        begun.set()
        return measure_layer(*args, **options)

    def noted_loss(*args):
        if observation.leaves_processors_free("cpu"):
            assert begun.wait(PATIENCE)
        events.append("loss")
        return loss(*args)

    monkeypatch.setattr(shape, "analyze_layer", noted_layer)
    monkeypatch.setattr(forward, "next_token_loss", noted_loss)
    return events


def settings(**more):
    return load_config(None, {"samples": 20, "replicates": 0, "nulls": 0, "pca": 10, "cache": False, **more})


def test_homology_begins_while_an_accelerator_is_at_work(watched, monkeypatch):
    alone = measure(settings(batch_tokens=100_000))
    assert watched[0] == "loss"
    assert watched.count("homology") == len(alone.layers)

    watched.clear()
    monkeypatch.setattr(observation, "leaves_processors_free", lambda device: True)
    beside = measure(settings(batch_tokens=100_000))
    assert watched.index("loss") > 0
    assert watched.count("homology") == len(alone.layers)
    pd.testing.assert_frame_equal(beside.table, alone.table)
    for one, other in zip(beside.layers, alone.layers, strict=True):
        np.testing.assert_array_equal(one.diagrams[1], other.diagrams[1])


def test_an_accelerator_leaves_the_processors_free():
    assert not observation.leaves_processors_free("cpu")
    assert all(map(observation.leaves_processors_free, ("cuda", "cuda:1", "mps")))


def test_a_layer_begun_again_is_measured_again(rng):
    first, second = rng.normal(size=(2, 30, 5))
    with Shaping(settings()) as shaping:
        shaping.begin("layer_0", first)
        shaping.begin("layer_0", second)
        shapes = shaping.finish({"layer_0": second, "layer_1": first})
    assert list(shapes) == ["layer_0", "layer_1"]
    expected = measure_shape(settings(), {"layer_0": second, "layer_1": first})
    for name, layer in shapes.items():
        np.testing.assert_array_equal(layer.diagrams[1], expected[name].diagrams[1])


def test_what_is_left_is_not_begun_when_the_pass_fails(monkeypatch, rng):
    begun = []

    def slow(cloud, **options):
        begun.append(cloud)
        time.sleep(0.02)

    monkeypatch.setattr(shape, "analyze_layer", slow)
    cloud = rng.normal(size=(30, 5))

    def fail():
        with Shaping(settings(threads=2)) as shaping:
            for i in range(200):
                shaping.begin(f"layer_{i}", cloud)
            raise RuntimeError("the device is gone")

    with pytest.raises(RuntimeError, match="the device is gone"):
        fail()
    assert len(begun) < 20
