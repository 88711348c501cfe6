"""What does not fit into memory is refused before any work, and what fits is not done all at once."""

import numpy as np
import psutil
import pytest

from todacomm.analysis import memory
from todacomm.analysis.memory import homology_threads
from todacomm.analysis.shape import measure_shape
from todacomm.core.homology import memory_estimate
from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system import machine
from todacomm.system.machine import available_memory


def free(monkeypatch, n_bytes):
    monkeypatch.setattr(memory, "available_memory", lambda: n_bytes)


def test_too_large_a_cloud_is_refused_before_the_model_is_looked_for(monkeypatch, tmp_path):
    free(monkeypatch, 2**30)
    (tmp_path / "texts.txt").write_text("\n".join(f"line {number}" for number in range(20_000)))
    config = AnalysisConfig.load(
        None, {"model": "/nowhere", "dataset": str(tmp_path / "texts.txt"), "unit": "line", "samples": 20_000}
    )
    with pytest.raises(ValueError, match=r"homology of 20,000 points .* takes about [\d.]+ GB, and 1.1 GB are"):
        measure(config)


def test_the_number_of_landmarks_that_is_named_does_fit(monkeypatch):
    free(monkeypatch, 2**30)
    settings = {"samples": 20_000, "engine": "ripser"}
    with pytest.raises(ValueError, match=r"set landmarks to ([\d,]+) or fewer") as refused:
        homology_threads(AnalysisConfig.load(None, settings).topology, 20_000)
    landmarks = int(str(refused.value).split("landmarks to ")[1].split(" ")[0].replace(",", ""))
    assert homology_threads(AnalysisConfig.load(None, settings | {"landmarks": landmarks}).topology, 20_000) == 1
    assert memory_estimate(landmarks + 5, 1, "ripser") > 2**30


def test_clouds_of_ones_own_are_refused_too(monkeypatch, rng):
    free(monkeypatch, 1000)
    with pytest.raises(ValueError, match="the homology of 30 points"):
        measure_shape(AnalysisConfig.load(None, {}), {"embedding": rng.normal(size=(30, 3))})


def test_as_many_at_a_time_as_fit(monkeypatch):
    topology = AnalysisConfig.load(None, {"threads": 8}).topology
    one = memory_estimate(500)
    for n_bytes, threads in ((one, 1), (3 * one, 3), (100 * one, 8)):
        free(monkeypatch, n_bytes)
        assert homology_threads(topology, 500) == threads


def test_available_memory_is_in_bytes():
    assert 2**24 < available_memory() <= psutil.virtual_memory().total


def test_a_container_with_a_limit_has_less(monkeypatch, tmp_path):
    for name, text in {
        "memory.max": "3000",
        "memory.current": "2500",
        "memory.stat": "anon 1\ninactive_file 700",
    }.items():
        (tmp_path / name).write_text(f"{text}\n")
    monkeypatch.setattr(machine, "_CONTAINER", tmp_path)
    assert available_memory() == 3000 - 2500 + 700
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory() > 3000


def test_numbers_do_not_depend_on_memory(monkeypatch, rng):
    clouds = {name: rng.normal(size=(40, 5)) for name in ("embedding", "layer_0")}
    config = AnalysisConfig.load(None, {"threads": 2})
    plenty = measure_shape(config, clouds)
    free(monkeypatch, memory_estimate(40))
    for name, layer in measure_shape(config, clouds).items():
        np.testing.assert_equal(layer.metrics, plenty[name].metrics)
