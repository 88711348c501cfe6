"""The pooling that a model's own files name is what ``auto`` takes."""

import json
from pathlib import Path

import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.models import load_model
from todacomm.models.pooling import FILE, stored_pooling
from todacomm.settings.analysis import ModelConfig

SWITCHES = dict.fromkeys(
    ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"), False
)


def store(folder: Path, content: str) -> Path:
    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return folder


@pytest.mark.parametrize(
    ("on", "pooling"),
    [
        (("mean_tokens",), "mean"),
        (("cls_token",), "cls"),
        (("lasttoken",), "last"),
        (("max_tokens",), None),
        (("mean_tokens", "max_tokens"), None),
        ((), None),
    ],
)
def test_switches_of_sentence_transformers(tmp_path: Path, on: tuple[str, ...], pooling: str | None) -> None:
    switches = {f"pooling_mode_{name}": name in on for name in SWITCHES}
    assert stored_pooling(store(tmp_path, json.dumps({**switches, "include_prompt": True}))) == pooling


def test_one_word_no_file_and_a_broken_one(tmp_path: Path) -> None:
    assert stored_pooling(tmp_path) is None
    assert stored_pooling(store(tmp_path, '{"pooling_mode": "mean"}')) == "mean"
    with pytest.raises(ValueError, match="cannot be read as the pooling of a sentence-transformers model"):
        stored_pooling(store(tmp_path, "[[["))


def test_auto_follows_it_and_a_given_pooling_wins(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert")
    config = ModelConfig(model=str(folder))
    assert load_model(config, 0).info.pooling == "cls"
    store(folder, '{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}')
    assert load_model(config, 0).info.pooling == "mean"
    assert load_model(ModelConfig(model=str(folder), pooling="cls"), 0).info.pooling == "cls"
