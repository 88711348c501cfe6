"""Special tokens at the start of every text: which they are, and whether they are those that belong there."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from todacomm.activations.tokens import Tokens, special_tokens
from todacomm.core.facts import RunWarning


def starts_of(tokenizer: Any, tokens: Sequence[Tokens], templated: bool = False) -> tuple[str, tuple[RunWarning, ...]]:
    """The special tokens with which most texts begin, as the tokenizer spells them; empty without any.

    Warnings where texts begin with others than the tokenizer adds to any text, where it adds one of them twice, or
    where its own settings say that it adds a first token and it does not.

    Parameters
    ----------
    templated : bool
        The texts spell their special tokens, as chat templates do: they are compared with each other.
    """
    begin = Counter(_spelled(tokenizer, text.ids[: int(np.argmax(text.is_text))]) for text in tokens)
    commonest = begin.most_common(1)[0][0]
    ids, special = np.asarray(tokenizer("a")["input_ids"], dtype=np.int64), special_tokens(tokenizer)
    text = np.flatnonzero(~special[np.minimum(ids, len(special) - 1)])
    own = _spelled(tokenizer, ids[: text[0]]) if len(text) and not templated else commonest
    once = tuple(token for index, token in enumerate(own) if not index or token != own[index - 1])
    declared = tokenizer.init_kwargs.get("add_bos_token") and tokenizer.bos_token
    added = " ".join(own) or "none"
    texts = []
    if others := len(tokens) - begin[once]:
        spelled = f"{others} of {len(tokens)} texts begin with special tokens that they spell themselves"
        texts.append(f"{spelled}: the tokenizer adds {added}")
    if once != own:
        texts.append(f"the tokenizer begins a text with {added}: what comes twice was read once")
    if declared and declared not in own and not templated:
        texts.append(f"by its settings the tokenizer begins a text with {declared}, and it adds {added}")
    return " ".join(commonest), tuple(RunWarning("start_tokens", text) for text in texts)


def _spelled(tokenizer: Any, ids: np.ndarray) -> tuple[str, ...]:
    return tuple(tokenizer.convert_ids_to_tokens(ids.tolist()))
