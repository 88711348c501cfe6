"""What a pass over texts begins with and ends in, whether the model is there whole or a block at a time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.activations.batches import default_batch_tokens
from todacomm.activations.forward import TOKEN_EMBEDDING
from todacomm.activations.pooling import pooled_positions
from todacomm.activations.tokens import Tokens, shuffled, tokenize
from todacomm.config import AUTO
from todacomm.models.layers import choose_layers
from todacomm.models.loading import LoadedModel, pick_pooling

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
    n_tokens: np.ndarray
    truncated: np.ndarray
    max_length: int
    warnings: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Prepared:
    """Texts as a model will read them.

    Attributes
    ----------
    tokens : sequence of Tokens
        Text by text.
    names : tuple of str
        Layers to keep, in the order of depth.
    pooling : str
        ``last``, ``cls`` or ``mean``.
    positions : ndarray of int, shape (n_texts,), or None
        Pooled position of each text; None for the mean.
    batch_tokens : int
        Tokens in a batch, padding included.
    start : float
        When it began, by ``time.perf_counter``.
    """

    tokens: Sequence[Tokens]
    names: tuple[str, ...]
    pooling: str
    positions: np.ndarray | None
    batch_tokens: int
    start: float


def prepare(
    loaded: LoadedModel,
    texts: Sequence[str],
    *,
    layers: str,
    pooling: str,
    max_length: int | None,
    batch_tokens: int | None,
    shuffle_seed: int | None,
) -> Prepared:
    """Tokenise texts and choose layers and positions; the arguments are those of :func:`todacomm.activations.extract`.

    Raises
    ------
    ValueError
        A layer, the pooling or the length does not fit the model, or a text has no token.
    """
    start = time.perf_counter()
    info, tokenizer = loaded.info, loaded.tokenizer
    names = choose_layers(layers, loaded.layers)
    pooling = info.pooling if pooling == AUTO else pick_pooling(pooling, info.kind, tokenizer)
    tokens = tokenize(tokenizer, texts, _length_limit(max_length, info.context_length))
    _check_vocabulary(loaded, tokens)
    positions = pooled_positions(tokens, pooling, tokenizer.cls_token_id)
    if shuffle_seed is not None:
        tokens = shuffled(tokens, np.random.default_rng(shuffle_seed), positions if pooling == "last" else None)
    budget = batch_tokens or default_batch_tokens(info.device, info.width)
    return Prepared(tokens, names, pooling, positions, budget, start)


def finish(
    loaded: LoadedModel,
    prepared: Prepared,
    rows: dict[str, np.ndarray],
    likelihood: dict[str, float],
    n_predicted: int,
    warnings: Sequence[str] = (),
) -> Activations:
    """What a pass gave.

    Parameters
    ----------
    rows : dict of ndarray, shape (n_texts, width)
        By layer, and those of the token embedding.
    """
    tokens = prepared.tokens
    n_tokens = np.array([len(text.ids) for text in tokens])
    truncated = np.array([text.truncated for text in tokens])
    return Activations(
        clouds={name: rows[name] for name in prepared.names},
        likelihood=likelihood,
        n_predicted=n_predicted,
        pooled_tokens=_pooled_tokens(tokens, prepared.positions) if prepared.pooling == "last" else None,
        token_embeddings=rows[TOKEN_EMBEDDING],
        n_tokens=n_tokens,
        truncated=truncated,
        max_length=int(n_tokens.max()),
        warnings=(*loaded.warnings, *warnings, *_truncation_warning(truncated, int(n_tokens.max()))),
        seconds=time.perf_counter() - prepared.start,
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


def _truncation_warning(truncated: np.ndarray, length: int) -> tuple[str, ...]:
    if truncated.mean() <= TRUNCATED_TO_WARN:
        return ()
    share = f"{truncated.sum()} of {len(truncated)} texts ({truncated.mean():.1%})"
    return (f"{share} were cut at {length} tokens: their ends were not read",)
