"""Products by oneDNN: the same numbers up to rounding, and a model left as it was."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from tests.helpers.tiny_models import TEXTS
from todacomm.activations import extract, products
from todacomm.activations.products import is_quicker, product, quick_products
from todacomm.models import LoadedModel

Load = Callable[[str], LoadedModel]

with_onednn = pytest.mark.skipif(not is_quicker(), reason="torch's own products are taken on this processor")


class Layers(nn.Module):
    """A linear layer of each kind."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(6, 9), nn.Linear(9, 4, bias=False), Conv1D(5, 4), nn.LayerNorm(5)])

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            rows = layer(rows)
        return rows


@with_onednn
@pytest.mark.parametrize("shape", [(2, 7, 6), (3, 1, 6), (5, 6), (0, 6)])
def test_products_are_those_of_torch(shape: tuple[int, ...]) -> None:
    model, rows = Layers().eval(), torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        own = model(rows)
        with quick_products(model):
            assert sum("forward" in vars(module) for module in model.modules()) == 3
            torch.testing.assert_close(model(rows), own, rtol=1e-5, atol=1e-5)
    assert not any("forward" in vars(module) for module in model.modules())


@with_onednn
def test_nan_and_infinity_arrive() -> None:
    rows = torch.tensor([[1.0, torch.nan], [torch.inf, 1.0]])
    assert product(torch.ones(3, 2), None, rows).isfinite().sum() == 0


class Quantised(torch.Tensor):
    """A tensor that calls itself float32 and is something else."""


@with_onednn
def test_weights_of_another_kind_keep_their_own_product() -> None:
    model = Layers().eval()
    model.layers[0].weight = nn.Parameter(model.layers[0].weight.detach().as_subclass(Quantised), requires_grad=False)
    with quick_products(model):
        assert ["forward" in vars(layer) for layer in model.layers] == [False, True, True, False]


def test_other_precisions_and_processors_keep_torch_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    half = Layers().to(torch.bfloat16)
    with quick_products(half):
        assert not any("forward" in vars(module) for module in half.modules())
    monkeypatch.setattr(products, "is_quicker", lambda: False)
    with quick_products(model := Layers()):
        assert not any("forward" in vars(module) for module in model.modules())


@pytest.mark.parametrize("architecture", ["gpt2", "gemma2", "bert"])
def test_a_pass_is_the_same_either_way(load_tiny: Load, architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_tiny(architecture)
    quick = extract(loaded, TEXTS)
    monkeypatch.setattr(products, "is_quicker", lambda: False)
    own = extract(loaded, TEXTS)
    assert quick.likelihood == pytest.approx(own.likelihood, rel=1e-5)
    for name, cloud in own.clouds.items():
        np.testing.assert_allclose(quick.clouds[name], cloud, rtol=1e-5, atol=1e-5)
