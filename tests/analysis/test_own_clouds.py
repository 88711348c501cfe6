"""Clouds from a file: any of three forms, never objects, and torch stays out of it."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import todacomm
from tests.conftest import ROOT, SHARED_DATA
from todacomm.analysis.cloud_files import read_cloud_file
from todacomm.analysis.observe import observe
from todacomm.analysis.own_clouds import read_clouds
from todacomm.analysis.preflight import check_inputs
from todacomm.comparison.similarities import stored_clouds
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import LAYER_METRICS
from todacomm.settings.analysis import OPTIONS, AnalysisConfig, deviations, protocol_tag
from todacomm.settings.protocols import protocol_names


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
    assert first.dataset.ids == tuple(words)
    assert first.dataset.digest != second.dataset.digest
    assert first.model.weights_digest == second.model.weights_digest


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"a": np.array([[object()] * 2] * 12)}, "holds no cloud"),
        ({"a": np.array([["x", "y"]] * 12)}, "holds no cloud"),
        ({"a": np.zeros((12, 2)), "b": np.zeros((11, 2))}, "a 12, b 11"),
        ({"a": np.zeros(12)}, "holds no cloud"),
        ({"a": np.zeros((9, 2))}, "at least 10"),
        ({"a": np.zeros((12, 2)), "texts": np.array(["x"])}, "texts for another number of points than 12"),
        ({}, "holds no cloud"),
        ({"run": np.zeros((12, 2))}, "rename it"),
        ({"a": np.full((12, 2), 1e30)}, "divide the cloud by a constant"),
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
    with pytest.raises(ValueError, match=r"no file at|is no file of clouds|cannot be read"):
        read_clouds(tmp_path / name)


def test_torch_is_not_imported(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers)
    code = (
        "import sys; from pathlib import Path; from todacomm.analysis.own_clouds import read_clouds\n"
        f"read_clouds(Path({str(tmp_path / 'a.npz')!r}))\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_layers_are_in_numeric_order_whatever_the_container_does(tmp_path, rng):
    clouds = {f"layer_{i}": rng.normal(size=(12, 3)).astype(np.float32) for i in range(12)}
    save_file({**clouds, "final": clouds["layer_3"], "embedding": clouds["layer_4"]}, tmp_path / "a.safetensors")
    assert list(read_clouds(tmp_path / "a.safetensors").clouds) == ["embedding", *clouds, "final"]


def test_layers_are_chosen_by_name_and_in_that_order(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers, short=np.zeros((5, 2)))
    assert list(read_clouds(tmp_path / "a.npz", ["second", "first"]).clouds) == ["second", "first"]
    with pytest.raises(ValueError, match=r"no layer nope: choose from first, second, short"):
        read_clouds(tmp_path / "a.npz", ["nope"])


def test_what_single_precision_cannot_hold_beside_an_overflow_is_kept_without_a_warning(tmp_path, rng):
    cloud = rng.normal(size=(60, 8))
    cloud[7, :2] = np.inf, 1e60
    np.savez(tmp_path / "a.npz", wide=cloud)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wide = read_clouds(tmp_path / "a.npz").clouds["wide"]
    assert np.array_equal(wide, cloud)


def test_an_offset_does_not_cost_the_shape(tmp_path, rng):
    cloud = rng.normal(size=(60, 8))
    np.savez(tmp_path / "a.npz", plain=cloud, moved=cloud + 1e8)
    clouds = read_clouds(tmp_path / "a.npz").clouds
    assert clouds["plain"].dtype == np.float32
    assert clouds["moved"].dtype == np.float64
    plain, moved = (analyze_layer(layer).metrics for layer in (cloud, clouds["moved"]))
    for name in ("h0_total_norm", "h1_max_norm", "twonn_dimension"):
        assert moved[name] == pytest.approx(plain[name], rel=1e-6)


def test_what_a_file_without_a_cloud_holds_is_said(tmp_path):
    ragged = np.array([[1, 2], [3]] * 6, dtype=object)
    np.savez(tmp_path / "a.npz", vectors=ragged, score=np.arange(12.0), words=np.array(["a"] * 12))
    says = r"score of shape \(12,\) and float64; words of shape .*; vectors: it holds Python objects"
    with pytest.raises(ValueError, match=f"a.npz holds no cloud, but {says}"):
        read_cloud_file(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", vectors=np.zeros((12, 2)), metadata=ragged)
    with pytest.raises(ValueError, match=r"no layer metadata \(it holds Python objects.*\): choose from vectors"):
        read_cloud_file(tmp_path / "b.npz", ["metadata"])


def test_stacks_and_lists_of_layers_are_taken_apart_in_any_file(tmp_path, rng):
    stack = torch.from_numpy(rng.normal(size=(3, 12, 4)))
    torch.save(stack, tmp_path / "a.pt")
    torch.save(list(stack), tmp_path / "b.pt")
    np.savez(tmp_path / "c.npz", hidden_states=stack.numpy(), topic=np.arange(12))
    for name in ("a.pt", "b.pt", "c.npz"):
        file = read_cloud_file(tmp_path / name)
        assert list(file.clouds) == ["layer_0", "layer_1", "layer_2"], name
        np.testing.assert_array_equal(file.clouds["layer_2"], stack[2])
    assert list(file.labels) == ["topic"]


def test_a_pickle_is_not_loaded(tmp_path):
    with (tmp_path / "a.pt").open("wb") as file:
        pickle.dump({"x": print}, file)
    with pytest.raises(ValueError, match="cannot be read as a file of tensors"):
        read_clouds(tmp_path / "a.pt")


CASES = SHARED_DATA.parent / "cases"
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"no small inputs at {CASES}")


@needs_cases
@pytest.mark.parametrize(
    ("name", "layers", "labels", "refused"),
    [
        ("object-metadata.npz", ["vectors"], [], ["array_refused"]),
        ("layer-column.npz", ["layer_0", "layer_1", "layer_2"], ["a"], []),
        ("bfloat16.safetensors", ["layer_0"], [], []),
        ("twelve-layers.safetensors", [f"layer_{i}" for i in range(12)], [], []),
        ("pair-base.npz", ["layer_0"], ["texts"], []),
    ],
)
def test_files_as_people_have_them(name, layers, labels, refused):
    file = read_cloud_file(CASES / name)
    assert list(file.clouds) == layers
    assert {cloud.shape for cloud in file.clouds.values()} == {(60, 8)}
    assert list(file.labels) == labels
    assert [warning.code for warning in file.warnings] == refused


@needs_cases
def test_a_pair_of_files_is_about_the_same_texts():
    base, tuned = (read_clouds(CASES / f"pair-{name}.npz") for name in ("base", "tuned"))
    assert base.dataset.digest == tuned.dataset.digest
    assert base.dataset.name == tuned.dataset.name
    assert base.model.name != tuned.model.name


@needs_cases
def test_values_that_do_not_fit_are_an_error_with_the_range():
    with pytest.raises(ValueError, match="divide the cloud by a constant"):
        read_clouds(CASES / "huge.npz")


def test_the_middle_of_a_file_is_its_middle_block(tmp_path, rng):
    names = ["embedding", *(f"layer_{i}" for i in range(12)), "final"]
    np.savez(tmp_path / "a.npz", **{name: rng.normal(size=(12, 3)) for name in names})
    np.save(tmp_path / "one.npy", rng.normal(size=(12, 3)))
    assert list(read_clouds(tmp_path / "a.npz", ["middle"]).clouds) == ["layer_6"]
    assert list(read_clouds(tmp_path / "one.npy", ["middle"]).clouds) == ["layer_0"]


def test_distances_are_checked_and_made_symmetric_to_the_bit(tmp_path, rng):
    points = rng.normal(size=(12, 3))
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    rounded = matrix * (1.0 + 1e-9 * rng.normal(size=matrix.shape))
    np.savez(tmp_path / "d.npz", layer_0=rounded, labels=np.arange(12))
    seen = read_clouds(tmp_path / "d.npz", distances=True)
    assert [warning.code for warning in seen.warnings] == ["distances_alone"]
    assert np.array_equal(seen.clouds["layer_0"], seen.clouds["layer_0"].T)
    np.testing.assert_allclose(seen.clouds["layer_0"], matrix, rtol=1e-7)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda d: d[:, :-1], r"layer_0 of .*d.npz has shape \(12, 11\): expected \(n_points, n_points\)"),
        (lambda d: d + 1.0, r"0 between a point and itself"),
        (lambda d: -d, r"expected none below 0"),
        (lambda d: np.where(d > 2, np.nan, d), r"nan or infinity"),
        (lambda d: np.triu(d), r"layer_0 of .*d.npz has .* from point \d+ to \d+ and .* back: give symmetric"),
    ],
)
def test_what_is_no_matrix_of_distances_is_said(tmp_path, rng, spoil, says):
    points = 3.0 * rng.normal(size=(12, 3))
    np.savez(tmp_path / "d.npz", layer_0=spoil(np.linalg.norm(points[:, None] - points, axis=2)))
    with pytest.raises(ValueError, match=says):
        read_clouds(tmp_path / "d.npz", distances=True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"metric": "cosine"}, r"distances are given as they are: leave metric, standardize and landmarks out"),
        ({"null_kinds": "rotation,permuted_dimensions"}, r"distances alone have no null model"),
    ],
)
def test_what_distances_cannot_have_is_an_error(options, says):
    with pytest.raises(ValueError, match=says):
        AnalysisConfig.load(None, {"model": "clouds:d.npz", "distances": True, **options})


def test_a_model_gives_no_distances():
    with pytest.raises(ValueError, match=r"distances=true is for model=clouds:FILE, model is demo-decoder"):
        check_inputs(AnalysisConfig.load(None, {"distances": True}))


def test_an_analysis_of_distances_says_what_does_not_apply(store, rng):
    points = rng.normal(size=(30, 4))
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    few = {"replicates": 20, "nulls": 19, "figures": "summary"}
    alone = todacomm.analyze_clouds({"layer_0": matrix}, distances=True, **few)
    whole = todacomm.analyze_clouds({"layer_0": points}, pca=0, **few)
    assert [warning.code for warning in alone.warnings if not warning.layer].count("distances_alone") == 1
    assert alone.nulls.empty
    ours, theirs = (one.layers.set_index(["layer", "metric"]) for one in (alone, whole))
    for (layer, metric), row in theirs.iterrows():
        if metric in LAYER_METRICS and not LAYER_METRICS[metric].needs_coordinates:
            values = ["value"] if metric == "h1_max_reproduction" else ["value", "lo", "hi"]
            np.testing.assert_allclose(
                ours.loc[(layer, metric), values].astype(float), row[values].astype(float), rtol=1e-5, err_msg=metric
            )
    report = alone.artifact("report.md").read_text(encoding="utf-8")
    assert "distances as given, no coordinates" in report
    assert "No number has a rotation null (not available of distances alone)" in report
    assert "principal components" not in report
    with pytest.raises(ValueError, match="has no clouds: it is of distances, which have none"):
        alone.cloud("layer_0")
    with pytest.raises(ValueError, match=r"explorer\.html"):
        alone.artifact("explorer.html")
    assert stored_clouds(alone, most=100) == {}
    assert list(stored_clouds(whole, most=100)) == ["layer_0"]


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "random"}, {"pooling": "mean"}, {"dataset": "squad"}, {"max_length": 64}, {"dtype": "bfloat16"},
        {"unit": "line"}, {"chat": True}, {"revision": "main"}, {"text_columns": "a"},
        {"device": "cpu"}, {"batch_tokens": 512},
    ],
)  # fmt: skip
def test_an_option_of_a_model_or_of_texts_is_refused_by_name(options):
    with pytest.raises(ValueError, match=f"^{next(iter(options))} would have no effect"):
        AnalysisConfig.load(None, {"model": "clouds:a.npz", **options})


def test_what_a_protocol_or_a_default_sets_is_not_refused_and_not_recorded():
    for protocol in protocol_names():
        config = AnalysisConfig.load(None, {"model": "clouds:a.npz", "protocol": protocol})
        assert not {"pooling", "dataset", "unit", "weights", "max_length"} & config.effective().keys()
        assert deviations(config) == {}
        assert protocol_tag(config) == ""
    assert {"pooling", "weights"} <= AnalysisConfig().effective().keys()


def test_another_number_of_samples_than_the_file_has_is_an_error(tmp_path, layers):
    np.savez(tmp_path / "a.npz", **layers)
    n_points = len(next(iter(layers.values())))
    for samples in (n_points + 1, OPTIONS["samples"].default):
        asked = AnalysisConfig.load(None, {"model": f"clouds:{tmp_path / 'a.npz'}", "samples": samples})
        with pytest.raises(ValueError, match=f"samples is {samples}, the file has {n_points} points"):
            observe(asked)
