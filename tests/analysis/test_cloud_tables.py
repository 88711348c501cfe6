"""Clouds in tables: which columns are coordinates and which are labels; nothing of a table is lost."""

import numpy as np
import pandas as pd
import pytest
import torch

from todacomm.analysis.cloud_files import read_cloud_file
from todacomm.analysis.given import given_clouds
from todacomm.analysis.own_clouds import read_clouds


def test_a_long_table_is_split_by_its_layer_column(tmp_path, rng):
    hidden, text = rng.normal(size=(36, 4)), np.tile(np.arange(12), 3)
    np.savez(tmp_path / "a.npz", hidden=hidden, layer=np.repeat([0, 1, 2], 12), a=text)
    file = read_cloud_file(tmp_path / "a.npz")
    assert {name: cloud.shape for name, cloud in file.clouds.items()} == dict.fromkeys(
        ["layer_0", "layer_1", "layer_2"], (12, 4)
    )
    np.testing.assert_array_equal(file.clouds["layer_1"], hidden[12:24])
    assert file.labels["a"].tolist() == list(range(12))
    np.savez(tmp_path / "b.npz", hidden=hidden, layer=np.repeat([0, 1, 2], 12), a=np.r_[text[:24], text[:12][::-1]])
    with pytest.raises(ValueError, match="in another order"):
        read_cloud_file(tmp_path / "b.npz")


def test_one_of_several_long_clouds_is_split_where_it_is_named(tmp_path, rng):
    vectors = rng.normal(size=(24, 4))
    np.savez(tmp_path / "a.npz", vectors=vectors, drawn=vectors[:, :2], layer=np.repeat([1.0, 0.0], 12))
    with pytest.raises(ValueError, match=r"2 clouds of as many rows: .* choose one with layers=NAME"):
        read_cloud_file(tmp_path / "a.npz")
    file = read_cloud_file(tmp_path / "a.npz", ["vectors"])
    assert {name: cloud.shape for name, cloud in file.clouds.items()} == {"layer_0": (12, 4), "layer_1": (12, 4)}
    assert list(read_cloud_file(tmp_path / "a.npz", ["vectors", "layer_1"]).clouds) == ["layer_1"]


def test_columns_and_datasets_that_are_no_clouds_are_set_aside_by_name(tmp_path, rng):
    cloud = rng.normal(size=(12, 4))
    uneven = [row[: 1 + place % 4].tolist() for place, row in enumerate(cloud)]
    frame = pd.DataFrame({"uneven": uneven, "words": [["a", "b"]] * 12, "none": [None, *cloud.tolist()[1:]]})
    frame.assign(x=cloud.tolist()).to_parquet(tmp_path / "a.parquet")
    file = read_cloud_file(tmp_path / "a.parquet")
    assert (list(file.clouds), list(file.labels)) == (["x"], [])
    assert [warning.text.split()[0] for warning in file.warnings] == ["uneven", "words", "none"]
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5ad", "w") as file:
        file["obsm/x"], file["obs/good"] = cloud, np.arange(12) % 2 == 0
        file.create_dataset("obs/uneven", (12,), dtype=h5py.vlen_dtype(np.float32))
        file["X/data"], file["X/indices"], file["X/indptr"] = np.ones(3), np.arange(3), np.arange(13)
        file["X"].attrs["encoding-type"] = "csr_matrix"
    read = read_cloud_file(tmp_path / "a.h5ad")
    assert (list(read.clouds), list(read.labels)) == (["x"], ["good"])
    assert {warning.text.split()[0] for warning in read.warnings} == {"uneven", "X"}


def test_tables_tensors_and_hdf5_give_the_same_cloud(tmp_path, rng):
    cloud, words = rng.normal(size=(12, 11)), [f"word {i}" for i in range(12)]
    frame = pd.DataFrame(cloud, columns=[f"x{i}" for i in range(11)]).assign(word=words)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.sample(frac=1.0, axis=1, random_state=0).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"x": list(cloud), "word": words}).to_parquet(tmp_path / "b.parquet")
    torch.save({"x": torch.from_numpy(cloud), "word": words}, tmp_path / "a.pt")
    forms = ["a.csv", "a.parquet", "b.parquet", "a.pt"]
    try:
        import h5py
    except ImportError:
        pass
    else:
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["x"], file["word"] = cloud, words
        forms.append("a.h5")
    for form in forms:
        file = read_cloud_file(tmp_path / form)
        assert list(file.clouds) == ["x"], form
        np.testing.assert_allclose(file.clouds["x"], cloud)
        assert file.labels["word"].tolist() == words, form


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("0.5,-1.5\n" * 12, r"begins with numbers \(0.5, -1.5 ...\): give it a first row of names"),
        ("x0,x1,x0\n" + "1,2,3\n" * 12, r"several columns of one name \(x0\)"),
        ("x0,x1,x2\n" + "1,2,3\n" * 11 + "1,oops,3\n", "x1 stands beside x0 and x2, numbers of one cloud"),
        ("x,x0,x1\n" + "1,2,3\n" * 12, "x stands beside x0 and x1, numbers of one cloud"),
    ],
)
def test_no_row_or_column_of_a_table_is_lost(tmp_path, table, expected):
    (tmp_path / "a.csv").write_text(table)
    with pytest.raises(ValueError, match=expected):
        read_cloud_file(tmp_path / "a.csv")


def test_a_table_that_pandas_numbered_is_read(tmp_path, rng):
    cloud = rng.normal(size=(12, 3))
    pd.DataFrame(cloud).to_csv(tmp_path / "a.csv")
    np.testing.assert_allclose(read_cloud_file(tmp_path / "a.csv").clouds["layer_0"], cloud)


@pytest.mark.parametrize("ending", ["csv", "parquet", ""])
def test_a_label_that_is_missing_is_no_group(tmp_path, rng, ending):
    labels = pd.DataFrame({"word": ["long", None, "b"] * 4, "flag": [True, None, False] * 4, "n": [1.5, None, 2.0] * 4})
    if ending:
        path, frame = tmp_path / f"a.{ending}", labels.assign(x0=rng.normal(size=12), x1=rng.normal(size=12))
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
        table = read_clouds(path).texts
    else:
        own = {name: labels[name].tolist() for name in labels}
        table = given_clouds({"x": rng.normal(size=(12, 2))}, own, "own").texts
    assert table["word"].tolist()[:3] == ["long", "", "b"]
    assert table["flag"].tolist()[:3] == ["True", "", "False"]
    np.testing.assert_equal(table["n"].tolist()[:3], [1.5, np.nan, 2.0])


def test_layers_of_a_long_table_have_the_same_texts(tmp_path, rng):
    texts = np.array([f"text {i}" for i in range(24)])
    np.savez(tmp_path / "a.npz", x=rng.normal(size=(24, 3)), layer=np.arange(24) // 12, texts=texts)
    with pytest.raises(ValueError, match="other texts in layer=1 than in 0"):
        read_cloud_file(tmp_path / "a.npz")


def test_a_file_of_anndata_gives_its_matrices_and_columns_of_words(tmp_path, rng):
    h5py = pytest.importorskip("h5py")
    cloud = rng.normal(size=(12, 4))
    with h5py.File(tmp_path / "cells.h5ad", "w") as file:
        file["X"], file["obsm/X_pca"] = cloud, cloud[:, :2]
        file["obs/batch"], file["var/_index"] = np.arange(12), np.array([b"a", b"b", b"c", b"d"])
        file["obs/kind/categories"] = np.array([b"T", b"B"])
        file["obs/kind/codes"] = np.array([0, 1, -1] * 4, dtype=np.int8)
    read = read_cloud_file(tmp_path / "cells.h5ad")
    assert list(read.clouds) == ["X", "X_pca"]
    assert read.labels["kind"].tolist() == ["T", "B", ""] * 4
    assert list(read.labels) == ["batch", "kind"]
    assert read.warnings == ()
