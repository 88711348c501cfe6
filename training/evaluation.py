"""How good a trained model is: perplexity, or pseudo-perplexity, against that of the word frequencies alone."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from training.batches import token_stream
from training.corpus import Corpus

WINDOW = 128
MASKED_WINDOWS = 400
MASKED_POSITIONS = 8


def evaluate(
    folder: Path, corpus: Corpus, others: Mapping[str, Sequence[str]] | None = None, seed: int = 0
) -> dict[str, float]:
    """Perplexities of a checkpoint on the held-out documents and on other texts, given by name.

    A decoder predicts every token of consecutive windows of 128; an encoder restores 8 tokens in each of 400 such
    windows, masked one at a time (pseudo-perplexity, Salazar et al. 2020, arXiv 1910.14659).

    Returns
    -------
    dict of float
        ``held_out``, ``held_out_se`` (standard error, by windows) and ``held_out_unigram`` (of the smoothed token
        frequencies of the training documents, on the same texts); the same three of each of ``others``.
    """
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    masked = tokenizer.mask_token is not None
    loader = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    model = loader.from_pretrained(folder, dtype=torch.float32).eval()
    counts = np.bincount(token_stream(tokenizer, corpus.train), minlength=len(tokenizer)) + 1
    log_frequencies = np.log(counts / counts.sum())

    values = {}
    for name, texts in {"held_out": corpus.held_out, **(others or {})}.items():
        stream = token_stream(tokenizer, texts)
        losses = _masked_losses(model, tokenizer, stream, seed) if masked else _causal_losses(model, stream)
        perplexity = math.exp(losses.mean())
        values[name] = perplexity
        values[f"{name}_se"] = perplexity * float(losses.std() / math.sqrt(len(losses)))
        values[f"{name}_unigram"] = math.exp(-log_frequencies[stream].mean())
    return values


@torch.inference_mode()
def _causal_losses(model: PreTrainedModel, stream: np.ndarray) -> np.ndarray:
    """Mean negative log-likelihood of each window's tokens but the first, shape ``(n_windows,)``."""
    losses = []
    for rows in _windows(stream, WINDOW).split(32):
        logits = model(input_ids=rows, attention_mask=torch.ones_like(rows)).logits[:, :-1]
        losses.append(cross_entropy(logits.transpose(1, 2), rows[:, 1:], reduction="none").mean(dim=1))
    return torch.cat(losses).numpy()


@torch.inference_mode()
def _masked_losses(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, stream: np.ndarray, seed: int
) -> np.ndarray:
    """Mean negative log-likelihood of some tokens of each window, shape ``(n_windows,)``."""
    rng = np.random.default_rng(seed)
    windows = _windows(stream, WINDOW - 2)
    windows = windows[torch.from_numpy(rng.permutation(len(windows))[:MASKED_WINDOWS])]
    edges = [torch.full((len(windows), 1), token) for token in (tokenizer.cls_token_id, tokenizer.sep_token_id)]
    windows = torch.cat([edges[0], windows, edges[1]], dim=1)
    each = torch.arange(MASKED_POSITIONS)
    losses = []
    for window in windows:
        positions = torch.from_numpy(rng.choice(windows.shape[1] - 2, MASKED_POSITIONS, replace=False) + 1)
        rows = window.repeat(MASKED_POSITIONS, 1)
        rows[each, positions] = tokenizer.mask_token_id
        logits = model(input_ids=rows, attention_mask=torch.ones_like(rows)).logits[each, positions]
        losses.append(cross_entropy(logits, window[positions]))
    return torch.stack(losses).numpy()


def _windows(stream: np.ndarray, length: int) -> torch.Tensor:
    """Consecutive windows of the stream, shape ``(n_windows, length)``; a short stream is one window."""
    length = min(length, len(stream))
    n_windows = len(stream) // length
    return torch.from_numpy(stream[: n_windows * length].astype(np.int64).reshape(n_windows, length))
