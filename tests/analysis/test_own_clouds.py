"""Clouds from a file: any of three forms, never objects, and torch stays out of it."""

import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.conftest import ROOT
from todacomm.analysis.observe import observe
from todacomm.analysis.own_clouds import read_clouds
from todacomm.settings.analysis import AnalysisConfig


@pytest.fixture
def layers(rng):
    return {"first": rng.normal(size=(12, 3)).astype(np.float32), "second": rng.normal(size=(12, 5))}


def test_every_form_gives_the_same_clouds(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers)
    save_file(layers, tmp_path / "a.safetensors")
    np.save(tmp_path / "a.npy", layers["first"])
    for form in ("a.npz", "a.safetensors"):
        clouds = read_clouds(tmp_path / form).clouds
        assert {name: cloud.shape for name, cloud in clouds.items()} == {"first": (12, 3), "second": (12, 5)}
        for name, cloud in clouds.items():
            np.testing.assert_allclose(cloud, layers[name], rtol=1e-6)
    np.testing.assert_array_equal(read_clouds(tmp_path / "a.npy").clouds["layer_0"], layers["first"])


def test_stacked_layers_are_taken_apart(tmp_path, rng):
    stack = rng.normal(size=(4, 11, 2))
    np.save(tmp_path / "stack.npy", stack)
    observed = read_clouds(tmp_path / "stack.npy")
    assert list(observed.clouds) == [f"layer_{i}" for i in range(4)]
    np.testing.assert_allclose(observed.clouds["layer_2"], stack[2], rtol=1e-6)


def test_texts_come_along_and_decide_the_digest(tmp_path, layers):
    words = np.array([f"text {i}" for i in range(12)])
    np.savez(tmp_path / "a.npz", **layers, texts=words)
    np.savez(tmp_path / "b.npz", **layers, texts=words[::-1])
    first, second = read_clouds(tmp_path / "a.npz"), read_clouds(tmp_path / "b.npz")
    assert first.texts.ids == tuple(words)
    assert first.texts.digest != second.texts.digest
    assert first.model.weights_digest == second.model.weights_digest


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": np.array([[object()] * 2] * 12)}, "cannot be read"),
        ({"a": np.array([["x", "y"]] * 12)}, "expected numbers"),
        ({"a": np.zeros((12, 2)), "b": np.zeros((11, 2))}, "a 12, b 11"),
        ({"a": np.zeros(12)}, "expected \\(n_points, n_dims\\)"),
        ({"a": np.zeros((9, 2))}, "at least 10"),
        ({"a": np.zeros((12, 2)), "texts": np.array(["x"])}, "1 texts for 12 points"),
        ({}, "holds no cloud"),
    ],
)
def test_what_is_no_cloud_is_said(tmp_path, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=says):
        read_clouds(tmp_path / "a.npz")


def test_more_landmarks_than_points_of_a_file_are_an_error(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers)
    config = AnalysisConfig.from_flat({"model": f"clouds:{tmp_path / 'a.npz'}", "landmarks": 13})
    with pytest.raises(ValueError, match="landmarks is 13, the file has 12 points"):
        observe(config)


@pytest.mark.parametrize("name", ["none.npz", "a.txt", "broken.npz", "broken.safetensors", "broken.npy"])
def test_missing_and_broken_files(tmp_path, name):
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"not an array")
    with pytest.raises(ValueError, match=r"no cloud file|cannot be read"):
        read_clouds(tmp_path / name)


def test_torch_is_not_imported(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers)
    code = (
        "import sys; from pathlib import Path; from todacomm.analysis.own_clouds import read_clouds\n"
        f"read_clouds(Path({str(tmp_path / 'a.npz')!r}))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
