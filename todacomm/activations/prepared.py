"""What a pass over texts begins with and ends in, whether the model is there whole or a block at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from todacomm.activations.batches import default_batch_tokens
from todacomm.activations.likelihood import count_predicted, perplexity
from todacomm.activations.masked import Masked
from todacomm.activations.pooling import pooled_positions
from todacomm.activations.starts import starts_of
from todacomm.activations.tokens import Tokens, shuffled, tokenize
from todacomm.core.facts import RunWarning
from todacomm.core.metrics.whole_run import pseudo_perplexity
from todacomm.models.layers import choose_layers
from todacomm.models.loaded import LoadedModel
from todacomm.models.pooling import pick_pooling
from todacomm.results.facts import ModelFacts
from todacomm.settings.values import AUTO

TOKEN_EMBEDDING = "token_embedding"
"""Name under which the rows of the input embedding, without positions, stand beside the layers."""
TRUNCATED_TO_WARN = 0.01


@dataclass(frozen=True, eq=False)
class Activations:
    """What a model makes of texts; row i of every array is text i.

    Attributes
    ----------
    model : ModelFacts
        Those of the model, with the tokens of the longest text, how most texts begin, and on how many tokens the
        likelihood rests.
    clouds : dict of ndarray, shape (n_points, n_dims)
        Pooled hidden states by layer in the order of depth, float32; widths may differ between layers. Numbers that are
        not finite are left as they are.
    likelihood : dict of float
        ``perplexity`` and ``bits_per_byte`` of a decoder, ``pseudo_perplexity`` of a masked-language model; empty
        without a head.
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
    """

    model: ModelFacts
    clouds: dict[str, np.ndarray]
    likelihood: dict[str, float]
    pooled_tokens: np.ndarray | None
    token_embeddings: np.ndarray
    last_tokens: tuple[str, ...]
    nll: np.ndarray
    n_tokens: np.ndarray
    truncated: np.ndarray
    warnings: tuple[RunWarning, ...]


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
    templated : bool
        The texts spell their special tokens.
    """

    tokens: Sequence[Tokens]
    names: tuple[str, ...]
    pooling: str
    positions: np.ndarray | None
    batch_tokens: int
    templated: bool


def prepare(
    loaded: LoadedModel,
    texts: Sequence[str],
    *,
    layers: Sequence[str],
    pooling: str,
    max_length: int | None,
    batch_tokens: int | None,
    shuffle_seed: int | None,
    templated: bool,
) -> Prepared:
    """Tokenise texts and choose layers and positions; the arguments are those of :func:`todacomm.activations.extract`.

    Raises
    ------
    ValueError
        A layer, the pooling or the length does not fit the model, or a text has no token.
    """
    info, tokenizer = loaded.info, loaded.tokenizer
    names = choose_layers(layers, loaded.layers)
    pooling = info.pooling if pooling == AUTO else pick_pooling(pooling, info.kind, tokenizer)
    tokens = tokenize(tokenizer, texts, _length_limit(max_length, info.context_length), templated)
    _check_vocabulary(loaded, tokens)
    positions = pooled_positions(tokens, pooling, tokenizer.cls_token_id)
    if shuffle_seed is not None:
        tokens = shuffled(tokens, np.random.default_rng(shuffle_seed), positions if pooling == "last" else None)
    budget = batch_tokens or default_batch_tokens(info.device, info.width)
    return Prepared(tokens, names, pooling, positions, budget, templated)


def read_once(prepared: Prepared) -> tuple[Prepared, np.ndarray]:
    """The same without texts whose tokens an earlier one has, and for each text its place among those that are left.

    A precision of 16 bits gives a text another vector in another batch: read twice, equal texts would be two points.
    """
    tokens, positions = prepared.tokens, prepared.positions
    at = [0] * len(tokens) if positions is None else positions.tolist()
    places = dict[tuple[bytes, int], int]()
    keys = ((text.ids.tobytes(), place) for text, place in zip(tokens, at, strict=True))
    of_each = np.array([places.setdefault(key, len(places)) for key in keys])
    first = np.unique(of_each, return_index=True)[1]
    own = None if positions is None else positions[first]
    return replace(prepared, tokens=[tokens[index] for index in first], positions=own), of_each


@dataclass(frozen=True, eq=False)
class Read:
    """What a pass gives.

    Attributes
    ----------
    rows : dict of ndarray, shape (n_texts, width)
        By layer, and those of the token embedding.
    losses : ndarray, shape (n_texts,), or None
        Sum of the losses of each text's predicted tokens in nats; None where they are not measured.
    masked_losses : ndarray, shape (n_masked,), or None
        Loss of each masked token in nats; None where they are not measured.
    """

    rows: dict[str, np.ndarray]
    losses: np.ndarray | None = None
    masked_losses: np.ndarray | None = None
    warnings: tuple[RunWarning, ...] = ()


def finish(loaded: LoadedModel, prepared: Prepared, read: Read, masked: Masked | None) -> Activations:
    """What a pass gave, with what is known of the texts."""
    tokens, positions = prepared.tokens, prepared.positions
    start_tokens, start_warnings = starts_of(loaded.tokenizer, tokens, prepared.templated)
    n_tokens = np.array([len(text.ids) for text in tokens])
    truncated = np.array([text.truncated for text in tokens])
    measured, n_predicted = dict[str, float](), 0
    if read.losses is not None:
        measured, n_predicted = perplexity(read.losses.sum(), tokens), count_predicted(tokens)
    if masked is not None and read.masked_losses is not None:
        measured = {"pseudo_perplexity": pseudo_perplexity(read.masked_losses, masked.weights)}
        n_predicted = len(masked.owners)
    length = int(n_tokens.max())
    return Activations(
        model=replace(loaded.info, max_length=length, start_tokens=start_tokens, n_predicted=n_predicted),
        clouds={name: read.rows[name] for name in prepared.names},
        likelihood=measured,
        pooled_tokens=_pooled_tokens(tokens, positions) if prepared.pooling == "last" else None,
        token_embeddings=read.rows[TOKEN_EMBEDDING],
        last_tokens=_last_tokens(loaded.tokenizer, tokens),
        nll=np.full(len(tokens), np.nan) if read.losses is None else _means(read.losses, tokens),
        n_tokens=n_tokens,
        truncated=truncated,
        warnings=(
            *loaded.warnings,
            *read.warnings,
            *start_warnings,
            *_truncation_warning(truncated, length),
        ),
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
    ids = [int(text.ids[text.is_text][-1]) for text in tokens]
    spelled = {token: tokenizer.decode([token]) for token in set(ids)}
    return tuple(spelled[token] for token in ids)


def _means(losses: np.ndarray, tokens: Sequence[Tokens]) -> np.ndarray:
    """Losses a predicted token; nan for a text in which none is predicted."""
    counts = np.array([text.predicted.sum() for text in tokens], dtype=float)
    return np.divide(losses, counts, out=np.full(len(losses), np.nan), where=counts > 0)


def _truncation_warning(truncated: np.ndarray, length: int) -> tuple[RunWarning, ...]:
    if truncated.mean() <= TRUNCATED_TO_WARN:
        return ()
    share = f"{truncated.sum()} of {len(truncated)} texts ({truncated.mean():.1%})"
    return (RunWarning("truncated", f"{share} were cut at {length} tokens: their ends were not read"),)
