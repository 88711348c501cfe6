"""Where a small BERT starts: word frequencies in its output, and first heads that look at neighbouring tokens.

Drawn at random alone, a BERT of this size stays for long near the loss of word frequencies (after 1,400 steps more than
half of their perplexity), because a masked position says nothing about its token until some head has found its
neighbours. With a first block that looks at them from the start, in the manner of Trockman and Kolter (2023, arXiv
2305.09828), it is at a sixth after 1,000.
"""

import math
from typing import cast

import numpy as np
import torch
from transformers import BertForMaskedLM
from transformers.models.bert.modeling_bert import BertSelfAttention

NEIGHBOURS = (-1, 1, -2, 2)
"""Offset at which each head of the first block looks."""
POSITION_SCALE = 0.1
LONGEST_WAVE = 1024
SHARPNESS = 1.4
"""Weight of a position's waves in queries and keys; 1.4 puts about .8 of the attention on the neighbour."""


@torch.no_grad()
def start_from_neighbours(model: BertForMaskedLM, counts: np.ndarray) -> None:
    """Set position embeddings, the first block's queries and keys, and the output's bias, in place.

    Parameters
    ----------
    model : BertForMaskedLM
        Drawn at random, with one head in the first block for each of :data:`NEIGHBOURS`.
    counts : ndarray of shape (vocabulary,)
        How often each token stands in the texts to train on.
    """
    width = model.config.hidden_size
    frequencies = 2 * math.pi / torch.logspace(math.log10(2), math.log10(LONGEST_WAVE), width // 2)
    _write_waves(model.bert.embeddings.position_embeddings.weight, frequencies)
    attention = cast(BertSelfAttention, model.bert.encoder.layer[0].get_submodule("attention.self"))
    size = attention.attention_head_size
    for head, offset in enumerate(NEIGHBOURS):
        rows = slice(head * size, (head + 1) * size)
        _look_at(attention.query.weight[rows], attention.key.weight[rows], offset * frequencies[: size // 2])
    model.cls.predictions.bias.copy_(torch.from_numpy(np.log((counts + 1) / (counts + 1).sum())))


def _write_waves(positions: torch.Tensor, frequencies: torch.Tensor) -> None:
    """Fill ``(context, width)`` with sines, then cosines, the quickest waves first (Vaswani et al. 2017)."""
    phases = torch.arange(len(positions))[:, None] * frequencies
    positions.copy_(POSITION_SCALE * math.sqrt(2) * torch.cat([phases.sin(), phases.cos()], dim=1))


def _look_at(query: torch.Tensor, key: torch.Tensor, shift: torch.Tensor) -> None:
    """Add the quickest waves to a head's query, and the same waves turned back by ``shift`` to its key.

    Their product is the sum of ``cos(phase(i) + shift - phase(j))``: largest where j is the neighbour of i.
    """
    n_waves = len(shift)
    waves = torch.arange(n_waves)
    sines, cosines = waves, waves + query.shape[1] // 2
    query[waves, sines] += SHARPNESS
    query[waves + n_waves, cosines] += SHARPNESS
    key[waves, sines] += SHARPNESS * shift.cos()
    key[waves, cosines] -= SHARPNESS * shift.sin()
    key[waves + n_waves, cosines] += SHARPNESS * shift.cos()
    key[waves + n_waves, sines] += SHARPNESS * shift.sin()
