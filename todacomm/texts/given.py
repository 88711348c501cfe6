"""Texts that are objects already: a list, a column, a table of them."""

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

from todacomm.system.digests import digest_of_json
from todacomm.texts import FEWEST_SAMPLES, Texts, check_chat, check_system, repeated_texts
from todacomm.texts.documents import filled_in, prompt_fields, text_rows

if TYPE_CHECKING:
    from todacomm.settings.analysis import TextsConfig

NAME = "own texts"


def count_texts(texts: Any) -> int:
    """How many texts an object holds.

    Raises
    ------
    ValueError
        It has no length or no order, is one string or a dictionary of splits, or holds too few.
    """
    if isinstance(texts, str | bytes | Mapping | Set) or not hasattr(texts, "__len__"):
        splits = f", such as its {next(iter(texts))!r}" if isinstance(texts, Mapping) and texts else ""
        what = f"a list of strings, a column or a table of them{splits}"
        raise ValueError(f"texts is a {type(texts).__name__}: expected {what}")
    if len(texts) < FEWEST_SAMPLES:
        raise ValueError(f"texts holds {len(texts)}: expected at least {FEWEST_SAMPLES}, each is one point of a cloud")
    return len(texts)


def given_texts(texts: Any, config: "TextsConfig") -> Texts:
    """The first ``config.samples`` of texts given as objects, as they stand.

    Parameters
    ----------
    texts : sequence of str or of conversations, Series, DataFrame or datasets.Dataset
        Of a table the column ``text_column`` (``text`` where none is named) or a prompt that takes several, and
        ``text_columns`` beside it.

    Raises
    ------
    ValueError
        Something is no string, a column is missing, or there are fewer texts than ``samples``.
    """
    rows, columns = texts, dict[str, list[Any]]()
    if hasattr(texts, "columns") or hasattr(texts, "column_names"):
        columns = {name: _column(texts, name)[: config.samples] for name in config.text_columns}
        rows = _rows(texts, config.text_column or "text")
    elif config.text_column or config.text_columns:
        raise ValueError("text_column and text_columns are for tables of texts: texts is a list of strings")
    words = tuple(text_rows(rows, "texts"))
    check_chat(words, config)
    check_system(config)
    if len(words) < config.samples:
        raise ValueError(f"samples is {config.samples}, texts has {len(words)}: expected at most as many")
    words = words[: config.samples]
    ids = tuple(f"{NAME}/{row}" for row in range(len(words)))
    return Texts(
        name=NAME,
        source="object",
        revision="",
        unit=config.unit,
        texts=words,
        ids=ids,
        digest=digest_of_json(words),
        n_documents=len(words),
        documents=ids,
        positions=(0.0,) * len(words),
        columns={name: tuple(column) for name, column in columns.items()},
        warnings=repeated_texts(words),
    )


def _rows(table: Any, text_column: str) -> list[Any]:
    """The texts of a table, of which a prompt takes several columns."""
    fields = prompt_fields(text_column)
    if not fields:
        return _column(table, text_column)
    cells = {name: _column(table, name) for name in fields}
    return [filled_in(text_column, {name: cells[name][row] for name in fields}) for row in range(len(table))]


def _column(table: Any, name: str) -> list[Any]:
    names = getattr(table, "column_names", None) or list(table.columns)
    if name not in names:
        raise ValueError(f"texts has no column {name!r}: set text_column to one of {', '.join(map(str, names))}")
    column = table[name]
    if hasattr(column, "notna"):
        column = column.astype(object).where(column.notna(), None)
    return [value.tolist() if hasattr(value, "tolist") else value for value in column]  # messages of a parquet file
