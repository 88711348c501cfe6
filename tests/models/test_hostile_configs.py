"""Configs that describe nothing: every one ends in an error that says so, whichever way the model would be loaded."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.models import load_model
from todacomm.settings.analysis import ModelConfig

CASES: dict[str, list[dict[str, Any]]] = {
    "gpt2": [
        {"n_layer": 0}, {"n_layer": -1}, {"n_layer": 2.5}, {"n_layer": True}, {"n_layer": None}, {"n_layer": "3"},
        {"n_layer": 10**9}, {"n_layer": {"a": 1}}, {"n_layer": [3]}, {"n_head": 0}, {"n_head": -4}, {"n_head": 5},
        {"n_embd": 0}, {"n_embd": -32}, {"n_embd": 33}, {"n_embd": [32, 32]}, {"vocab_size": 0}, {"vocab_size": -1},
        {"vocab_size": 10**13}, {"vocab_size": "many"}, {"n_positions": 0}, {"n_positions": -8}, {"n_inner": 0},
        {"n_inner": -1}, {"activation_function": "nonsense"}, {"activation_function": 7},
        {"activation_function": ["gelu"]}, {"architectures": 5}, {"architectures": [5]}, {"model_type": ["gpt2"]},
        {"model_type": 7}, {"model_type": None}, {"model_type": ""}, {"model_type": "resnet"}, {"model_type": "clip"},
        {"model_type": "../../x"}, {"layer_norm_epsilon": "tiny"}, {"resid_pdrop": "x"}, {"dtype": "complex7"},
        {"auto_map": 3}, {"quantization_config": 5}, {"tie_word_embeddings": "maybe"},
        {"attn_implementation": "nope"}, {"initializer_range": -1}, {"scale_attn_weights": None},
    ],
    "llama": [
        {"num_hidden_layers": 0}, {"num_hidden_layers": 10**7}, {"num_attention_heads": 0}, {"hidden_size": 31},
        {"hidden_size": 10**7}, {"num_key_value_heads": 0}, {"num_key_value_heads": 3}, {"num_key_value_heads": -2},
        {"head_dim": 0}, {"head_dim": -8}, {"head_dim": 7}, {"intermediate_size": 0}, {"intermediate_size": -5},
        {"intermediate_size": 10**12}, {"hidden_act": "nonsense"}, {"rms_norm_eps": "x"}, {"attention_bias": "x"},
        {"rope_scaling": {"type": "none-such", "factor": 2}}, {"rope_scaling": {"rope_type": "yarn"}},
        {"rope_scaling": 5}, {"rope_parameters": []}, {"max_position_embeddings": 0},
        {"max_position_embeddings": "x"},
    ],
    "bert": [
        {"num_hidden_layers": 0}, {"num_attention_heads": 0}, {"num_attention_heads": 5}, {"type_vocab_size": 0},
        {"type_vocab_size": -1}, {"hidden_act": "none"}, {"max_position_embeddings": 0}, {"layer_norm_eps": None},
        {"hidden_dropout_prob": 7}, {"chunk_size_feed_forward": 7},
    ],
    "t5": [
        {"num_layers": 0}, {"num_layers": -1}, {"num_heads": 0}, {"d_kv": 0}, {"d_ff": 0}, {"d_model": 0},
        {"relative_attention_num_buckets": 0}, {"feed_forward_proj": 5},
    ],
    "opt": [{"num_hidden_layers": 0}, {"word_embed_proj_dim": -1}, {"word_embed_proj_dim": 0}, {"ffn_dim": 0}],
    "gemma2": [
        {"layer_types": ["nonsense"] * 3}, {"layer_types": 5}, {"layer_types": ["full_attention"]},
        {"query_pre_attn_scalar": 0}, {"attn_logit_softcapping": "x"},
    ],
}  # fmt: skip
"""By architecture: settings that cannot be meant."""
TABLE = [(architecture, changes) for architecture, cases in CASES.items() for changes in cases]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = tmp_path_factory.mktemp("models")
    return {architecture: tiny_model_folder(made, architecture) for architecture in CASES}


def changed(folder: Path, to: Path, changes: dict[str, Any]) -> Path:
    copy = Path(shutil.copytree(folder, to / folder.name))
    config = copy / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | changes))
    return copy


@pytest.mark.parametrize(("architecture", "changes"), TABLE, ids=[f"{name}-{json.dumps(one)}" for name, one in TABLE])
def test_a_config_that_describes_nothing_is_an_error(
    folders: dict[str, Path], tmp_path: Path, architecture: str, changes: dict[str, Any]
) -> None:
    folder = changed(folders[architecture], tmp_path, changes)
    for weights in ("random", "trained"):
        for placement in ("auto", "whole", "stream"):
            with pytest.raises(ValueError, match=r".{20}") as caught:
                load_model(ModelConfig(model=str(folder), weights=weights, placement=placement), 0)
            message = str(caught.value)
            assert architecture in message or str(folder) in message
            assert len(message) < 500
            assert "\n" not in message


DEEP = '{"model_type": "gpt2", "a": ' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "null", '{"model_type": "gpt2", "n_layer": NaN}', "\x00", DEEP])
def test_a_file_that_is_no_config_is_an_error(folders: dict[str, Path], tmp_path: Path, text: str) -> None:
    folder = changed(folders["gpt2"], tmp_path, {})
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match=r"config.json|cannot be used"):
        load_model(ModelConfig(model=str(folder), weights="random"), 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_layer": 0}, r"has num_hidden_layers=0: expected a whole number from 1 on"),
        ({"n_head": -4}, r"has num_attention_heads=-4: expected a whole number from 1 on"),
        ({"n_layer": 10**9}, r"has num_hidden_layers=1,000,000,000: expected at most 2,000"),
        (
            {"vocab_size": 10**13},
            r"describes a tensor of 320,000,000,000,000 numbers, which takes 2560 TB; .* are free",
        ),
        ({"model_type": "resnet"}, r"gives no num_hidden_layers: expected that of a transformer that reads text"),
    ],
)
def test_what_was_seen_and_what_was_expected_is_said(
    folders: dict[str, Path], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load_model(ModelConfig(model=str(changed(folders["gpt2"], tmp_path, changes)), weights="random"), 0)
