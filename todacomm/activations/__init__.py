"""A model's activations on texts: one cloud a layer, and how likely the texts are, in one pass."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.activations.batches import default_batch_tokens
from todacomm.activations.forward import TOKEN_EMBEDDING, Finished, one_pass
from todacomm.activations.likelihood import count_predicted, perplexity, pseudo_perplexity
from todacomm.activations.pooling import pooled_positions
from todacomm.activations.tokens import Tokens, shuffled, tokenize
from todacomm.core.facts import RunWarning
from todacomm.models.layers import choose_layers
from todacomm.models.loading import LoadedModel, pick_pooling
from todacomm.settings.values import AUTO
from todacomm.system.progress import Progress, silent

MASKED_POSITIONS = 8
TRUNCATED_TO_WARN = 0.01


@dataclass(frozen=True, eq=False)
class Activations:
    """What a model makes of texts; row i of every array is text i.

    Attributes
    ----------
    clouds : dict of ndarray, shape (n_points, n_dims)
        Pooled hidden states by layer in the order of depth, float32; widths may differ between layers. Numbers that are
        not finite are left as they are.
    likelihood : dict of float
        ``perplexity`` and ``bits_per_byte`` of a decoder, ``pseudo_perplexity`` of a masked-language model; empty
        without a head.
    n_predicted : int
        Tokens that the likelihood rests on.
    pooled_tokens : ndarray of int, shape (n_points,), or None
        Token id at the pooled position, for last-token pooling.
    token_embeddings : ndarray, shape (n_points, n_dims)
        Rows of the input embedding, without positions, pooled as the clouds are; float32.
    last_tokens : tuple of str
        The last token of each text that is no special one, as the tokenizer spells it.
    nll : ndarray, shape (n_points,)
        Mean negative log-likelihood of each text's predicted tokens in nats; nan where it is not measured.
    n_tokens : ndarray of int, shape (n_points,)
        Tokens read, special ones included.
    truncated : ndarray of bool, shape (n_points,)
        Whether the text was cut.
    max_length : int
        Tokens of the longest text read.
    seconds : float
        Wall-clock time of it all.
    """

    clouds: dict[str, np.ndarray]
    likelihood: dict[str, float]
    n_predicted: int
    pooled_tokens: np.ndarray | None
    token_embeddings: np.ndarray
    last_tokens: tuple[str, ...]
    nll: np.ndarray
    n_tokens: np.ndarray
    truncated: np.ndarray
    max_length: int
    warnings: tuple[RunWarning, ...]
    seconds: float


def extract(
    loaded: LoadedModel,
    texts: Sequence[str],
    *,
    layers: Sequence[str] = ("all",),
    pooling: str = AUTO,
    max_length: int | None = None,
    batch_tokens: int | None = None,
    likelihood: bool = True,
    masked_positions: int = MASKED_POSITIONS,
    seed: int = 0,
    shuffle_seed: int | None = None,
    templated: bool = False,
    progress: Progress = silent,
    finished: Finished | None = None,
) -> Activations:
    """Run a model over texts once and keep one vector a text and layer.

    Parameters
    ----------
    layers : sequence of str
        Names; ``all``, ``attention`` and ``ffn`` stand for many, see :func:`todacomm.models.layers.choose_layers`.
    pooling : str
        ``last``, ``cls`` or ``mean``; ``auto`` is the one the model was loaded with.
    max_length : int, optional
        Longest text in tokens, special ones included; without it the longest text, up to the model's context.
    batch_tokens : int, optional
        Tokens in a batch, padding included; halved where an accelerator runs out of memory. The numbers do not depend
        on it beyond rounding.
    likelihood : bool
        Measure perplexity and bits per byte in the same pass, or pseudo-perplexity in further ones.
    masked_positions : int
        Tokens masked in each text for the pseudo-perplexity; 0 for none.
    seed : int
        Of the masked positions.
    shuffle_seed : int, optional
        Put each text's tokens into a random order first: what is left without word order. Special tokens stay where
        they are, and with last-token pooling the pooled token too.
    templated : bool
        The texts spell their special tokens, as chat templates do: none is added.
    progress : callable
        Called with ``extraction`` or ``pseudo-perplexity``, the texts done and the texts in all.
    finished : callable, optional
        Called with a layer's name and cloud as soon as both are final, while the model is still at work: on the later
        layers of the last batch, and on the passes of a pseudo-perplexity. Once more where the last batch had to be
        halved; the last call counts.

    Raises
    ------
    ValueError
        A layer, the pooling or the length does not fit the model, a text has no token, or a single text does not fit
        into the accelerator's memory.
    """
    start = time.perf_counter()
    info, tokenizer = loaded.info, loaded.tokenizer
    names = choose_layers(layers, loaded.layers)
    pooling = info.pooling if pooling == AUTO else pick_pooling(pooling, info.kind, tokenizer)
    budget = batch_tokens or default_batch_tokens(info.device, info.width)
    tokens = tokenize(tokenizer, texts, _length_limit(max_length, info.context_length), templated)
    _check_vocabulary(loaded, tokens)
    positions = pooled_positions(tokens, pooling, tokenizer.cls_token_id)
    if shuffle_seed is not None:
        tokens = shuffled(tokens, np.random.default_rng(shuffle_seed), positions if pooling == "last" else None)

    with_loss = likelihood and info.head == "causal"
    rows, losses = one_pass(
        loaded,
        tokens,
        positions,
        names,
        with_loss=with_loss,
        batch_tokens=budget,
        progress=progress,
        finished=finished,
    )
    measured, n_predicted = (perplexity(losses.sum(), tokens), count_predicted(tokens)) if with_loss else ({}, 0)
    if likelihood and info.head == "masked" and masked_positions:
        value, n_predicted = pseudo_perplexity(
            loaded, tokens, positions=masked_positions, batch_tokens=budget, seed=seed, progress=progress
        )
        measured = {"pseudo_perplexity": value}

    n_tokens = np.array([len(text.ids) for text in tokens])
    truncated = np.array([text.truncated for text in tokens])
    return Activations(
        clouds={name: rows[name] for name in names},
        likelihood=measured,
        n_predicted=n_predicted,
        pooled_tokens=_pooled_tokens(tokens, positions) if pooling == "last" else None,
        token_embeddings=rows[TOKEN_EMBEDDING],
        last_tokens=_last_tokens(tokenizer, tokens),
        nll=_means(losses, tokens),
        n_tokens=n_tokens,
        truncated=truncated,
        max_length=int(n_tokens.max()),
        warnings=loaded.warnings + _truncation_warning(truncated, int(n_tokens.max())),
        seconds=time.perf_counter() - start,
    )


def _length_limit(max_length: int | None, context: int | None) -> int | None:
    if max_length is not None and context is not None and max_length > context:
        raise ValueError(f"max_length is {max_length}: the model reads at most {context} tokens; auto takes what fits")
    return max_length or context


def _check_vocabulary(loaded: LoadedModel, tokens: Sequence[Tokens]) -> None:
    table: Any = loaded.model.get_input_embeddings().weight
    highest = max(int(text.ids.max()) for text in tokens)
    if highest >= len(table):
        raise ValueError(
            f"the tokenizer gives token id {highest}, the model knows {len(table)} tokens: they do not belong together"
        )


def _pooled_tokens(tokens: Sequence[Tokens], positions: np.ndarray | None) -> np.ndarray | None:
    if positions is None:
        return None
    return np.array([text.ids[position] for text, position in zip(tokens, positions, strict=True)])


def _last_tokens(tokenizer: Any, tokens: Sequence[Tokens]) -> tuple[str, ...]:
    return tuple(tokenizer.decode([int(text.ids[np.flatnonzero(text.is_text)[-1]])]) for text in tokens)


def _means(losses: np.ndarray, tokens: Sequence[Tokens]) -> np.ndarray:
    """Losses a predicted token; nan for a text in which none is predicted."""
    counts = np.array([text.predicted.sum() for text in tokens], dtype=float)
    return np.divide(losses, counts, out=np.full(len(losses), np.nan), where=counts > 0)


def _truncation_warning(truncated: np.ndarray, length: int) -> tuple[RunWarning, ...]:
    if truncated.mean() <= TRUNCATED_TO_WARN:
        return ()
    share = f"{truncated.sum()} of {len(truncated)} texts ({truncated.mean():.1%})"
    return (RunWarning("truncated", f"{share} were cut at {length} tokens: their ends were not read"),)
