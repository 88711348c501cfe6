"""Texts that are objects already: a list, a column, a table of them."""

from typing import TYPE_CHECKING, Any

from todacomm.system.digests import digest_of_json
from todacomm.texts import Texts, check_chat, check_system, repeated_texts
from todacomm.texts.documents import text_rows

if TYPE_CHECKING:
    from todacomm.settings.analysis import TextsConfig

NAME = "own texts"


def count_texts(texts: Any) -> int:
    """How many texts an object holds.

    Raises
    ------
    ValueError
        It has no length, or is one string.
    """
    if isinstance(texts, str) or not hasattr(texts, "__len__"):
        raise ValueError(f"texts is a {type(texts).__name__}: expected a list of strings, a column or a table of them")
    return len(texts)


def given_texts(texts: Any, config: "TextsConfig") -> Texts:
    """The first ``config.samples`` of texts given as objects, as they stand.

    Parameters
    ----------
    texts : sequence of str or of conversations, Series, DataFrame or datasets.Dataset
        Of a table the column ``text_column`` (``text`` where none is named), and ``text_columns`` beside it.

    Raises
    ------
    ValueError
        Something is no string, a column is missing, or there are fewer texts than ``samples``.
    """
    frame = texts.to_pandas() if hasattr(texts, "to_pandas") and hasattr(texts, "column_names") else texts
    columns: dict[str, list[Any]] = {}
    if hasattr(frame, "columns"):
        columns = {name: _column(frame, name)[: config.samples] for name in config.text_columns}
        frame = _column(frame, config.text_column or "text")
    elif config.text_column or config.text_columns:
        raise ValueError("text_column and text_columns are for tables of texts: texts is a list of strings")
    words = tuple(text_rows(frame, "texts"))
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


def _column(frame: Any, name: str) -> list[Any]:
    if name not in frame.columns:
        named = ", ".join(map(str, frame.columns))
        raise ValueError(f"texts has no column {name!r}: set text_column to one of {named}")
    return frame[name].tolist()
