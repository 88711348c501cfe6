"""Registered models: by version and by alias, in the folders that MLflow's transformers flavour makes."""

import json
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from todacomm.tracking import fetch_version, find_version, tag_version


@pytest.fixture
def registered(store) -> MlflowClient:
    """Two versions of ``demo`` with MLflow's layout, the second of which has an alias, and one without a config."""
    client = MlflowClient()
    for name in ("demo", "other"):
        client.create_registered_model(name)
    for version, width in (("1", 32), ("2", 64)):
        place = store / f"stored{version}"
        (place / "model").mkdir(parents=True)
        (place / "components/tokenizer").mkdir(parents=True)
        (place / "model/config.json").write_text(json.dumps({"model_type": "gpt2", "n_embd": width}))
        (place / "model/model.safetensors").write_bytes(b"weights")
        (place / "components/tokenizer/tokenizer.json").write_text("{}")
        client.create_model_version("demo", str(place))
    client.set_registered_model_alias("demo", "champion", "2")
    (store / "pickled").mkdir()
    (store / "pickled/model.pkl").write_bytes(b"")
    client.create_model_version("other", str(store / "pickled"))
    return client


def test_a_version_becomes_one_folder_once(registered, tmp_path):
    version = find_version("models:/demo@champion")
    assert (version.name, version.version, version.uri) == ("demo", "2", "models:/demo/2")
    assert version == find_version("models:/demo/2")
    folder = fetch_version(version, tmp_path / "cache")
    assert folder.name == "demo-v2"
    assert {file.name for file in folder.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}
    assert json.loads((folder / "config.json").read_text())["n_embd"] == 64
    other = (folder / "config.json").read_text().replace("gpt2", "bert")
    (folder / "config.json").write_text(other)  # of the same size: a second download would write it again
    assert (fetch_version(version, tmp_path / "cache") / "config.json").read_text() == other
    first = fetch_version(find_version("models:/demo/1"), tmp_path / "cache")
    assert json.loads((first / "config.json").read_text())["n_embd"] == 32
    assert [path for path in (tmp_path / "cache").rglob("*") if path.name in ("loaded", "fresh")] == []
    assert len(list((tmp_path / "cache").iterdir())) == 2


def cut_short(folder):
    (folder / "model.safetensors").write_bytes(b"wei")


def without_a_file(folder):
    (folder / "tokenizer.json").unlink()


def without_its_list(folder):
    (folder.parent / "sizes.json").unlink()


def with_a_broken_list(folder):
    (folder.parent / "sizes.json").write_text("[]")


@pytest.mark.parametrize("damage", [cut_short, without_a_file, without_its_list, with_a_broken_list, shutil.rmtree])
def test_a_damaged_copy_is_fetched_again(registered, tmp_path, damage):
    version, cache = find_version("models:/demo/2"), tmp_path / "cache"
    folder = fetch_version(version, cache)
    damage(folder)
    assert fetch_version(version, cache) == folder
    assert {file.name for file in folder.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json"}
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert {path.name for path in folder.parent.iterdir()} == {"demo-v2", "sizes.json"}


def test_a_damaged_copy_that_cannot_be_replaced_is_named(registered, tmp_path, monkeypatch):
    version, cache = find_version("models:/demo/2"), tmp_path / "cache"
    folder = fetch_version(version, cache)
    cut_short(folder)
    monkeypatch.setattr("todacomm.tracking.registry.shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(ValueError, match=rf"the copy of models:/demo/2 in {folder.parent} is damaged.*remove that"):
        fetch_version(version, cache)


def test_the_latest_version_is_that_of_the_highest_number(registered, store):
    for _ in range(8):
        registered.create_model_version("demo", str(store / "stored1"))
    assert find_version("models:/demo/latest") == find_version("models:/demo/10")


@pytest.mark.parametrize("name", ["it's", 'a "b"', "a b`c"])
def test_a_name_with_quotes_has_a_latest_version(registered, store, name):
    registered.create_registered_model(name)
    for _ in range(2):
        registered.create_model_version(name, str(store / "stored1"))
    assert find_version(f"models:/{name}/latest") == find_version(f"models:/{name}/2")


def test_a_name_with_both_kinds_of_quotes_is_found_by_its_number(registered, store):
    name = """it's "b\""""
    registered.create_registered_model(name)
    registered.create_model_version(name, str(store / "stored1"))
    assert find_version(f"models:/{name}/1").name == name
    with pytest.raises(ValueError, match="which has both kinds of quotes: give the number"):
        find_version(f"models:/{name}/latest")


def test_tags_stand_on_the_version(registered):
    tag_version(find_version("models:/demo@champion"), {"todacomm.gate": "same"})
    assert registered.get_model_version("demo", "2").tags == {"todacomm.gate": "same"}
    assert registered.get_model_version("demo", "1").tags == {}


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("models:/demo/9", r"the registry has no models:/demo/9"),
        ("models:/demo@nobody", r"the registry has no models:/demo@nobody"),
        ("models:/nothing/1", r"the registry has no models:/nothing/1"),
        ("models:/nothing/latest", r"the registry has no version of nothing"),
        ("models:/demo", r"expected models:/NAME/VERSION \(a number, or latest\) or models:/NAME@ALIAS"),
        ("models:/demo/Production", r"expected models:/NAME/VERSION \(a number, or latest\) or models:/NAME@ALIAS"),
    ],
)
def test_what_is_not_registered_is_refused(registered, uri, message):
    with pytest.raises(ValueError, match=message):
        find_version(uri)


def test_a_model_without_a_config_is_refused_and_leaves_nothing(registered, tmp_path):
    with pytest.raises(
        ValueError, match=r"models:/other/1 holds no config\.json: register it with mlflow\.transformers"
    ):
        fetch_version(find_version("models:/other/1"), tmp_path / "cache")
    assert not [path for path in Path(tmp_path / "cache").rglob("*") if path.is_file()]


def test_files_that_are_gone_are_not_taken_for_another_kind_of_model(registered, tmp_path, caplog):
    shutil.rmtree(tmp_path / "stored1")
    (tmp_path / "pickled/model.pkl").unlink()
    for name, place in (("demo", "stored1"), ("other", "pickled")):
        message = rf"the files of models:/{name}/1 are gone from {tmp_path}/{place}: bring them back there"
        with pytest.raises(ValueError, match=message):
            fetch_version(find_version(f"models:/{name}/1"), tmp_path / "cache")
    assert caplog.messages == []
