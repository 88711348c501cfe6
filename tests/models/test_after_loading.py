"""A model that transformers filled with random numbers is not taken for a trained one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM

from tests.helpers.tiny_models import BLOCKS, load_streamed, tiny_model_folder
from todacomm.models import LoadedModel, load_model
from todacomm.models.checked import hold_against_files, names_inside, unused_in_body
from todacomm.models.matching import match
from todacomm.models.stored import stored_tensors
from todacomm.settings.analysis import ModelConfig

OWN = """
import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput


class OwnConfig(PretrainedConfig):
    model_type = "own-lm"

    def __init__(self, hidden_size=32, num_hidden_layers=3, vocab_size=400, **more):
        self.hidden_size, self.num_hidden_layers, self.vocab_size = hidden_size, num_hidden_layers, vocab_size
        super().__init__(**more)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.inner = nn.Linear(width, width)

    def forward(self, hidden):
        return hidden + torch.tanh(self.inner(hidden))


class Body(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.words = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList([Block(config.hidden_size) for _ in range(config.num_hidden_layers)])

    def forward(self, input_ids=None, attention_mask=None, **more):
        hidden = self.words(input_ids)
        for block in self.blocks:
            hidden = block(hidden)
        return BaseModelOutput(last_hidden_state=hidden)


class OwnModel(PreTrainedModel):
    config_class = OwnConfig
    base_model_prefix = {prefix!r}

    def __init__(self, config):
        super().__init__(config)
        self.net = Body(config)
        self.out = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.net.words

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(std=0.02)

    def forward(self, input_ids=None, attention_mask=None, **more):
        return CausalLMOutput(logits=self.out(self.net(input_ids).last_hidden_state))
"""


def load(folder: Path, **options: bool) -> LoadedModel:
    return load_model(ModelConfig(model=str(folder), **options), 0)  # type: ignore[arg-type]


def edit(folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "llama")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A model's folder that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "llama"))


@pytest.fixture(params=["", "nothing", "net"])
def own(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with its own code, whose prefix names no attribute of it, or does."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = tiny_model_folder(tmp_path, "gpt2")
    (folder / "own.py").write_text(OWN.format(prefix=request.param))
    settings = {"model_type": "own-lm", "hidden_size": 32, "num_hidden_layers": BLOCKS, "vocab_size": 400}
    classes = {"AutoConfig": "own.OwnConfig", "AutoModelForCausalLM": "own.OwnModel"}
    names = {"architectures": ["OwnModel"], "auto_map": classes, "tie_word_embeddings": False}
    (folder / "config.json").write_text(json.dumps(settings | names))
    generator = torch.Generator().manual_seed(0)
    shapes = {"net.words.weight": (400, 32), "out.weight": (400, 32)}
    for block in range(BLOCKS):
        shapes |= {f"net.blocks.{block}.inner.weight": (32, 32), f"net.blocks.{block}.inner.bias": (32,)}
    save_file(
        {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    return folder


def test_a_models_own_code_is_read_whatever_its_prefix(own: Path) -> None:
    loaded = load(own, trust_remote_code=True)
    assert (loaded.info.head, loaded.warnings) == ("causal", ())
    stored = load_file(own / "model.safetensors")
    for name, parameter in loaded.model.named_parameters():
        assert torch.equal(parameter, stored[name])


def test_a_missing_block_is_an_error_whatever_the_models_prefix(own: Path) -> None:
    edit(own, lambda tensors: {name: tensor for name, tensor in tensors.items() if "blocks.1" not in name})
    with pytest.raises(ValueError, match=r"lacks 2 weights that OwnModel needs \(net.blocks.1.inner.bias, "):
        load(own, trust_remote_code=True)


def test_every_name_changed_is_an_error_that_counts(own: Path) -> None:
    edit(own, lambda tensors: {f"elsewhere.{name}": tensor for name, tensor in tensors.items() if "out." not in name})
    with pytest.raises(ValueError, match=r"lacks 7 weights that OwnModel needs"):
        load(own, trust_remote_code=True)


def test_a_missing_head_leaves_the_body(own: Path) -> None:
    edit(own, lambda tensors: {name: tensor for name, tensor in tensors.items() if not name.startswith("out.")})
    assert load(own, trust_remote_code=True).info.head is None


def test_a_prefix_of_transformers_own_that_names_nothing(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 400, "head_dim": 8}
    more = {"intermediate_size": 48, "intermediate_size_mlp": 48, "num_local_experts": 2, "num_key_value_heads": 2}
    config = AutoConfig.for_model("llama4_text", **sizes, **more, pad_token_id=1, moe_layers=[])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config)
    assert not hasattr(model, model.base_model_prefix)
    model.save_pretrained(folder)
    assert load(folder).info.n_layers == 2
    edit(folder, lambda tensors: {name: tensor for name, tensor in tensors.items() if "layers.1" not in name})
    with pytest.raises(ValueError, match=r"lacks \d+ weights that Llama4ForCausalLM needs \(model.layers.1"):
        load(folder)


def a_block_more(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    more = {name.replace("layers.2", "layers.3"): tensor.clone() for name, tensor in tensors.items() if "rs.2" in name}
    return tensors | more


def biases(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return tensors | {"model.layers.0.mlp.up_proj.bias": torch.ones(48)}


def lora(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    place = "base_model.model.model.layers.0.self_attn.q_proj"
    return tensors | {f"{place}.lora_A.weight": torch.ones(2, 32), f"{place}.lora_B.weight": torch.ones(32, 2)}


def another_head(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return tensors | {"score.weight": torch.ones(2, 32)}


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (a_block_more, "9 stored weights have no place in LlamaForCausalLM (model.layers.3.input_layernorm.weight, "),
        (biases, "1 stored weight has no place in LlamaForCausalLM (model.layers.0.mlp.up_proj.bias)"),
        (lora, "2 stored weights have no place in LlamaForCausalLM (base_model.model.model.layers.0."),
        (another_head, ""),
    ],
)
def test_stored_weights_that_are_not_taken_are_counted_and_named(
    folder: Path, change: Callable[[dict[str, Tensor]], dict[str, Tensor]], warning: str
) -> None:
    edit(folder, change)
    for loaded in (load(folder), load_streamed(folder)):
        assert len(loaded.warnings) == bool(warning)
        assert "".join(map(str, loaded.warnings)).startswith(warning)


def test_another_shape_is_an_error_with_both(folder: Path) -> None:
    edit(folder, lambda tensors: tensors | {"model.layers.1.mlp.up_proj.weight": torch.ones(50, 32)})
    with pytest.raises(
        ValueError,
        match=r"layers.1.mlp.up_proj.weight has shape \(50, 32\) in the file and \(48, 32\) by the config: they do",
    ):
        load(folder)


@pytest.mark.parametrize("name", ["model.layers.1.mlp.up_proj.weight", "lm_head.weight"])
def test_a_weight_that_is_not_the_stored_one_is_an_error(folder: Path, name: str) -> None:
    loaded = load(folder)
    stored = stored_tensors([folder / "model.safetensors"])
    matches = match(loaded.model, stored)
    assert hold_against_files(loaded.model, matches, stored, [name], "this") == 1
    with torch.no_grad():
        loaded.model.get_parameter(name)[0, 3] += 1e-3
    with pytest.raises(ValueError, match=rf"1 of 1 weights of this are not those in its files \({name}\): they were"):
        hold_against_files(loaded.model, matches, stored, [name], "this")


def test_the_weights_compared_are_spread_over_body_and_head(folder: Path) -> None:
    loaded = load(folder)
    stored = stored_tensors([folder / "model.safetensors"])
    matches = match(loaded.model, stored)
    body = names_inside(loaded.model, loaded.anatomy.body)
    assert "lm_head.weight" not in body
    assert 4 <= hold_against_files(loaded.model, matches, stored, body, "body") <= 8
    assert hold_against_files(loaded.model, matches, stored, set(matches.direct) - body, "head") == 1


def test_a_head_of_another_kind_is_left_aside_without_a_word(folder: Path) -> None:
    body = load(folder).anatomy.body
    assert unused_in_body(body, ["score.weight", "classifier.dense.weight", "layers.9.x.bias"]) == ["layers.9.x.bias"]
