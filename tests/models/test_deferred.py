"""Construction recorded and replayed: any tensor by itself is bit for bit what building the whole model gives."""

import sys
from collections.abc import Callable
from importlib import import_module

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from todacomm.models.deferred import Recording, recorded
from todacomm.system.errors import UserError

SMALL = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48, "vocab_size": 90}
FAMILIES = {
    "llama": (AutoModelForCausalLM, {}),
    "gpt2": (AutoModelForCausalLM, {}),
    "mixtral": (AutoModelForCausalLM, {"num_local_experts": 4, "num_key_value_heads": 2}),
    "modernbert": (AutoModelForMaskedLM, {"pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2}),
    "mamba": (AutoModelForCausalLM, {"state_size": 8}),
    "rwkv": (AutoModelForCausalLM, {"attention_hidden_size": 32}),
    "albert": (AutoModelForMaskedLM, {"embedding_size": 16}),
    "t5": (AutoModel, {"d_ff": 48, "d_kv": 8}),
}
"""Families that draw their weights in different ways: truncated, orthogonal, by ranges of numbers, experts at once."""


def tensors(model: nn.Module) -> dict[str, Tensor]:
    return dict(model.named_parameters()) | dict(model.named_buffers())


def both(family: str, seed: int = 3) -> tuple[nn.Module, nn.Module, Recording]:
    """A model built whole, and the same one recorded."""
    auto, more = FAMILIES[family]
    config = AutoConfig.for_model(family, **{**SMALL, **more})

    def make() -> nn.Module:
        model: nn.Module = auto.from_config(config, dtype=torch.float32)
        return model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        whole = make()
    with recorded(seed, large=33) as recording:
        hollow = make()
    return whole, hollow, recording


@pytest.mark.parametrize("family", FAMILIES)
def test_every_tensor_by_itself_is_that_of_the_model_built_whole(family: str) -> None:
    whole, hollow, recording = both(family)
    own = tensors(hollow)
    assert own.keys() == tensors(whole).keys()
    assert sum(tensor.is_meta for tensor in own.values()) > 5
    for name, expected in reversed(tensors(whole).items()):  # in another order than they were made
        tensor = own[name]
        replayed = recording.replay([tensor])[0] if tensor.is_meta else tensor
        assert torch.equal(replayed, expected), name


def test_the_global_generator_is_left_alone() -> None:
    state = torch.random.get_rng_state()
    _, hollow, recording = both("llama")
    recording.replay([next(tensor for tensor in hollow.parameters() if tensor.is_meta)])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_another_seed_gives_other_numbers() -> None:
    (_, one, first), (_, other, second) = both("llama", 1), both("llama", 2)
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(first.replay([one.get_parameter(name)])[0], second.replay([other.get_parameter(name)])[0])


def test_small_tensors_are_made_and_large_ones_are_not() -> None:
    with recorded(0, large=50) as recording:
        small, large = torch.randn(7, 7), torch.randn(50)
    assert not small.is_meta
    assert large.is_meta
    assert sum(tensor.untyped_storage().nbytes() for tensor in recording.replay([large])) == 200


def in_parts() -> Tensor:
    rows = torch.zeros(6, 10)
    rows[2].fill_(3.0)
    rows[4:].copy_(torch.arange(10.0))
    return rows


def by_products() -> Tensor:
    return torch.outer(torch.arange(12.0), torch.arange(1.0, 9.0)).cos() * 2


def overwritten() -> Tensor:
    return torch.empty(60).normal_().mul_(5).fill_(1.5).add_(torch.ones(60))


@pytest.mark.parametrize("make", [in_parts, by_products, overwritten])
def test_steps_on_parts_of_a_tensor_and_products_are_replayed(make: Callable[[], Tensor]) -> None:
    with recorded(0, large=9) as recording:
        hollow = make()
    assert torch.equal(recording.replay([hollow])[0], make())


def test_a_small_tensor_that_needs_a_large_one_is_an_error() -> None:
    with pytest.raises(ValueError, match="computes a small tensor from a large one"), recorded(0, large=9):
        torch.zeros(3).copy_(torch.randn(30)[:3])


def test_a_tensor_from_elsewhere_is_an_error() -> None:
    with recorded(0) as recording:
        pass
    with pytest.raises(ValueError, match=r"a tensor of shape \(4,\) was not made"):
        recording.replay([torch.empty(4, device="meta")])


def test_without_a_seed_nothing_is_drawn_and_no_seed_is_needed() -> None:
    with recorded(None, large=9) as recording:
        state = torch.random.get_rng_state()
        hollow = torch.empty(100).normal_()
        assert torch.equal(torch.random.get_rng_state(), state)
    assert recording.replay([hollow])[0].shape == (100,)


def test_a_torch_without_what_it_keeps_private_is_named_with_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "todacomm.models._torch")
    monkeypatch.setitem(sys.modules, "torch.utils._pytree", None)
    with pytest.raises(UserError, match=r"torch .* lacks torch.utils._pytree.*: install .* 'torch>=2.6,<2.14'"):
        import_module("todacomm.models._torch")
