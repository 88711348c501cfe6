"""Fused operations are the functions they replace, and what is another function is left alone."""

import pytest
import torch
from transformers.activations import NewGELUActivation
from transformers.models.gemma2.modeling_gemma2 import Gemma2RMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.qwen2.modeling_qwen2 import Qwen2RMSNorm

from todacomm.models.fusing import fuse, fuse_norm, is_plain_rms_norm


def with_weights(module):
    with torch.no_grad():
        module.weight.copy_(torch.linspace(0.5, 1.5, len(module.weight)))
    return module


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("norm", [LlamaRMSNorm, Qwen2RMSNorm])
def test_a_fused_norm_is_the_same_function(norm, dtype):
    module = with_weights(norm(48, eps=1e-5)).to(dtype)
    rows = torch.randn(3, 5, 48, generator=torch.Generator().manual_seed(0)).to(dtype)
    own = module(rows)
    assert is_plain_rms_norm(module)
    fuse_norm(module)
    assert module(rows).dtype == own.dtype
    torch.testing.assert_close(module(rows), own, rtol=4 * torch.finfo(dtype).eps, atol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("module", [Gemma2RMSNorm(48), torch.nn.LayerNorm(48), torch.nn.Linear(4, 4)])
def test_another_function_is_left_alone(module):
    assert not is_plain_rms_norm(with_weights(module) if module.weight.ndim == 1 else module)


def test_gelu_is_one_operation_with_the_same_values():
    model = torch.nn.Sequential(NewGELUActivation())
    rows = torch.linspace(-4.0, 4.0, 101)
    before = model(rows)
    fuse(model)
    assert isinstance(model[0], torch.nn.GELU)
    torch.testing.assert_close(model(rows), before, rtol=1e-5, atol=1e-6)
