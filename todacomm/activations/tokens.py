"""Texts as token ids, and what must be known of them: which are text, which bytes they cover, which were cut."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

CHARACTERS_A_TOKEN, SPARE_TOKENS = 32, 64
"""A text is first read to so many characters a token, and to so many tokens more than are wanted."""


@dataclass(frozen=True)
class Tokens:
    """One text as the model reads it.

    Attributes
    ----------
    ids : ndarray of int, shape (n_tokens,)
        Token ids, special tokens included, cut at the longest length allowed; a first special token that comes twice,
        because the text spells the one that the tokenizer adds, stands once.
    is_text : ndarray of bool, shape (n_tokens,)
        False for special tokens, whether the tokenizer added them or the text spells them.
    n_bytes : int
        UTF-8 bytes of the text after its first token of text, without special tokens that the text spells: those that
        predicted tokens cover. Of a first character in several tokens each but the first covers one.
    truncated : bool
        Whether the text was cut.
    """

    ids: np.ndarray
    is_text: np.ndarray
    n_bytes: int
    truncated: bool

    @property
    def predicted(self) -> np.ndarray:
        """Which tokens count as predicted, shape (n_tokens,): all of the text but its first.

        Some tokenizers put a first token before the text and others do not: left out in both, all are measured alike.
        """
        return self.is_text & (np.cumsum(self.is_text) > 1)


def tokenize(tokenizer: Any, texts: Sequence[str], max_length: int | None, templated: bool = False) -> list[Tokens]:
    """Token ids of each text, special tokens as the tokenizer adds them, unpadded.

    Parameters
    ----------
    max_length : int or None
        Longest length in tokens, special ones included; longer texts lose their ends.
    templated : bool
        The texts spell their special tokens, as chat templates do: none is added.

    Raises
    ------
    ValueError
        A text has no token of its own.
    """
    texts = list(texts)
    if max_length is not None:
        texts = [_beginning(tokenizer, text, max_length) for text in texts]
    encode = partial(_encode, tokenizer, templated=templated)
    encoded = encode(texts, None)
    long = [i for i, entry in enumerate(encoded) if max_length is not None and len(entry["input_ids"]) > max_length]
    cut = dict(zip(long, encode([texts[i] for i in long], max_length), strict=True)) if long else {}
    special = special_tokens(tokenizer)
    return [
        _tokens(tokenizer, text, cut.get(index, entry), special, index, truncated=index in cut)
        for index, (text, entry) in enumerate(zip(texts, encoded, strict=True))
    ]


def _beginning(tokenizer: Any, text: str, max_length: int) -> str:
    """As much of a text as decides its first ``max_length`` tokens: tokenizers take seconds and gigabytes for books."""
    n_characters = CHARACTERS_A_TOKEN * (max_length + SPARE_TOKENS)
    while n_characters < len(text):
        beginning = text[:n_characters]
        if len(_encode(tokenizer, [beginning], None)[0]["input_ids"]) > max_length + SPARE_TOKENS:
            return beginning
        n_characters *= 4
    return text


def _encode(
    tokenizer: Any, texts: list[str], max_length: int | None, templated: bool = False
) -> list[dict[str, list[Any]]]:
    side, tokenizer.truncation_side = tokenizer.truncation_side, "right"
    try:
        columns = tokenizer(
            texts,
            add_special_tokens=not templated,
            truncation=max_length is not None,
            max_length=max_length,
            return_special_tokens_mask=True,
            return_offsets_mapping=tokenizer.is_fast,
            return_attention_mask=False,
            verbose=False,
        )
    finally:
        tokenizer.truncation_side = side
    return [{name: columns[name][row] for name in columns} for row in range(len(texts))]


def special_tokens(tokenizer: Any) -> np.ndarray:
    """Whether each token id is special, shape (highest special id + 2,); the last entry stands for all higher ids.

    The token for unknown words stands for text, unless it has another role too (GPT-2).
    """
    roles = [getattr(tokenizer, f"{role}_token_id") for role in ("bos", "eos", "pad", "cls", "sep", "mask")]
    special = [index for index in tokenizer.all_special_ids if index != tokenizer.unk_token_id or index in roles]
    table = np.zeros(max(special, default=-1) + 2, dtype=bool)
    table[special] = True
    return table


def _tokens(
    tokenizer: Any, text: str, entry: dict[str, list[Any]], special: np.ndarray, index: int, truncated: bool
) -> Tokens:
    ids = np.asarray(entry["input_ids"], dtype=np.int64)
    is_text = ~(np.asarray(entry["special_tokens_mask"], dtype=bool) | special[np.minimum(ids, len(special) - 1)])
    if not is_text.any():
        cut = " once it is cut: raise max_length" if truncated else f" ({text[:40]!r}): leave it out"
        raise ValueError(f"text {index} has no token of its own{cut}")
    first, last = int(is_text.argmax()), len(is_text) - 1 - int(is_text[::-1].argmax())
    if "offset_mapping" in entry:
        offsets = entry["offset_mapping"]
        start, end = offsets[first]
        n_bytes = len(text[end : offsets[last][1]].encode())
        more = sum(behind <= end for _, behind in offsets[first + 1 : last + 1])  # of one character with the first
        n_bytes += min(more, len(text[start:end].encode()))  # a byte each
        if not is_text[first:last].all():  # special tokens that the text spells are not predicted
            between = first + np.flatnonzero(~is_text[first:last])
            n_bytes -= sum(len(text[slice(*offsets[place])].encode()) for place in between)
    else:
        n_bytes = _decoded_bytes(tokenizer, ids[is_text]) - _decoded_bytes(tokenizer, ids[first : first + 1])
    if first > 1:
        start = ids[:first]
        repeated = np.flatnonzero(start[1:] == start[:-1]) + 1
        ids, is_text = np.delete(ids, repeated), np.delete(is_text, repeated)
    return Tokens(ids, is_text, n_bytes, truncated)


def _decoded_bytes(tokenizer: Any, ids: np.ndarray) -> int:
    return len(tokenizer.decode(ids.tolist(), clean_up_tokenization_spaces=False).encode())


def pad(rows: Sequence[np.ndarray], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and mask of shape (texts, longest), padded on the right with id 0, which the mask hides."""
    tokens = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    mask = np.zeros_like(tokens)
    for row, ids in enumerate(rows):
        tokens[row, : len(ids)] = ids
        mask[row, : len(ids)] = 1
    return torch.from_numpy(tokens).to(device), torch.from_numpy(mask).to(device)


def shuffled(tokens: Sequence[Tokens], rng: np.random.Generator, fixed: np.ndarray | None) -> list[Tokens]:
    """The texts with their tokens in random order; special tokens, and those at ``fixed`` positions, stay in place.

    Parameters
    ----------
    fixed : ndarray of int, shape (n_texts,), or None
        One position in each text; None keeps none.
    """
    result = []
    for index, text in enumerate(tokens):
        places = np.flatnonzero(text.is_text)
        if fixed is not None:
            places = places[places != fixed[index]]
        ids = text.ids.copy()
        ids[places] = rng.permutation(ids[places])
        result.append(replace(text, ids=ids))
    return result
