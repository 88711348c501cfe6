"""Batches of token ids, random crops of one long stream, and what a model loses on them."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerFast

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Of the encoder; they are the first ids of its vocabulary."""
PAD, UNK, CLS, SEP, MASK = range(5)
IGNORED = -100
MASKED_SHARE = 0.25
"""Share of positions to restore; of these 80 % are masked, 10 % replaced and 10 % kept (Devlin et al. 2018)."""

Batch = tuple[torch.Tensor, torch.Tensor]


def token_stream(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> np.ndarray:
    """All texts as one array of token ids, shape ``(n_tokens,)``, each closed by the separator."""
    separator = tokenizer.sep_token_id if tokenizer.mask_token else tokenizer.eos_token_id
    encoded = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    return np.fromiter((token for ids in encoded for token in (*ids, separator)), dtype=np.int32)


def causal_batch(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator) -> Batch:
    """Crops of shape ``(rows, length)`` that are their own labels."""
    ids = torch.from_numpy(_crops(stream, length, rows, rng))
    return ids, ids


def masked_batch(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator, vocabulary: int) -> Batch:
    """Crops between [CLS] and [SEP], shape ``(rows, length)``, with a share of the positions to restore."""
    inner = length - 2
    ids = np.pad(_crops(stream, inner, rows, rng), ((0, 0), (1, 1)), constant_values=((0, 0), (CLS, SEP)))
    row = np.arange(rows)[:, None]
    chosen = 1 + rng.random((rows, inner)).argsort(axis=1)[:, : max(1, int(MASKED_SHARE * inner))]
    labels = np.full_like(ids, IGNORED)
    labels[row, chosen] = ids[row, chosen]
    draw, others = rng.random(chosen.shape), rng.integers(len(SPECIAL_TOKENS), vocabulary, chosen.shape)
    ids[row, chosen] = np.select([draw < 0.8, draw < 0.9], [MASK, others], ids[row, chosen])
    return torch.from_numpy(ids), torch.from_numpy(labels)


def causal_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """Mean negative log-likelihood of each token after those before it, in nats."""
    ids, labels = batch
    return model(input_ids=ids, labels=labels).loss


def masked_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    """Mean negative log-likelihood of the tokens to restore, in nats.

    Equal to the model's own loss, without the output layer's work at the other three quarters of the positions.
    """
    ids, labels = batch
    chosen = labels != IGNORED
    hidden = model.base_model(input_ids=ids).last_hidden_state
    output_layer = model.get_submodule("cls")
    return cross_entropy(output_layer(hidden[chosen]), labels[chosen])


def _crops(stream: np.ndarray, length: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    starts = rng.integers(0, len(stream) - length, rows)
    return stream[starts[:, None] + np.arange(length)].astype(np.int64)
