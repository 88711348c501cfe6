"""How well a model predicts the texts: perplexity and bits per byte, or the pseudo-perplexity of masked tokens."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.batches import in_batches
from todacomm.activations.products import quick_products
from todacomm.activations.tokens import Tokens, pad
from todacomm.core.metrics import whole_run
from todacomm.models.anatomy import run_body
from todacomm.models.head import token_losses
from todacomm.models.loading import LoadedModel
from todacomm.system.progress import Progress


def next_token_losses(loaded: LoadedModel, batch: Sequence[Tokens], tokens: Tensor, answer: Any) -> np.ndarray:
    """Sum of the negative log-likelihoods, in nats, of each text's predicted tokens, shape (texts,).

    Parameters
    ----------
    tokens : Tensor, shape (texts, longest)
        The batch as the body read it.
    answer : ModelOutput
        What the body gave for it.
    """
    predicted = torch.zeros_like(tokens, dtype=torch.bool)
    for row, text in enumerate(batch):
        predicted[row, : len(text.ids)] = torch.from_numpy(text.predicted)
    hidden = answer.last_hidden_state[:, :-1][predicted[:, 1:]]
    if not len(hidden):
        return np.zeros(len(batch))
    losses = token_losses(loaded.model, loaded.anatomy, answer, hidden, tokens[predicted])
    owners = np.repeat(np.arange(len(batch)), [int(text.predicted.sum()) for text in batch])
    return np.bincount(owners, weights=losses.double().numpy(), minlength=len(batch))


def perplexity(loss: float, tokens: Sequence[Tokens]) -> dict[str, float]:
    """``perplexity`` and ``bits_per_byte`` from the sum of the losses over all texts; empty where none is predicted.

    Special tokens are not predicted, and what is not predicted does not count, see
    :mod:`todacomm.core.metrics.whole_run`.
    """
    n_predicted = count_predicted(tokens)
    n_bytes = sum(text.n_bytes for text in tokens)
    if not n_predicted or not n_bytes:
        return {}
    return {
        "perplexity": whole_run.perplexity(loss, n_predicted),
        "bits_per_byte": whole_run.bits_per_byte(loss, n_bytes),
    }


def count_predicted(tokens: Sequence[Tokens]) -> int:
    """Tokens that count as predicted, over all texts."""
    return sum(int(text.predicted.sum()) for text in tokens)


def pseudo_perplexity(
    loaded: LoadedModel,
    tokens: Sequence[Tokens],
    *,
    positions: int,
    batch_tokens: int,
    seed: int,
    progress: Progress,
) -> tuple[float, int]:
    """``exp(mean negative log-likelihood of tokens masked one at a time)`` (Salazar et al. 2020, arXiv 1910.14659).

    Parameters
    ----------
    positions : int
        Tokens masked in each text, drawn from the seed without replacement, special ones never; every text then counts
        by all of its tokens. Each is a text more through the model.

    Returns
    -------
    float
        The pseudo-perplexity.
    int
        Tokens masked in all.
    """
    rng = np.random.default_rng(seed)
    candidates = [np.flatnonzero(text.is_text) for text in tokens]
    drawn = [rng.choice(places, size=min(positions, len(places)), replace=False) for places in candidates]
    owners = [index for index, places in enumerate(drawn) for _ in places]
    masked = np.concatenate(drawn)
    weights = np.array([len(candidates[owner]) / len(drawn[owner]) for owner in owners])
    losses = np.empty(len(owners))

    def step(batch: np.ndarray) -> None:
        ids, mask = pad([tokens[owners[row]].ids for row in batch], loaded.model.device)
        at = torch.arange(len(batch), device=ids.device), torch.from_numpy(masked[batch]).to(ids.device)
        targets = ids[at]
        ids[at] = loaded.tokenizer.mask_token_id
        answer = run_body(loaded.anatomy, ids, mask)
        hidden = answer.last_hidden_state[at]
        losses[batch] = token_losses(loaded.model, loaded.anatomy, answer, hidden, targets).numpy()

    lengths = np.array([len(tokens[owner].ids) for owner in owners])
    with torch.inference_mode(), quick_products(loaded.model):
        in_batches(lengths, batch_tokens, step, lambda done, total: progress("pseudo-perplexity", done, total))
    return _exp(np.average(losses, weights=weights)), len(owners)


def _exp(mean_loss: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(mean_loss))
