"""Weights in other forms than plain safetensors: GGUF files and quantised checkpoints, and what is missing for them."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.helpers.packed import write_packed
from tests.helpers.tiny_gguf import write_gguf
from tests.helpers.tiny_models import TEXTS, load_streamed, tiny_model_folder
from todacomm.activations import extract
from todacomm.models import LoadedModel, load_model
from todacomm.models.formats import QUANTISED, check_packages, quantisation
from todacomm.models.opening import open_model
from todacomm.models.placement import Placement, placement_of
from todacomm.models.sources import gguf_file, local_folder
from todacomm.settings.analysis import ModelConfig

with_gguf = pytest.mark.skipif(find_spec("gguf") is None, reason="gguf is an extra")
with_accelerate = pytest.mark.skipif(find_spec("accelerate") is None, reason="accelerate is an extra")


SPREAD = Placement("spread", device_map="auto")


def load(path: Path, **options: Any) -> LoadedModel:
    return load_model(ModelConfig(model=str(path), **options), 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "llama", intermediate_size=64)


@with_gguf
@with_accelerate
def test_a_gguf_file_is_the_model_it_was_made_of(folder: Path, tmp_path: Path) -> None:
    own, loaded = load(folder), load(write_gguf(folder, tmp_path / "tiny.gguf"))
    assert (loaded.info.name, loaded.info.stored_as, loaded.info.family) == ("tiny", "gguf", "llama")
    assert loaded.info.weights_digest != own.info.weights_digest
    for text in TEXTS:
        assert loaded.tokenizer(text)["input_ids"] == own.tokenizer(text)["input_ids"]
    for name, parameter in own.model.named_parameters():
        assert torch.equal(loaded.model.get_parameter(name), parameter)
    ours, theirs = extract(own, TEXTS), extract(loaded, TEXTS)
    assert theirs.likelihood == pytest.approx(ours.likelihood)
    for name, cloud in ours.clouds.items():
        np.testing.assert_allclose(theirs.clouds[name], cloud, atol=1e-5)


@with_gguf
@with_accelerate
def test_a_gguf_file_of_eight_bits_is_dequantised(folder: Path, tmp_path: Path) -> None:
    own, loaded = load(folder), load(write_gguf(folder, tmp_path / "q8.gguf", quantised=True))
    assert loaded.info.dtype == "float32"
    for name, parameter in own.model.named_parameters():
        step = parameter.abs().max() / 127
        assert (loaded.model.get_parameter(name) - parameter).abs().max() <= step
    assert not torch.equal(loaded.model.get_input_embeddings().weight, own.model.get_input_embeddings().weight)


@with_gguf
def test_a_gguf_file_is_read_whole(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "tiny.gguf")
    with pytest.raises(ValueError, match=r"placement=stream: its weights are stored as gguf"):
        load_streamed(file)
    assert placement_of(open_model(ModelConfig(model=str(file)))).kind == "whole"


def test_a_broken_gguf_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF and then nothing of use")
    with pytest.raises(ValueError, match=r"broken.gguf cannot be read as GGUF|stored as gguf, which"):
        load(file)


def test_a_gguf_file_has_no_revision_and_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    assert gguf_file(str(file)) == file
    assert gguf_file(str(tmp_path / "other.gguf")) is None
    with pytest.raises(ValueError, match=r"has no revision 'main': leave revision empty"):
        load(file, revision="main")
    with pytest.raises(ValueError, match=r"no file .*other.gguf: give the path of an existing GGUF file"):
        load(tmp_path / "other.gguf")
    with pytest.raises(ValueError, match=r"is one file, and no folder"):
        local_folder(str(file), "")


@with_accelerate
def test_eight_bit_floats_are_read_on_a_processor(folder: Path, tmp_path: Path) -> None:
    own = load(folder)
    stored: dict[str, torch.Tensor] = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        if "_proj" in name:
            blocks = tensor.unflatten(0, (-1, 16)).unflatten(2, (-1, 16))
            scale = blocks.abs().amax(dim=(1, 3), keepdim=True) / torch.finfo(torch.float8_e4m3fn).max
            stored[name] = (blocks / scale).flatten(2, 3).flatten(0, 1).to(torch.float8_e4m3fn)
            stored[f"{name}_scale_inv"] = scale[:, 0, :, 0].contiguous()
        else:
            stored[name] = tensor
    quantised = tiny_model_folder(tmp_path, "llama", intermediate_size=64)
    save_file(stored, quantised / "model.safetensors", metadata={"format": "pt"})
    edit(quantised, quantization_config={"quant_method": "fp8", "weight_block_size": [16, 16]})
    loaded = load(quantised)
    assert (loaded.info.stored_as, loaded.info.dtype, loaded.warnings) == ("fp8", "float32", ())
    for name, parameter in own.model.named_parameters():
        assert (loaded.model.get_parameter(name) - parameter).abs().max() <= parameter.abs().max() / 16


def test_eight_bit_integers_of_torchao_are_read_on_a_processor(folder: Path, tmp_path: Path) -> None:
    quantization = pytest.importorskip("torchao.quantization")
    from transformers import AutoModelForCausalLM, TorchAoConfig

    way = TorchAoConfig(quantization.Int8WeightOnlyConfig(version=2))
    tiny_model_folder(tmp_path, "llama", intermediate_size=64)
    AutoModelForCausalLM.from_pretrained(folder, quantization_config=way).save_pretrained(tmp_path / "llama")
    own, loaded = load(folder), load(tmp_path / "llama")
    assert (loaded.info.stored_as, loaded.info.placement, loaded.warnings) == ("torchao", "whole", ())
    ours, theirs = extract(own, TEXTS), extract(loaded, TEXTS)
    for name, cloud in ours.clouds.items():
        assert np.abs(theirs.clouds[name] - cloud).max() < 0.05 * np.abs(cloud).max()
    assert theirs.likelihood != ours.likelihood


@pytest.mark.parametrize(("options", "tolerance"), [({"load_in_8bit": True}, 0.05), ({"load_in_4bit": True}, 0.03)])
def test_bitsandbytes_is_read_on_a_processor(tmp_path: Path, options: Any, tolerance: float) -> None:
    """Within the rounding of a layer's inputs: to 8 bits, or to half precision."""
    pytest.importorskip("bitsandbytes")
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    folder = tiny_model_folder(tmp_path, "llama", hidden_size=64, intermediate_size=128)
    quantised, plain = (Path(shutil.copytree(folder, tmp_path / name)) for name in ("quantised", "plain"))
    way = BitsAndBytesConfig(**options, bnb_4bit_quant_type="nf4")
    half = AutoModelForCausalLM.from_pretrained(folder, quantization_config=way, dtype=torch.float16, device_map="cpu")
    half.save_pretrained(quantised)
    half.dequantize(torch.float32).float().save_pretrained(plain)
    own, loaded = load(plain), load(quantised)
    assert (loaded.info.stored_as, loaded.info.dtype, loaded.warnings) == ("bitsandbytes", "float32", ())
    ours, theirs = extract(own, TEXTS), extract(loaded, TEXTS)
    for name, cloud in ours.clouds.items():
        assert np.abs(theirs.clouds[name] - cloud).max() < tolerance * np.abs(cloud).max()
    assert theirs.likelihood != ours.likelihood


@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_packed_integers_are_read_on_a_processor(tmp_path: Path, method: str) -> None:
    for package in QUANTISED[method]:
        pytest.importorskip(package)
    wide = tiny_model_folder(tmp_path, "llama", hidden_size=64, intermediate_size=128)
    packed, plain = map(load, write_packed(wide, method, tmp_path))
    assert (packed.info.stored_as, packed.info.dtype, packed.warnings) == (method, "float32", ())
    ours, theirs = extract(plain, TEXTS), extract(packed, TEXTS)
    for name, cloud in ours.clouds.items():
        assert np.abs(theirs.clouds[name] - cloud).max() < 2e-3 * np.abs(cloud).max()
    assert theirs.likelihood["perplexity"] == pytest.approx(ours.likelihood["perplexity"], rel=1e-3)


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("method", sorted(QUANTISED))
def test_what_reading_a_format_needs_is_named(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("todacomm.models.formats.find_spec", lambda name: None)
    names = " ".join(package.replace("_", "-") for package in QUANTISED[method])
    with pytest.raises(ValueError, match=rf"this is stored as {method}, which {names} reads?: pip install {names}"):
        check_packages(method, "this")


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({"quant_method": "gptq", "bits": 4}, "gptq"),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, "awq"),
        ({"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "bitsandbytes"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes"),
        ({"quant_method": "torchao", "quant_type": {"default": "int8"}}, "torchao"),
    ],
)
def test_a_quantised_checkpoint_without_its_package_is_an_error_that_names_it(
    tmp_path: Path, given: dict[str, Any], method: str
) -> None:
    if all(find_spec(package) for package in QUANTISED[method]):
        pytest.skip("its packages are here")
    folder = tiny_model_folder(tmp_path, "llama")
    edit(folder, quantization_config=given)
    with pytest.raises(ValueError, match=rf"llama is stored as {method}, which .*: pip install .*without quantisation"):
        load(folder)
    with pytest.raises(ValueError, match=rf"placement=stream: its weights are stored as {method}"):
        load_streamed(folder)


def test_a_way_to_quantise_that_nobody_knows_is_an_error(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    edit(folder, quantization_config={"quant_method": "none-such"})
    with pytest.raises(ValueError, match=r"llama is stored as 'none-such', which transformers \S+ does not read"):
        load(folder)


def test_a_config_that_is_not_quantised() -> None:
    assert quantisation(object()) == ""


ON_TWO = {f"model.layers.{block}": "disk" if block == 1 else "cpu" for block in range(3)} | dict.fromkeys(
    ("model.embed_tokens", "model.norm", "model.rotary_emb", "lm_head"), "cpu"
)


@with_accelerate
@pytest.mark.parametrize("device_map", ["auto", ON_TWO], ids=["auto", "a block elsewhere"])
def test_a_model_spread_by_accelerate_is_the_model(folder: Path, device_map: Any) -> None:
    placed = Placement("spread", device_map=device_map)
    own, spread = load(folder), load_model(ModelConfig(model=str(folder), device="cpu"), 0, placed=placed)
    elsewhere = [name for name, parameter in spread.model.named_parameters() if parameter.is_meta]
    assert {name.split(".")[2] for name in elsewhere} == (set() if device_map == "auto" else {"1"})
    assert (own.info.placement, spread.info.placement) == ("whole", "spread")
    ours, theirs = extract(own, TEXTS), extract(spread, TEXTS)
    assert theirs.likelihood == pytest.approx(ours.likelihood)
    for name, cloud in ours.clouds.items():
        np.testing.assert_allclose(theirs.clouds[name], cloud, atol=1e-5)


def test_without_accelerate_a_spread_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("todacomm.models.whole.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"llama over several devices needs accelerate: pip install accelerate"):
        load_model(ModelConfig(model=str(folder)), 0, placed=SPREAD)
