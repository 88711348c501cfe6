"""Adapters merged in memory: the same as the merged model saved and loaded, with a digest of their own."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.helpers.tiny_models import TEXTS, load_streamed, tiny_model_folder
from todacomm.activations import extract
from todacomm.models import load_model
from todacomm.models.adapters import adapter_digest
from todacomm.settings.analysis import ModelConfig

peft = pytest.importorskip("peft")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "llama")


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter of the base model with numbers of its own."""
    settings = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj"], init_lora_weights=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(base), settings)
    folder = tmp_path_factory.mktemp("adapters") / "lora"
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def adapter(made: Path, tmp_path: Path) -> Path:
    """An adapter's folder that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "lora"))


def test_an_adapter_is_added_to_the_weights(base: Path, made: Path) -> None:
    own = load_model(ModelConfig(model=str(base)), 0)
    loaded = load_model(ModelConfig(model=str(base), adapter=str(made)), 0)
    stored = load_file(made / "adapter_model.safetensors")
    place = "model.layers.1.self_attn.q_proj"
    down, up = (stored[f"base_model.model.{place}.lora_{one}.weight"] for one in "AB")
    expected = own.model.get_parameter(f"{place}.weight") + 8 / 4 * up @ down
    torch.testing.assert_close(loaded.model.get_parameter(f"{place}.weight").data, expected)
    untouched = "model.layers.1.self_attn.v_proj.weight"
    assert torch.equal(loaded.model.get_parameter(untouched), own.model.get_parameter(untouched))
    assert type(loaded.model) is type(own.model)
    assert loaded.layers == own.layers


def test_the_numbers_are_those_of_the_merged_model_saved(base: Path, made: Path, tmp_path: Path) -> None:
    loaded = load_model(ModelConfig(model=str(base), adapter=str(made)), 0)
    merged = Path(shutil.copytree(base, tmp_path / "merged"))
    loaded.model.save_pretrained(merged)
    ours, theirs = extract(loaded, TEXTS), extract(load_model(ModelConfig(model=str(merged)), 0), TEXTS)
    for name, cloud in ours.clouds.items():
        np.testing.assert_allclose(theirs.clouds[name], cloud, atol=1e-5)


def test_base_and_adapter_have_digests_of_their_own(base: Path, made: Path, adapter: Path) -> None:
    own = load_model(ModelConfig(model=str(base)), 0).info
    info = load_model(ModelConfig(model=str(base), adapter=str(made)), 0).info
    assert (info.weights_digest, info.adapter) == (own.weights_digest, str(made))
    assert (own.name, info.name) == ("llama", "llama+lora")
    assert info.adapter_digest == adapter_digest(adapter) != own.adapter_digest == ""
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"lora_alpha": 16}))
    assert adapter_digest(adapter) != info.adapter_digest


def test_an_adapter_of_another_model_is_an_error(made: Path, tmp_path: Path) -> None:
    for architecture in ("gpt2", "bert"):
        with pytest.raises(ValueError, match=r"the adapter in .*lora cannot be merged into"):
            load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, architecture)), adapter=str(made)), 0)
    deeper = tiny_model_folder(tmp_path, "llama", num_hidden_layers=4)
    with pytest.raises(ValueError, match=r"of another model: 0 of its 12 weights have no place, 4 are missing"):
        load_model(ModelConfig(model=str(deeper), adapter=str(made)), 0)


def test_names_that_have_no_place_are_an_error(base: Path, adapter: Path) -> None:
    path = adapter / "adapter_model.safetensors"
    save_file({name.replace("layers.2", "layers.7"): tensor for name, tensor in load_file(path).items()}, path)
    with pytest.raises(ValueError, match=r"4 of its 12 weights have no place, 4 are missing, 0 do not fit"):
        load_model(ModelConfig(model=str(base), adapter=str(adapter)), 0)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "adapter_config.json").unlink(), r"has no adapter_config.json: expected the folder"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), r"adapter_config.json cannot be read"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), r"cannot be merged into"),
        (lambda folder: (folder / "adapter_config.json").write_text('{"peft_type": "NONE"}'), r"cannot be merged into"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"1234"), r"cannot be merged into"),
        (lambda folder: (folder / "adapter_model.safetensors").rename(folder / "x"), r"has no adapter_model.safet"),
        (
            lambda folder: (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin"),
            r"only adapter_model.bin, a pickle: save the adapter again",
        ),
    ],
)
def test_a_broken_adapter_is_an_error(base: Path, adapter: Path, spoil, message: str) -> None:  # type: ignore
    spoil(adapter)
    with pytest.raises(ValueError, match=message):
        load_model(ModelConfig(model=str(base), adapter=str(adapter)), 0)


def test_an_adapter_needs_trained_weights_that_are_loaded_whole(base: Path, made: Path) -> None:
    with pytest.raises(ValueError, match=r"adapter is merged into trained weights"):
        ModelConfig(model=str(base), weights="random", adapter=str(made))
    with pytest.raises(ValueError, match=r"placement=stream: an adapter is merged into a whole model"):
        load_streamed(base, adapter=str(made))


def test_without_peft_it_is_named(base: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("todacomm.models.adapters.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"needs peft: pip install peft"):
        load_model(ModelConfig(model=str(base), adapter=str(made)), 0)
