"""The pseudo-perplexity of a masked-language model: how well it predicts tokens that are masked one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from todacomm.activations.batches import in_batches
from todacomm.activations.products import quick_products
from todacomm.activations.tokens import Tokens, pad
from todacomm.models.anatomy import run_body
from todacomm.models.head import token_losses
from todacomm.models.loaded import LoadedModel
from todacomm.system.progress import Progress


@dataclass(frozen=True, eq=False)
class Masked:
    """Texts with one token masked each.

    Attributes
    ----------
    tokens : sequence of Tokens
        The texts that they are copies of.
    mask_id : int
        The mask token.
    owners, places : ndarray of int, shape (n_masked,)
        Which text each is a copy of, and the position that is masked.
    weights : ndarray, shape (n_masked,)
        How many of its text's tokens each stands for.
    """

    tokens: Sequence[Tokens]
    mask_id: int
    owners: np.ndarray
    places: np.ndarray
    weights: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each."""
        return np.array([len(self.tokens[owner].ids) for owner in self.owners])

    def ids(self, row: int) -> np.ndarray:
        """Token ids of one."""
        ids = self.tokens[self.owners[row]].ids.copy()
        ids[self.places[row]] = self.mask_id
        return ids


def mask_tokens(tokenizer: Any, tokens: Sequence[Tokens], positions: int, seed: int) -> Masked:
    """Copies of texts with one token masked in each.

    Parameters
    ----------
    positions : int
        Copies of each text, at most as many as it has tokens; drawn from the seed without replacement, special ones
        never. Every text then counts by all of its tokens.

    Raises
    ------
    ValueError
        The tokenizer has no mask token.
    """
    if tokenizer.mask_token_id is None:
        raise ValueError(
            "the model is a masked-language model and its tokenizer has no mask token, so no likelihood can be "
            "measured: set likelihood=false, or give the tokenizer its mask token (mask_token in tokenizer_config.json)"
        )
    rng = np.random.default_rng(seed)
    candidates = [np.flatnonzero(text.is_text) for text in tokens]
    drawn = [rng.choice(places, size=min(positions, len(places)), replace=False) for places in candidates]
    owners = np.array([index for index, places in enumerate(drawn) for _ in places])
    weights = np.array([len(candidates[owner]) / len(drawn[owner]) for owner in owners])
    return Masked(tokens, tokenizer.mask_token_id, owners, np.concatenate(drawn), weights)


def masked_pass(loaded: LoadedModel, masked: Masked, batch_tokens: int, progress: Progress) -> np.ndarray:
    """Negative log-likelihood of each masked token in nats, shape (n_masked,): each is one more text to read."""
    losses = np.empty(len(masked.owners))

    def step(batch: np.ndarray) -> None:
        ids, mask = pad([masked.ids(row) for row in batch], loaded.device)
        losses[batch] = masked_losses(loaded, masked, batch, run_body(loaded.anatomy, ids, mask))

    with torch.inference_mode(), quick_products(loaded.model):
        in_batches(masked.lengths, batch_tokens, step, lambda done, total: progress("pseudo-perplexity", done, total))
    return losses


def masked_losses(loaded: LoadedModel, masked: Masked, batch: np.ndarray, answer: Any) -> np.ndarray:
    """Negative log-likelihoods in nats, shape (len(batch),), of the tokens masked in a batch, by the body's answer."""
    hidden = answer.last_hidden_state
    places = torch.from_numpy(masked.places[batch]).to(hidden.device)
    at = torch.arange(len(batch), device=hidden.device), places
    targets = [masked.tokens[masked.owners[row]].ids[masked.places[row]] for row in batch]
    wanted = torch.tensor(np.array(targets), device=hidden.device)
    return token_losses(loaded.model, loaded.anatomy, answer, hidden[at], wanted).numpy()
