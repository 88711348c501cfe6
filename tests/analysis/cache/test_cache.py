"""The cache changes how long an analysis takes and none of its numbers; what is wrong with it is a warning."""

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.analysis import cache
from todacomm.analysis.cache.digests import file_digest
from todacomm.analysis.cache.key import observation_key
from todacomm.analysis.observe import observe, run_model
from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.cache import cache_folder

QUICK = {"samples": 12, "replicates": 0, "nulls": 0, "keep_clouds": False}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)
    return tmp_path / "cache"


def settings(**options):
    return AnalysisConfig.load(None, {**QUICK, **options})


def assert_same(one, other):
    assert list(one.clouds) == list(other.clouds)
    for name, cloud in one.clouds.items():
        assert cloud.dtype == other.clouds[name].dtype
        np.testing.assert_array_equal(cloud, other.clouds[name])
    np.testing.assert_array_equal(one.pooled_tokens, other.pooled_tokens)
    np.testing.assert_array_equal(one.token_embeddings, other.token_embeddings)
    pd.testing.assert_frame_equal(one.texts, other.texts)
    plain = {name: getattr(one, name) for name in ("model", "dataset", "likelihood", "truncated_fraction", "warnings")}
    assert plain == {name: getattr(other, name) for name in plain}


@pytest.mark.parametrize("model", ["demo-decoder", "demo-encoder"])
def test_the_numbers_are_the_same_bit_for_bit(model):
    without, first, second = (settings(model=model, cache=use) for use in (False, True, True))
    results = [measure(config) for config in (without, first, second)]
    assert len(cache.entries()) == 1
    for result in results[1:]:
        assert result.table.equals(results[0].table)
        assert (result.model, result.dataset, result.warnings) == (
            results[0].model,
            results[0].dataset,
            results[0].warnings,
        )
    assert_same(observe(without), observe(second))


def test_other_settings_of_the_shape_are_one_entry_and_those_of_the_pass_another():
    key = observation_key(settings())
    for options in ({"pca": 5}, {"metric": "cosine"}, {"engine": "ripser"}, {"nulls": 9}, {"maxdim": 0}):
        assert observation_key(settings(**options)) == key
    different = [
        {"model": "demo-encoder"}, {"weights": "random"}, {"samples": 13}, {"pooling": "mean"}, {"dtype": "bfloat16"},
        {"layers": "final"}, {"max_length": 8}, {"likelihood": False}, {"seed": 1}, {"unit": "line"},
    ]  # fmt: skip
    digests = {observation_key(settings(**options)).digest for options in different}
    assert len(digests | {key.digest}) == len(different) + 1
    random = settings(weights="random")
    assert observation_key(random, seed=1) != observation_key(random, seed=2)
    assert observation_key(settings(), shuffle_seed=1) != key


def test_controls_come_from_the_cache_too():
    random = settings(weights="random")
    first = run_model(random, seed=7)
    assert_same(run_model(random, seed=7), first)
    assert run_model(random, seed=8).model.weights_digest != first.model.weights_digest
    assert len(cache.entries()) == 2


def test_a_second_analysis_loads_neither_model_nor_texts():
    observe(settings())
    code = (
        "import sys\nfrom todacomm.settings.analysis import AnalysisConfig\nfrom todacomm.jobs.analyze import measure\n"
        f"measure(AnalysisConfig.load(None, {QUICK | {'pca': 4, 'metric': 'cosine'}!r}))\n"
        "assert not {'torch', 'transformers', 'datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_changed_model_is_another_entry(tmp_path):
    model = tiny_model_folder(tmp_path, "gpt2", seed=0)
    before = observe(settings(model=str(model)))
    shutil.rmtree(model)
    tiny_model_folder(tmp_path, "gpt2", seed=1)
    after = observe(settings(model=str(model)))
    assert before.model.weights_digest != after.model.weights_digest
    assert len(cache.entries()) == 2


def test_a_changed_file_of_texts_is_another_entry(tmp_path):
    texts = tmp_path / "mine.jsonl"
    texts.write_text("".join(f'{{"text": "text number {i}"}}\n' for i in range(12)))
    config = settings(dataset=str(texts), unit="row")
    before = observe(config)
    texts.write_text("".join(f'{{"text": "text number {i}"}}\n' for i in range(1, 13)))
    assert observe(config).dataset.digest != before.dataset.digest


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def change_one_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_by_objects(path):
    np.savez(path.with_suffix(".npz"), a=np.array([{}], dtype=object))
    path.with_suffix(".npz").replace(path)


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


@pytest.mark.parametrize("file", ["arrays.npz", "facts.json", "label.txt", "digest.txt"])
@pytest.mark.parametrize("damage", [cut, change_one_byte, replace_by_objects, empty, remove], ids=lambda f: f.__name__)
def test_a_damaged_entry_is_removed_with_a_warning_and_the_model_runs_again(damage, file):
    first = observe(settings())
    (entry,) = cache.entries()
    damage(entry.path / file)
    second = observe(settings())
    (warning,) = second.warnings
    assert warning.code == "cache_damaged"
    assert_same(replace(second, warnings=()), first)
    assert observe(settings()).warnings == ()


def test_an_entry_under_another_name_is_not_taken():
    observe(settings())
    (entry,) = cache.entries()
    other = settings(samples=13)
    entry.path.rename(entry.path.with_name(observation_key(other).digest))
    seen = observe(other)
    assert len(seen.dataset.ids) == 13
    assert any("belongs to another analysis" in warning.text for warning in seen.warnings)


def test_a_cache_that_cannot_be_written_is_a_warning_of_the_run(folder):
    folder.write_text("a file where a folder should be")
    result = measure(settings())
    assert "cache_unusable" in [warning.code for warning in result.warnings]
    assert result.table["value"].notna().any()


def test_a_full_disk_is_a_warning_and_leaves_nothing(folder, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("todacomm.analysis.cache.store.os.fsync", full)
    seen = observe(settings())
    assert any("No space left" in warning.text for warning in seen.warnings)
    assert not list((folder / "observations").iterdir())


def test_the_least_recently_used_go_first(monkeypatch):
    configs = [settings(layers=name) for name in ("embedding", "layer_0", "layer_1")]
    observe(configs[0])
    monkeypatch.setenv("TODACOMM_CACHE_GB", str(2.5 * cache.entries()[0].size / 1e9))
    observe(configs[1])
    for path, age in zip([entry.path for entry in cache.entries()], (50, 100), strict=True):
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    observe(configs[0])  # used again: the other one is older now
    observe(configs[2])
    left = {entry.path.name for entry in cache.entries()}
    assert left == {observation_key(configs[0]).digest, observation_key(configs[2]).digest}


@pytest.mark.parametrize(
    ("gigabytes", "code"), [("0", None), ("0.0000001", "cache_too_small"), ("ten", "cache_unusable")]
)
def test_a_small_or_wrong_size_stores_nothing(monkeypatch, gigabytes, code):
    monkeypatch.setenv("TODACOMM_CACHE_GB", gigabytes)
    seen = observe(settings())
    assert cache.entries() == []
    assert [warning.code for warning in seen.warnings] == ([code] if code else [])


def test_entries_are_listed_and_cleared():
    assert cache.entries() == []
    observe(settings())
    (entry,) = cache.entries()
    assert entry.label == "demo-decoder trained pydoc"
    assert entry.size == sum(path.stat().st_size for path in entry.path.iterdir())
    assert cache.clear() >= entry.size
    assert cache.entries() == []


def test_clearing_leaves_what_is_not_of_the_cache(tmp_path):
    observe(settings())
    (entry,) = cache.entries()
    others = ["models/my-finetuned/model.safetensors", "models/README", "documents/thesis.pdf", "stores/shop.db"]
    others += ["observations/lab1/notes.txt", "passes/todo.txt", "digests/face.json"]
    for name in others:
        (cache_folder() / name).parent.mkdir(parents=True, exist_ok=True)
        (cache_folder() / name).write_text("mine")
    link = entry.path.with_name("0123456789abcdef")
    link.symlink_to(tmp_path)
    (tmp_path / "kept").write_text("mine")
    own = cache_folder() / "models" / "0123456789abcdef" / "demo-v1"
    own.mkdir(parents=True)
    (own / "model.safetensors").write_bytes(b"12345")

    assert [entry.label for entry in cache.entries() if entry.path != link] == ["demo-decoder trained pydoc"]
    assert cache.clear() >= entry.size + 5
    assert all((cache_folder() / name).read_text() == "mine" for name in others)
    assert (tmp_path / "kept").read_text() == "mine"
    assert not link.is_symlink()
    assert not own.parent.exists()
    assert cache.entries() == []


def test_the_digest_of_a_large_file_is_remembered_until_it_changes(tmp_path, folder):
    path = tmp_path / "large"
    path.write_bytes(b"a" * (1 << 20))
    assert not (folder / "digests").exists()
    first = file_digest(path)
    assert not (folder / "digests").exists(), "a file that has only just changed may change again unseen"
    os.utime(path, (1, 1))
    assert file_digest(path) == first
    assert len(list((folder / "digests").iterdir())) == 1
    path.write_bytes(b"b" * (1 << 20))
    assert file_digest(path) != first


def test_a_model_that_is_not_there_has_no_key():
    assert observation_key(AnalysisConfig.from_flat({"model": "no-such-model-anywhere"})) is None
    with pytest.raises(ValueError, match="no-such-model-anywhere"):
        observe(settings(model="no-such-model-anywhere"))
