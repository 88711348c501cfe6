"""The shape of every layer: in order, whatever the threads, and no more than fits."""

import numpy as np
import pytest

from todacomm.analysis import memory
from todacomm.analysis.shape import measure_shape
from todacomm.core.layer import analyze_layer
from todacomm.settings.analysis import AnalysisConfig


def settings(**more):
    return AnalysisConfig.load(None, {"samples": 20, "replicates": 0, "nulls": 0, "pca": 10, "cache": False, **more})


@pytest.mark.parametrize("threads", [1, 3])
def test_every_layer_is_measured_as_by_itself(rng, threads):
    clouds = {f"layer_{i}": rng.normal(size=(30, 5)) for i in range(5)}
    steps = []
    shapes = measure_shape(settings(threads=threads), clouds, lambda *step: steps.append(step))
    assert list(shapes) == list(clouds)
    for name, cloud in clouds.items():
        assert shapes[name].metrics == pytest.approx(analyze_layer(cloud, pca=10).metrics, nan_ok=True)
    assert steps == [("homology", done, 5) for done in range(1, 6)]


def test_the_settings_reach_every_layer(rng):
    cloud = rng.normal(size=(40, 6)) * np.arange(1, 7)
    config = settings(metric="cityblock", standardize=True, maxdim=0, landmarks=15)
    shape = measure_shape(config, {"layer_0": cloud})["layer_0"]
    assert shape.metric == "cityblock"
    assert len(shape.landmarks) == 15
    assert len(shape.diagrams) == 1
    np.testing.assert_allclose(shape.cloud.std(axis=0), 1.0)


def test_what_does_not_fit_into_memory_is_refused_before_any_work(rng, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(ValueError, match="set landmarks to"):
        measure_shape(settings(), {"layer_0": rng.normal(size=(30, 5))})
