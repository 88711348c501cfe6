"""What one short pass tells of a model: whether its tokens see none behind them."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.helpers.tiny_models import DECODERS, ENCODERS, TEXTS
from todacomm.activations.tokens import pad
from todacomm.models import LoadedModel
from todacomm.models.anatomy import run_body

Load = Callable[[str], LoadedModel]


@pytest.mark.parametrize("architecture", [*DECODERS, *ENCODERS, "t5"])
def test_decoders_are_causal_and_encoders_are_not(load_tiny: Load, architecture: str) -> None:
    assert load_tiny(architecture).anatomy.causal == (architecture in DECODERS)


@pytest.mark.parametrize("architecture", DECODERS)
def test_a_causal_model_gives_the_same_without_a_mask_for_padding_on_the_right(
    load_tiny: Load, architecture: str
) -> None:
    loaded = load_tiny(architecture)
    ids, mask = pad([np.array(row) for row in loaded.tokenizer(TEXTS[:4])["input_ids"]], loaded.device)
    assert not mask.all()

    def layers(given: Tensor) -> dict[str, Tensor]:
        rows: dict[str, Tensor] = {}
        with torch.inference_mode():
            run_body(loaded.anatomy, ids, given, lambda name, hidden: rows.update({name: hidden[mask.bool()]}))
        return rows

    masked, unmasked = layers(mask), layers(torch.ones_like(mask))
    for name, rows in masked.items():
        torch.testing.assert_close(unmasked[name], rows, rtol=1e-5, atol=1e-5)
