"""A model opened to be read a block at a time: the same facts as of the model loaded whole, and nothing left in it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

from tests.helpers.tiny_models import ARCHITECTURES, LARGE, load_streamed, tiny_model_folder
from todacomm.models import load_model
from todacomm.settings.analysis import ModelConfig


@pytest.mark.parametrize("weights", ["trained", "random"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_known_is_what_is_known_of_the_model_loaded_whole(
    tmp_path: Path, architecture: str, weights: str
) -> None:
    folder = tiny_model_folder(tmp_path, architecture)
    whole = load_model(ModelConfig(model=str(folder), weights=weights), 5)
    streamed = load_streamed(folder, 5, weights=weights)
    assert replace(streamed.info, placement="whole") == whole.info  # the digest of random weights among it
    assert streamed.layers == whole.layers
    assert streamed.warnings == whole.warnings
    assert streamed.anatomy.arguments == whole.anatomy.arguments
    assert type(streamed.anatomy.body) is type(whole.anatomy.body)
    assert len(streamed.anatomy.blocks) == len(whole.anatomy.blocks)
    assert all(tensor.is_meta for tensor in streamed.model.parameters() if tensor.numel() >= LARGE)


def test_a_checkpoint_without_a_head_has_none(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert", head=False)
    whole = load_model(ModelConfig(model=str(folder)), 0)
    streamed = load_streamed(folder)
    assert (streamed.info.head, streamed.info.n_parameters) == (None, whole.info.n_parameters)
    assert load_streamed(tiny_model_folder(tmp_path, "gpt2", head=False)).info.head == "causal"  # tied to the embedding


def test_a_weight_missing_in_the_body_is_an_error(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2")
    path = folder / "model.safetensors"
    save_file({n: t for n, t in load_file(path).items() if "h.1.attn" not in n}, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"lacks 4 weights that GPT2LMHeadModel needs"):
        load_streamed(folder)


def test_weights_of_another_shape_are_an_error_before_they_are_read(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 10**9}))
    with pytest.raises(
        ValueError, match=r"down_proj.weight \(and 8 more\) has shape \(32, 48\) in the file and \(32, 10"
    ):
        load_streamed(folder)


def test_pickles_are_refused(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"its weights are in pytorch_model.bin, and not in safetensors"):
        load_streamed(folder, allow_pickle=True)


def test_what_is_no_stack_of_blocks_is_an_error(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2")
    config = AutoConfig.for_model("xlm", emb_dim=32, n_layers=3, n_heads=4, n_words=400)
    config.save_pretrained(folder)
    with pytest.raises(
        ValueError, match=r"XLMWithLMHeadModel has no list of 3 modules, each working on what the one before"
    ):
        load_streamed(folder, weights="random")


def test_weights_in_parts_and_experts_stored_one_by_one_are_read(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    settings = {"num_local_experts": 4, "num_experts_per_tok": 2, "num_key_value_heads": 2, "intermediate_size": 48}
    sizes = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 400}
    config = AutoConfig.for_model("mixtral", **sizes, **settings, pad_token_id=1)
    (folder / "model.safetensors").unlink()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder, max_shard_size="30KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 2
    streamed = load_streamed(folder)
    whole = load_model(ModelConfig(model=str(folder)), 0)
    assert streamed.layers == whole.layers
    block = streamed.anatomy.blocks[1]
    assert streamed.surveyed is not None
    skeleton = streamed.surveyed.skeleton
    skeleton.fill(block)
    for one, same in zip(block.parameters(), whole.anatomy.blocks[1].parameters(), strict=True):
        assert torch.equal(one, same)
    skeleton.empty(block)
    assert all(parameter.is_meta for parameter in block.parameters())


def test_the_global_generator_is_left_alone(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2")
    state = torch.random.get_rng_state()
    for weights in ("trained", "random"):
        load_streamed(folder, weights=weights)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_copy_elsewhere_opens_to_the_same(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2")
    copy = Path(shutil.copytree(folder, tmp_path / "copy" / "gpt2"))
    assert load_streamed(folder).info.weights_digest == load_streamed(copy).info.weights_digest
