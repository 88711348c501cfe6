"""What is known of a loaded model, and what loading refuses."""

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, T5EncoderModel

from tests.helpers.tiny_models import ARCHITECTURES, BLOCKS, CONTEXT, DECODERS, ENCODERS, WIDTH, tiny_model_folder
from todacomm.demo import DEMO_MODELS
from todacomm.models import PRESETS, LoadedModel, load_model
from todacomm.models.anatomy import examine
from todacomm.models.weights import sizes_in_words
from todacomm.settings.analysis import ModelConfig


def load(folder: Path, seed: int = 0, **options: Any) -> LoadedModel:
    return load_model(ModelConfig(model=str(folder), **options), seed)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "gpt2")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A model's folder that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "gpt2"))


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(folder: Path, drop: str) -> None:
    path = folder / "model.safetensors"
    kept = {name: value for name, value in load_file(path).items() if drop not in name}
    save_file(kept, path, metadata={"format": "pt"})


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_depth_width_kind_and_pooling_come_from_the_models_own_config(tmp_path: Path, architecture: str) -> None:
    info = load(tiny_model_folder(tmp_path, architecture)).info
    kinds = dict.fromkeys(DECODERS, "decoder") | dict.fromkeys(ENCODERS, "encoder")
    kind = kinds.get(architecture, "encoder-decoder")
    assert (info.kind, info.n_layers, info.width) == (kind, BLOCKS, WIDTH)
    assert info.pooling == {"decoder": "last", "encoder": "cls", "encoder-decoder": "mean"}[kind]
    assert info.head == {"decoder": "causal", "encoder": "masked", "encoder-decoder": None}[kind]
    assert info.context_length == CONTEXT - (2 if architecture == "roberta" else 0)
    assert (info.name, info.family) == (architecture, ARCHITECTURES[architecture][0])
    assert (info.dtype, info.device, info.weights) == ("float32", "cpu", "trained")


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "t5"])
def test_random_weights_follow_the_seed_and_need_no_weights(tmp_path: Path, architecture: str) -> None:
    folder = tiny_model_folder(tmp_path, architecture)
    (folder / "model.safetensors").unlink()
    state = torch.random.get_rng_state()
    first, again, other = (load(folder, seed, weights="random") for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first.info.weights_digest == again.info.weights_digest != other.info.weights_digest
    assert first.layers == again.layers
    for one, same in zip(first.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, same)


def test_the_global_generator_is_left_alone_by_a_missing_head(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert", head=False)
    state = torch.random.get_rng_state()
    load(folder)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_checkpoint_without_a_head_has_none_and_its_random_control_neither(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert", head=False)
    for weights in ("trained", "random"):
        loaded = load(folder, weights=weights)
        assert loaded.info.head is None
        assert not any("predictions" in name for name, _ in loaded.model.named_parameters())


def test_half_a_head_is_no_head(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert")
    edit_weights(folder, drop="cls.predictions.transform")
    assert load(folder).info.head is None


def test_a_head_tied_to_the_embedding_is_one(tmp_path: Path) -> None:
    assert load(tiny_model_folder(tmp_path, "gpt2", head=False)).info.head == "causal"
    assert load(tiny_model_folder(tmp_path, "gpt_neox", head=False)).info.head is None


def test_a_weight_missing_in_the_body_is_an_error(folder: Path) -> None:
    edit_weights(folder, drop="h.1.attn")
    with pytest.raises(
        ValueError, match=r"lacks 4 weights that GPT2LMHeadModel needs \(transformer.h.1.attn.*, \.\.\."
    ):
        load(folder)


def test_weights_that_do_not_fit_the_config_are_an_error(folder: Path) -> None:
    edit_config(folder, n_embd=2 * WIDTH)
    with pytest.raises(ValueError, match=r"the weights in .* cannot be loaded"):
        load(folder)


def test_a_tokenizer_that_cannot_be_read_is_an_error(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match=r"the tokenizer in .* cannot be loaded"):
        load(folder)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("{", r"config.json cannot be read as the JSON of a model's config"),
        ("[]", r"it holds a list"),
        ('{"model_type": "brand-new"}', r"does not know \(brand-new\): a newer transformers may"),
        ('{"model_type": "gpt2", "n_layer": "many"}', r"the config in .* cannot be used"),
    ],
)
def test_a_config_that_cannot_be_used_is_an_error(folder: Path, config: str, message: str) -> None:
    (folder / "config.json").write_text(config)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_weights_in_parts_are_the_same_model(folder: Path) -> None:
    whole = load(folder)
    parts = folder.parent / "parts"
    shutil.copytree(folder, parts)
    (parts / "model.safetensors").unlink()
    AutoModelForCausalLM.from_pretrained(folder).save_pretrained(parts, max_shard_size="100KB")
    assert len(list(parts.glob("model-*.safetensors"))) > 1
    for one, same in zip(whole.model.parameters(), load(parts).model.parameters(), strict=True):
        assert torch.equal(one, same)


def test_a_pickle_is_read_by_leave_and_then_as_weights_only(folder: Path, tmp_path: Path) -> None:
    whole = load(folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="allow_pickle=true"):
        load(folder)
    for one, same in zip(whole.model.parameters(), load(folder, allow_pickle=True).model.parameters(), strict=True):
        assert torch.equal(one, same)

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    with (folder / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"transformer.wte.weight": Trap()}, file, protocol=2)
    with pytest.raises(ValueError, match="cannot be loaded"):
        load(folder, allow_pickle=True)
    assert not (tmp_path / "sprung").exists()


CODE = """
from pathlib import Path
from transformers import GPT2Config, GPT2LMHeadModel

Path({sprung!r}).touch()

class OwnConfig(GPT2Config):
    model_type = "own-gpt"

class OwnModel(GPT2LMHeadModel):
    config_class = OwnConfig
"""


def test_a_models_own_code_runs_by_leave_only(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    sprung = tmp_path / "sprung"
    (folder / "own.py").write_text(CODE.format(sprung=str(sprung)))
    own = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel"}
    edit_config(folder, model_type="own-gpt", auto_map=own)
    with pytest.raises(ValueError, match=r"brings its own code \(own-gpt\).*trust_remote_code=true"):
        load(folder)
    assert not sprung.exists()
    loaded = load(folder, trust_remote_code=True)
    assert (loaded.info.kind, loaded.info.head, loaded.info.n_layers) == ("decoder", "causal", BLOCKS)
    assert sprung.exists()


def test_an_architecture_that_is_no_stack_of_blocks_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"GPT2LMHeadModel has no list of 5 modules"):
        examine(load(folder).model, 5, decoder=True)
    several = AutoConfig.for_model("xlm", emb_dim=WIDTH, n_layers=BLOCKS, n_heads=4, n_words=400)
    turned = AutoConfig.for_model("xlnet", d_model=WIDTH, n_layer=BLOCKS, n_head=4, d_inner=48, vocab_size=400)
    for settings in (several, turned):  # a list of attentions, one of norms ...; blocks that take tokens before texts
        with pytest.raises(ValueError, match=r"Model has no list of 3 modules, .* one state for each text and token"):
            examine(AutoModel.from_config(settings), BLOCKS, decoder=False)


def test_an_architecture_that_lengthens_its_input_is_an_error() -> None:
    settings = AutoConfig.for_model(
        "longformer", hidden_size=WIDTH, num_hidden_layers=BLOCKS, num_attention_heads=4, intermediate_size=32,
        attention_window=[16] * BLOCKS, vocab_size=400, pad_token_id=0,
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"LongformerModel lengthens 8 tokens to 16 inside, as models with a window"):
        examine(AutoModel.from_config(settings).eval(), BLOCKS, decoder=False)


def test_a_model_that_reads_no_tokens_is_an_error(folder: Path) -> None:
    edit_config(folder, model_type="resnet", architectures=["ResNetModel"])
    with pytest.raises(ValueError, match=r"gpt2 cannot be read layer by layer: .*num_hidden_layers"):
        load(folder, weights="random")


def test_the_encoder_of_t5_may_come_by_itself(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "t5")
    whole = load(folder)
    T5EncoderModel.from_pretrained(folder).save_pretrained(folder)
    for weights in ("trained", "random"):
        alone = load(folder, weights=weights)
        assert (alone.layers, alone.info.pooling, alone.info.head) == (whole.layers, "mean", None)
        assert alone.info.n_parameters == whole.info.n_parameters


def test_the_gelu_in_one_go_is_the_gelu_in_seven(folder: Path) -> None:
    tokens = torch.arange(20)[None]
    with torch.inference_mode():
        own = AutoModelForCausalLM.from_pretrained(folder)(tokens).logits
        torch.testing.assert_close(load(folder).model(tokens).logits, own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["demo-decoder", "demo-encoder"])
def test_a_bundled_model_is_what_its_preset_says(name: str) -> None:
    if not (DEMO_MODELS[name] / "model.safetensors").is_file():
        pytest.skip(f"{name} is not trained yet")
    info = load_model(ModelConfig(model=name), 0).info
    assert (info.name, info.source, info.revision) == (name, f"bundled:{name}", "")
    assert (info.family, info.n_parameters) == (PRESETS[name].family, PRESETS[name].n_parameters)


def test_cls_pooling_needs_a_cls_token(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"pooling=cls needs a CLS token.*choose last or mean"):
        load(folder, pooling="cls")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device")
def test_a_device_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"device=cuda is not there: .*cpu"):
        load(folder, device="cuda")


def test_the_precision_asked_for_is_taken_and_float32_is_a_cpus_own(folder: Path) -> None:
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    assert load(folder).model.dtype == torch.float32
    assert load(folder, dtype="bfloat16").model.dtype == torch.bfloat16
    assert load(folder, dtype="bfloat16", weights="random").info.dtype == "bfloat16"


def test_sizes_are_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="todacomm")
    load(folder)
    assert caplog.messages == [f"{folder}: 216 kB of weights on disk, about 212 kB in memory"]
    assert sizes_in_words(2**31, 2**30, 4) == "2.1 GB of weights on disk, about 4.3 GB in memory"
    assert sizes_in_words(2**31, 2**30, None) == "2.1 GB of weights on disk, about 2.1 GB in memory"
    assert sizes_in_words(2**31, None, 4) == "2.1 GB of weights on disk"
