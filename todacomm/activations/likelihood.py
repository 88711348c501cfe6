"""How well a decoder predicts the texts: perplexity and bits per byte."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.tokens import Tokens
from todacomm.core.metrics import whole_run
from todacomm.models.head import token_losses
from todacomm.models.loaded import LoadedModel


def next_token_losses(loaded: LoadedModel, batch: Sequence[Tokens], tokens: Tensor, answer: Any) -> np.ndarray:
    """Sum of the negative log-likelihoods, in nats, of each text's predicted tokens, shape (texts,).

    Parameters
    ----------
    tokens : Tensor, shape (texts, longest)
        The batch as the body read it.
    answer : ModelOutput
        What the body gave for it.
    """
    which = np.zeros(tuple(tokens.shape), dtype=bool)
    for row, text in enumerate(batch):
        which[row, : len(text.ids)] = text.predicted
    predicted = torch.from_numpy(which).to(tokens.device)
    states = answer.last_hidden_state
    hidden = states[:, :-1][predicted[:, 1:].to(states.device)]
    if not len(hidden):
        return np.zeros(len(batch))
    losses = token_losses(loaded.model, loaded.anatomy, answer, hidden, tokens[predicted].to(states.device))
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
