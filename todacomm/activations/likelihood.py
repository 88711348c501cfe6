"""How well a model predicts the texts: perplexity and bits per byte, or the pseudo-perplexity of masked tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.batches import in_batches
from todacomm.activations.products import quick_products
from todacomm.activations.tokens import Tokens, pad
from todacomm.models.anatomy import run_body
from todacomm.models.head import token_losses
from todacomm.models.loading import LoadedModel
from todacomm.progress import Progress


def next_token_loss(loaded: LoadedModel, batch: Sequence[Tokens], tokens: Tensor, answer: Any) -> float:
    """Sum of the negative log-likelihoods, in nats, of a batch's predicted tokens.

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
    states = answer.last_hidden_state
    hidden = states[:, :-1][predicted[:, 1:].to(states.device)]
    if not len(hidden):
        return 0.0
    losses = token_losses(loaded.model, loaded.anatomy, answer, hidden, tokens[predicted].to(states.device))
    return float(losses.double().sum())


def perplexity(loss: float, tokens: Sequence[Tokens]) -> dict[str, float]:
    """``perplexity`` and ``bits_per_byte`` from the sum of the losses over all texts; empty where none is predicted.

    Special tokens are not predicted, and what is not predicted does not count: one rule for tokenizers with and
    without a first token.

    * ``perplexity``: ``exp(loss / predicted tokens)``. Only of one tokenizer: a token more or less is another unit.
    * ``bits_per_byte``: ``loss / (ln 2 * bytes that the predicted tokens cover)`` (Gao et al. 2020, arXiv 2101.00027).
    """
    n_predicted = count_predicted(tokens)
    n_bytes = sum(text.n_bytes for text in tokens)
    if not n_predicted or not n_bytes:
        return {}
    return {"perplexity": _exp(loss / n_predicted), "bits_per_byte": float(loss / (np.log(2) * n_bytes))}


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
    masked = mask_tokens(tokens, positions, seed)
    losses = np.empty(len(masked.owners))

    def step(batch: np.ndarray) -> None:
        ids, mask = pad([masked.ids(row, loaded.tokenizer.mask_token_id) for row in batch], loaded.model.device)
        answer = run_body(loaded.anatomy, ids, mask)
        losses[batch] = masked_losses(loaded, masked, batch, answer)

    with torch.inference_mode(), quick_products(loaded.model):
        in_batches(masked.lengths, batch_tokens, step, lambda done, total: progress("pseudo-perplexity", done, total))
    return masked.perplexity(losses), len(masked.owners)


@dataclass(frozen=True, eq=False)
class Masked:
    """Texts with one token masked each.

    Attributes
    ----------
    tokens : sequence of Tokens
        The texts that they are copies of.
    owners, places : ndarray of int, shape (n_masked,)
        Which text each is a copy of, and the position that is masked.
    weights : ndarray, shape (n_masked,)
        How many of its text's tokens each stands for.
    """

    tokens: Sequence[Tokens]
    owners: np.ndarray
    places: np.ndarray
    weights: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each."""
        return np.array([len(self.tokens[owner].ids) for owner in self.owners])

    def ids(self, row: int, mask_id: int) -> np.ndarray:
        """Token ids of one."""
        ids = self.tokens[self.owners[row]].ids.copy()
        ids[self.places[row]] = mask_id
        return ids

    def perplexity(self, losses: np.ndarray) -> float:
        """The pseudo-perplexity by the losses of the masked tokens, shape (n_masked,)."""
        return _exp(np.average(losses, weights=self.weights))


def mask_tokens(tokens: Sequence[Tokens], positions: int, seed: int) -> Masked:
    """Copies of texts with one token masked in each, up to ``positions`` copies a text; special tokens never."""
    rng = np.random.default_rng(seed)
    candidates = [np.flatnonzero(text.is_text) for text in tokens]
    drawn = [rng.choice(places, size=min(positions, len(places)), replace=False) for places in candidates]
    owners = np.array([index for index, places in enumerate(drawn) for _ in places])
    weights = np.array([len(candidates[owner]) / len(drawn[owner]) for owner in owners])
    return Masked(tokens, owners, np.concatenate(drawn), weights)


def masked_losses(loaded: LoadedModel, masked: Masked, batch: np.ndarray, answer: Any) -> np.ndarray:
    """Negative log-likelihoods in nats, shape (len(batch),), of the tokens masked in a batch, by the body's answer."""
    hidden = answer.last_hidden_state
    places = torch.from_numpy(masked.places[batch]).to(hidden.device)
    at = torch.arange(len(batch), device=hidden.device), places
    targets = [masked.tokens[masked.owners[row]].ids[masked.places[row]] for row in batch]
    wanted = torch.tensor(np.array(targets), device=hidden.device)
    return token_losses(loaded.model, loaded.anatomy, answer, hidden[at], wanted).numpy()


def _exp(mean_loss: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(mean_loss))
