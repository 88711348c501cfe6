"""Batches of token ids: random crops of one long stream, with labels to predict."""

from collections.abc import Sequence

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from todacomm.training.architectures import CLS, MASK, SEP

IGNORED = -100
MASKED_SHARE = 0.2
"""Share of positions predicted; of these 80 % are masked, 10 % replaced and 10 % kept (Devlin et al. 2018)."""

Batch = tuple[torch.Tensor, torch.Tensor]


def token_stream(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """All texts as one array of token ids, shape ``(n_tokens,)``, each closed by the separator."""
    separator = tokenizer.sep_token_id if tokenizer.mask_token else tokenizer.eos_token_id
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    return np.fromiter((token for ids in encoded for token in (*ids, separator)), dtype=np.int32)


def causal_batch(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator) -> Batch:
    """Crops of shape ``(rows, length)`` that are their own labels."""
    ids = _crops(stream, length, rows, rng)
    return ids, ids


def masked_batch(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator, vocabulary: int) -> Batch:
    """Crops between [CLS] and [SEP], shape ``(rows, length)``, with a share of the positions to restore."""
    inner = length - 2
    ids = _crops(stream, inner, rows, rng)
    ids = torch.cat([torch.full((rows, 1), CLS), ids, torch.full((rows, 1), SEP)], dim=1)
    labels = torch.full_like(ids, IGNORED)
    n_masked = int(MASKED_SHARE * inner)
    for row in range(rows):
        positions = torch.from_numpy(rng.choice(inner, n_masked, replace=False) + 1)
        labels[row, positions] = ids[row, positions]
        draw = rng.random(n_masked)
        ids[row, positions[torch.from_numpy(draw < 0.8)]] = MASK
        replaced = positions[torch.from_numpy(draw > 0.9)]
        ids[row, replaced] = torch.from_numpy(rng.integers(MASK + 1, vocabulary, len(replaced)))
    return ids, labels


def _crops(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator) -> torch.Tensor:
    starts = rng.integers(0, len(stream) - length, rows)
    return torch.from_numpy(np.stack([stream[start : start + length] for start in starts]).astype(np.int64))
