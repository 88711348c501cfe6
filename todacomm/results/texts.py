"""What each point read: the table of texts, in the order of the rows of every cloud."""

import sys
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

TEXT_COLUMNS = ("id", "document", "position", "text", "last_word", "last_token", "n_tokens", "nll")
"""``position`` is where in its document a text begins, 0 to below 1; ``last_word`` what it ends with; ``last_token``
the last token read that is no special one; ``n_tokens`` counts special ones too; ``nll`` is the mean negative
log-likelihood of its predicted tokens in nats, nan without a language-model head. The user's own columns follow."""
WORDS = ("text", "last_word", "last_token")
"""Columns that hold words of the texts: empty where the texts are not stored."""
ENDING = 90
"""Characters of a text that are shown: its ending, where a decoder's cloud is read."""
MOST_COLUMNS = 3
"""The user's columns that are shown of a text without words."""
_NUMBERS = ("position", "n_tokens", "nll")


def text_table(
    ids: Sequence[str],
    texts: Sequence[str] | None = None,
    *,
    documents: Sequence[str] | None = None,
    positions: Sequence[float] | None = None,
    last_tokens: Sequence[str] | None = None,
    n_tokens: Sequence[int] | np.ndarray | None = None,
    nll: Sequence[float] | np.ndarray | None = None,
    columns: Mapping[str, Sequence[Any] | np.ndarray] | None = None,
) -> pd.DataFrame:
    """The table of texts; what is not known is empty or nan, infinity among it.

    >>> text_table(["a#0", "a#1"], ["one two", "three."], columns={"label": ["x", "y"]})["last_word"].tolist()
    ['two', 'three.']
    """
    n = len(ids)
    values: dict[str, Any] = {
        "id": list(ids),
        "document": documents,
        "position": positions,
        "text": texts,
        "last_word": None if texts is None else [(text.split() or [""])[-1] for text in texts],
        "last_token": last_tokens,
        "n_tokens": n_tokens,
        "nll": nll,
    }
    table: dict[str, Any] = {}
    for name in TEXT_COLUMNS:
        missing = np.full(n, np.nan) if name in _NUMBERS else [""] * n
        value = missing if values[name] is None else values[name]
        table[name] = np.asarray(value, dtype=float) if name in _NUMBERS else pd.Series(list(value), dtype=object)
    for name, column in (columns or {}).items():
        table[free_name(name, table)] = _typed(list(column))
    return pd.DataFrame(table, index=range(n))


def without_words(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the words of the texts left out; ids, numbers and the user's columns stay."""
    return table.assign(**dict.fromkeys(WORDS, ""))


def one_line(text: str) -> str:
    """Text on one line, without what cannot be printed.

    >>> one_line("a\\n b\\x1b")
    'a b'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def ending(text: str) -> str:
    """The last words of a text, on one line.

    >>> ending("one two " * 20 + "and its end.")
    '… two one two one two one two one two one two one two one two one two one two and its end.'
    """
    line = one_line(text)
    last = line[-ENDING:]
    return line if len(line) <= ENDING else f"… {last.partition(' ')[2] or last}"


def shown_text(text: pd.Series) -> str:
    """What a reader is shown of a row of the table: its ending, or without words its id and the user's columns.

    >>> shown_text(text_table(["row/3"], columns={"angle": [1.23456], "day": ["Monday"]}).iloc[0])
    'row/3, angle 1.235, day Monday'
    """
    if text["text"]:
        return ending(str(text["text"]))
    own = [f"{name} {text[name]:.4g}" if isinstance(text[name], float) else f"{name} {text[name]}"
           for name in text.index if name not in TEXT_COLUMNS]  # fmt: skip
    return one_line(", ".join([str(text["id"]), *own[:MOST_COLUMNS]]))


def user_columns(table: pd.DataFrame) -> list[str]:
    """Names of the columns that are the user's own."""
    return [str(name) for name in table.columns if name not in TEXT_COLUMNS]


def clusters_of(table: pd.DataFrame, column: str) -> tuple[str, ...] | None:
    """Which cluster each text is of, for half-samples of clusters; None where no column is named.

    Raises
    ------
    ValueError
        The texts have no such column, no value in a row of it, or one value alone.

    >>> clusters_of(text_table(["a#0", "a#1", "b#0"], documents=["a", "a", "b"]), "document")
    ('a', 'a', 'b')
    """
    if not column:
        return None
    known = ["document", *user_columns(table)]
    if column not in known:
        raise ValueError(
            f"cluster is {column!r}, and the texts have no such column: choose {', '.join(known)}, or name it in "
            "text_columns"
        )
    cells = table[column].tolist()
    if n_empty := sum(_missing(cell) or cell == "" for cell in cells):
        raise ValueError(f"cluster is {column!r}, which {n_empty} of {len(cells)} texts have no value of")
    if len(set(cells)) < 2:
        raise ValueError(f"cluster is {column!r}, which is {cells[0]!r} in all texts: halves are drawn of two at least")
    return tuple(map(str, cells))


def _typed(cells: list[Any]) -> Any:
    """A user's column as numbers where all its cells are numbers or missing, else as words.

    A number that is not finite, or that no float holds, is missing: JSON has none.
    """
    if all(isinstance(cell, int | float | np.number | None) for cell in cells):
        largest = sys.float_info.max
        return np.array([np.nan if cell is None or not abs(cell) <= largest else cell for cell in cells], dtype=float)
    return pd.Series(["" if _missing(cell) else str(cell) for cell in cells], dtype=object)


def free_name(name: str, taken: Container[str]) -> str:
    """A column's name; one that is taken gets underscores, so that it hides nothing."""
    return free_name(f"{name}_", taken) if name in taken else name


def record_of(table: pd.DataFrame) -> dict[str, list[Any]]:
    """The table as plain lists by column, fit for strict JSON: what is missing is None.

    >>> table = text_table(["a"], n_tokens=[3])
    >>> restored(record_of(table)).equals(table)
    True
    """
    return {
        str(name): [None if _missing(value) else value for value in column.tolist()] for name, column in table.items()
    }


def restored(record: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """The table that :func:`record_of` gave."""
    table = pd.DataFrame({name: pd.Series(list(column), dtype=object) for name, column in record.items()})
    for name in table.columns:
        numeric = name in _NUMBERS or (
            name not in TEXT_COLUMNS and all(isinstance(value, int | float | None) for value in table[name])
        )
        if numeric:
            table[name] = table[name].astype(float)
    return table


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not np.isfinite(value))
