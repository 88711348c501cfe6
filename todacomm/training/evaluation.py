"""How good a trained model is: perplexity, or pseudo-perplexity, against that of the word frequencies alone."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from todacomm.training.batches import token_stream
from todacomm.training.corpus import Corpus

WINDOW = 128
MASKED_WINDOWS = 150
MASKED_POSITIONS = 8


def evaluate(folder: Path, corpus: Corpus, other: Sequence[str] = (), seed: int = 0) -> dict[str, float]:
    """Perplexities of a checkpoint on the held-out documents and on other texts.

    A decoder predicts every token of windows of 128; an encoder 8 positions in each of 150 windows, masked one at a
    time (pseudo-perplexity, Salazar et al. 2020, arXiv 1910.14659).

    Returns
    -------
    dict of float
        ``held_out``, ``held_out_unigram`` and, where ``other`` has texts, ``other`` and ``other_unigram``: unigram
        means the smoothed token frequencies of the training documents.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    masked = tokenizer.mask_token is not None
    loader = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    model = loader.from_pretrained(folder, dtype=torch.float32).eval()
    counts = np.bincount(token_stream(tokenizer, corpus.train), minlength=len(tokenizer)) + 1
    frequencies = np.log(counts / counts.sum())

    values = {}
    for name, texts in (("held_out", corpus.held_out), ("other", other)):
        if texts:
            stream = token_stream(tokenizer, texts)
            loss = _masked_loss(model, tokenizer, stream, seed) if masked else _causal_loss(model, stream)
            values[name] = math.exp(loss)
            values[f"{name}_unigram"] = math.exp(-frequencies[stream].mean())
    return values


@torch.inference_mode()
def _causal_loss(model: torch.nn.Module, stream: np.ndarray) -> float:
    windows = _windows(stream, WINDOW)
    losses = [model(input_ids=rows, labels=rows).loss.item() * len(rows) for rows in windows.split(32)]
    return sum(losses) / len(windows)


@torch.inference_mode()
def _masked_loss(model: torch.nn.Module, tokenizer: AutoTokenizer, stream: np.ndarray, seed: int) -> float:
    rng = np.random.default_rng(seed)
    windows = _windows(stream, WINDOW - 2)
    windows = windows[torch.from_numpy(rng.permutation(len(windows))[:MASKED_WINDOWS])]
    edges = [torch.full((len(windows), 1), token) for token in (tokenizer.cls_token_id, tokenizer.sep_token_id)]
    windows = torch.cat([edges[0], windows, edges[1]], dim=1)
    losses = []
    for window in windows:
        positions = torch.from_numpy(rng.choice(WINDOW - 2, MASKED_POSITIONS, replace=False) + 1)
        rows = window.repeat(MASKED_POSITIONS, 1)
        each = torch.arange(MASKED_POSITIONS)
        rows[each, positions] = tokenizer.mask_token_id
        logits = model(input_ids=rows).logits[each, positions]
        losses.append(torch.nn.functional.cross_entropy(logits, window[positions]).item())
    return float(np.mean(losses))


def _windows(stream: np.ndarray, length: int) -> torch.Tensor:
    """Consecutive windows of the stream, shape ``(n_windows, length)``; a short stream is one window."""
    length = min(length, len(stream))
    n_windows = len(stream) // length
    return torch.from_numpy(stream[: n_windows * length].astype(np.int64).reshape(n_windows, length))
