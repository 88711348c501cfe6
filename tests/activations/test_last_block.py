"""The last block is computed for the pooled positions alone, and nobody can tell."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.helpers.tiny_models import ARCHITECTURES, DECODERS, TEXTS
from todacomm.activations import extract
from todacomm.activations.last_block import separable
from todacomm.models import LoadedModel

Load = Callable[[str], LoadedModel]

PARTS = {
    "gpt2": {"attn.c_proj", "mlp"},
    "gpt_neox": {"attention.dense", "mlp"},
    "opt": {"self_attn.q_proj", "self_attn.out_proj"},
    "llama": {"self_attn.q_proj", "self_attn.o_proj", "mlp"},
    "gemma2": {"self_attn.q_proj", "self_attn.o_proj", "mlp"},
    "albert": set(),
}
"""What needs no other position; OPT flattens its texts before the rest, ALBERT's one block is every block."""


@pytest.mark.parametrize("architecture", DECODERS)
def test_clouds_are_those_of_a_pass_that_needs_every_position(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    pooled = extract(loaded, TEXTS, likelihood=False, batch_tokens=64).clouds
    whole = extract(loaded, TEXTS, likelihood=True, batch_tokens=64)
    assert whole.likelihood
    for name, cloud in whole.clouds.items():
        np.testing.assert_allclose(pooled[name], cloud, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("architecture", PARTS)
def test_keys_and_values_are_never_among_the_parts(load_tiny: Load, architecture: str) -> None:
    anatomy = load_tiny(architecture).anatomy
    names = {module: name for name, module in anatomy.blocks[-1].named_modules()}
    assert {names[part] for part in separable(anatomy)} == PARTS[architecture]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_model_is_left_as_it_was(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    extract(loaded, TEXTS[:3], likelihood=False)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in loaded.model.modules())
