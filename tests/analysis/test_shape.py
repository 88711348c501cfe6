"""The shape of every layer: in order, whatever the threads, and no more than fits."""

from threading import Event

import numpy as np
import pytest

from tests.helpers.tiny_models import TEXTS, tiny_model_folder
from todacomm.analysis import memory
from todacomm.analysis.shape import Shapes, measure_shape
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
    assert steps == [("homology", done, 5) for done in range(6)]


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


def test_what_was_begun_is_measured_once_and_what_changed_since_is_measured_again(rng, monkeypatch):
    measured = []

    def counted(cloud, **options):
        measured.append(cloud)
        return analyze_layer(cloud, **options)

    monkeypatch.setattr("todacomm.analysis.shape.analyze_layer", counted)
    same, old, new, late = rng.normal(size=(4, 30, 5))
    with Shapes(settings()) as shapes:
        shapes.begin("same", same)
        shapes.begin("changed", old)
        seen = shapes.of({"late": late, "changed": new, "same": same.copy()})
    assert list(seen) == ["late", "changed", "same"]
    assert len(measured) == 4
    for name, cloud in (("late", late), ("changed", new), ("same", same)):
        assert seen[name].metrics == analyze_layer(cloud, pca=10).metrics


def test_without_room_beside_the_model_a_layer_waits(rng, monkeypatch):
    cloud = rng.normal(size=(30, 5))
    needed = memory.needed_memory(settings().topology, 30)
    monkeypatch.setattr("todacomm.analysis.shape.available_memory", lambda: 2 * needed - 1)
    with Shapes(settings()) as shapes:
        shapes.begin("layer_0", cloud)
        assert not shapes._begun
        assert shapes.of({"layer_0": cloud})["layer_0"].metrics == analyze_layer(cloud, pca=10).metrics


@pytest.mark.parametrize("placement", ["stream", "whole"])
def test_a_finished_layer_is_measured_while_the_next_block_works(tmp_path, monkeypatch, placement):
    from todacomm.activations import walk
    from todacomm.jobs.analyze import measure

    done = {name: Event() for name in ("embedding", "layer_0", "layer_1")}
    order, waited = iter(done), []

    def told(cloud, **options):
        analysis = analyze_layer(cloud, **options)
        done.get(next(order, ""), Event()).set()
        return analysis

    class Waiting(walk.Walk):
        def stage(self, at, receive, answered=lambda batch, answer: None):
            def wait(batch, name, hidden):
                if 0 <= at < 3:
                    waited.append(list(done.values())[at].wait(20))
                receive(batch, name, hidden)

            super().stage(at, wait, answered)

    monkeypatch.setattr("todacomm.analysis.shape.analyze_layer", told)
    monkeypatch.setattr("todacomm.activations.streamed.Walk", Waiting)
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join([*TEXTS, TEXTS[0]]), encoding="utf-8")
    given = {"model": str(tiny_model_folder(tmp_path, "llama")), "dataset": str(texts), "unit": "row", "threads": 1}
    config = settings(**given, placement=placement, samples=13)
    result = measure(config)
    assert waited == ([True] * 3 if placement == "stream" else [])
    for layer in result.layers:
        alone = analyze_layer(result.clouds[layer.name], pca=10)
        for dgm, expected in zip(layer.diagrams, alone.diagrams, strict=True):
            np.testing.assert_array_equal(dgm, expected)
