"""What attention and MLP add: the residual stream is rebuilt from it, for every architecture and on trained models."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.helpers.tiny_models import ARCHITECTURES, BLOCKS, TEXTS, tiny_model_folder
from todacomm.activations import Activations, extract
from todacomm.core.streams import groups
from todacomm.models import LoadedModel, load_model
from todacomm.models.anatomy import examine
from todacomm.models.streams import Call, find_streams
from todacomm.settings.analysis import ModelConfig

EVERYTHING = ("all", "attention", "ffn")
NORMS = {
    "opt-350m": ("model.decoder.layers", "self_attn_layer_norm", "final_layer_norm"),
    "bert": ("bert.encoder.layer", "attention.output.LayerNorm", "output.LayerNorm"),
    "distilbert": ("distilbert.transformer.layer", "sa_layer_norm", "output_layer_norm"),
    "roberta": ("roberta.encoder.layer", "attention.output.LayerNorm", "output.LayerNorm"),
}
"""Blocks that normalise each sum: where they are, and the two norms inside."""
PRE_NORM = sorted(set(ARCHITECTURES) - set(NORMS) - {"albert"})

Load = Callable[[str], LoadedModel]


def blocks(clouds: dict[str, np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """What enters each block, what its attention and its MLP add, and what it gives."""
    entering = clouds["embedding"]
    for i in range(len(groups(clouds)["ffn"])):
        yield entering, clouds[f"layer_{i}_attention"], clouds[f"layer_{i}_ffn"], clouds[f"layer_{i}"]
        entering = clouds[f"layer_{i}"]


def assert_adds_up(seen: Activations) -> None:
    for entering, attention, ffn, given in blocks(seen.clouds):
        assert np.abs(attention).max() > 1e-3 < np.abs(ffn).max()
        scale = np.abs(entering).max() + np.abs(attention).max() + np.abs(ffn).max()
        np.testing.assert_allclose(entering + attention + ffn, given, rtol=0, atol=4e-7 * scale)


def assert_adds_up_between_norms(loaded: LoadedModel, seen: Activations, where: str, first: str, second: str) -> None:
    for block, (entering, attention, ffn, given) in zip(
        attrgetter(where)(loaded.model), blocks(seen.clouds), strict=True
    ):
        with torch.inference_mode():
            between = attrgetter(first)(block)(torch.from_numpy(entering + attention))
            rebuilt = attrgetter(second)(block)(between + torch.from_numpy(ffn))
        np.testing.assert_allclose(rebuilt.numpy(), given, rtol=0, atol=2e-6 * np.abs(given).max())


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("architecture", PRE_NORM)
def test_a_block_adds_its_attention_and_its_mlp_to_the_residual_stream(
    load_tiny: Load, architecture: str, pooling: str
) -> None:
    seen = extract(load_tiny(architecture), TEXTS, layers=EVERYTHING, pooling=pooling, likelihood=False)
    assert_adds_up(seen)


@pytest.mark.parametrize("architecture", NORMS)
def test_a_post_norm_block_normalises_each_sum(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    seen = extract(loaded, TEXTS, layers=EVERYTHING, pooling="last", likelihood=False)
    assert_adds_up_between_norms(loaded, seen, *NORMS[architecture])


def test_what_is_added_is_what_comes_after_gemmas_own_norms(load_tiny: Load) -> None:
    streams = load_tiny("gemma2").anatomy.streams
    own = [
        (block.post_attention_layernorm, block.post_feedforward_layernorm)
        for block in load_tiny("gemma2").anatomy.blocks
    ]
    assert [tuple(pair) for pair in streams] == own


@pytest.mark.parametrize("parallel", [True, False])
def test_a_parallel_residual_is_told_from_a_serial_one(tmp_path: Path, parallel: bool) -> None:
    folder = tiny_model_folder(tmp_path, "gpt_neox", use_parallel_residual=parallel)
    loaded = load_model(ModelConfig(model=str(folder)), seed=0)
    names = {module: name for name, module in loaded.model.named_modules()}
    where = [names[part].split("layers.0.")[1] for part in loaded.anatomy.streams[0]]
    assert where == ["post_attention_dropout", "post_mlp_dropout"]
    assert_adds_up(extract(loaded, TEXTS, layers=EVERYTHING, likelihood=False))


@pytest.mark.parametrize("silent", [("attn",), ("mlp",), ("attn", "mlp")])
def test_a_part_that_adds_nothing_is_found_all_the_same(tmp_path: Path, silent: tuple[str, ...]) -> None:
    """Attention that is exactly zero, as where a block is pruned or not trained yet."""
    loaded = load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, "gpt2"))), seed=0)
    for block in loaded.anatomy.blocks:
        for part in silent:
            nn.init.zeros_(getattr(block, part).c_proj.weight)
            nn.init.zeros_(getattr(block, part).c_proj.bias)
    found = examine(loaded.model, BLOCKS, decoder=True)
    if silent != ("attn", "mlp"):
        assert found.streams == loaded.anatomy.streams
    seen = extract(replace(loaded, anatomy=found), TEXTS, layers=EVERYTHING, pooling="last", likelihood=False).clouds
    for kind, part in (("attention", "attn"), ("ffn", "mlp")):
        assert all((np.abs(seen[name]).max() == 0) == (part in silent) for name in groups(seen)[kind])


def test_blocks_that_share_their_weights_have_streams_each(load_tiny: Load) -> None:
    clouds = extract(load_tiny("albert"), TEXTS, layers=EVERYTHING, likelihood=False).clouds
    assert len(groups(clouds)["attention"]) == len(groups(clouds)["ffn"]) == BLOCKS
    assert not np.allclose(clouds["layer_0_attention"], clouds["layer_1_attention"])


def test_a_trained_decoder_adds_up(shared_data: Path) -> None:
    loaded = load_model(ModelConfig(model=str(shared_data / "stories260K-llama-hf")), seed=0)
    assert_adds_up(extract(loaded, TEXTS, layers=EVERYTHING))


def test_the_bundled_models_add_up() -> None:
    assert_adds_up(extract(load_model(ModelConfig(model="demo-decoder"), seed=0), TEXTS, layers=EVERYTHING))
    encoder = load_model(ModelConfig(model="demo-encoder"), seed=0)
    seen = extract(encoder, TEXTS, layers=EVERYTHING, likelihood=False)
    assert_adds_up_between_norms(encoder, seen, *NORMS["bert"])


def test_streams_change_nothing_beside_them(tiny: LoadedModel) -> None:
    alone, beside = extract(tiny, TEXTS), extract(tiny, TEXTS, layers=EVERYTHING)
    assert alone.likelihood == beside.likelihood
    for name, cloud in alone.clouds.items():
        np.testing.assert_array_equal(cloud, beside.clouds[name])


def test_streams_are_found_in_half_precision_too(tiny: LoadedModel) -> None:
    names = {module: name for name, module in tiny.model.named_modules()}
    halved = load_model(ModelConfig(model=tiny.info.source, dtype="bfloat16"), seed=0)
    half_names = {module: name for name, module in halved.model.named_modules()}
    found = [[names[part] for part in pair] for pair in tiny.anatomy.streams]
    assert found == [[half_names[part] for part in pair] for pair in halved.anatomy.streams]
    assert len(found) == len(tiny.anatomy.blocks)


def test_layers_are_chosen_by_kind_or_by_name_and_stand_by_depth(load_tiny: Load) -> None:
    def names(*layers: str) -> list[str]:
        return list(extract(load_tiny("gpt2"), TEXTS, layers=layers, likelihood=False).clouds)

    assert names(*EVERYTHING)[:5] == ["embedding", "layer_0_attention", "layer_0_ffn", "layer_0", "layer_1_attention"]
    assert names("attention") == [f"layer_{i}_attention" for i in range(BLOCKS)]
    assert names("final", "layer_2_ffn", "layer_0") == ["layer_0", "layer_2_ffn", "final"]
    assert names("middle", "embedding") == ["embedding", "layer_1"]
    compact = (
        "unknown layer 'layer_7_ffn', 'mlp': this model has embedding, layer_0 to layer_2, final (all); "
        "layer_0_attention to layer_2_attention (attention); layer_0_ffn to layer_2_ffn (ffn); layer_1 (middle)"
    )
    with pytest.raises(ValueError) as error:
        names("layer_7_ffn", "mlp", "all")
    assert str(error.value) == compact


class Doubling(nn.Module):
    """A block whose attention is doubled on its way to the residual stream: no module gives what is added."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.attention, self.mlp = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale * self.attention(x)
        return x + self.mlp(x)


@pytest.mark.parametrize(("scale", "found"), [(1.0, True), (2.0, False)])
def test_a_part_that_no_module_gives_is_not_found(scale: float, found: bool) -> None:
    block = Doubling(scale)
    calls: list[Call] = []
    for module in block.modules():
        module.register_forward_hook(lambda m, args, out: calls.append(Call(m, args[0], out)))
    with torch.inference_mode():
        block(torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0)))
    streams = find_streams(calls[-1], calls[:-1])
    assert streams == ((block.attention, block.mlp) if found else None)


def test_streams_that_are_not_found_are_refused_before_the_pass(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    blind = replace(loaded, anatomy=replace(loaded.anatomy, streams=()))
    assert "embedding" in extract(blind, TEXTS).clouds
    with pytest.raises(
        ValueError,
        match=r"'attention': this model has .*what its attention and its MLP add to these was not found",
    ):
        extract(blind, TEXTS, layers=["all", "attention"])
