"""Documents from a file: text, WikiText, SQuAD's JSON, .jsonl, .csv, .tsv or .parquet."""

import codecs
import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from todacomm.system.digests import digest_of
from todacomm.system.foreign import check_regular, parsed
from todacomm.texts.documents import (
    Document,
    Source,
    Value,
    filled_in,
    heading_levels,
    prompt_fields,
    row_documents,
    squad_documents,
    text_rows,
    wikitext_articles,
)
from todacomm.texts.names import WIKITEXT_COPY, dataset_name

Choose = Callable[[Sequence[str]], list[str]]
"""The columns of a table that are wanted, of those that it has."""
Table = tuple[list[str], list[list[Any]]]
"""Names of columns, and the cells of each as they stand in the file."""

_LONGEST_CELL = 2**31 - 1
_MARKS = {"UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE), "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)}


def read_file(path: Path, text_column: str = "", text_columns: Sequence[str] = ()) -> Source:
    """The documents of a file, by its ending; a file with any other ending is text.

    A table's row is a document. So is a text file, except that one in WikiText's layout has the articles as documents,
    exactly as the hub's rows give them.

    Parameters
    ----------
    text_columns : sequence of str
        Columns of a table that are recorded with each text.

    Raises
    ------
    ValueError
        The file cannot be read, is empty, binary or of another encoding, or is not what its ending says; there is no
        such column, or ``text_column`` is given for a file without columns.
    """
    name = dataset_name(str(path))
    path = _file_in(path)
    check_regular(path)
    content = _content(path)
    read_table = _TABLES.get(path.suffix.lower())
    if read_table:
        documents = _documents_of_table(read_table, content, path, text_column, tuple(text_columns))
    elif text_column or text_columns:
        name = "text_column" if text_column else "text_columns"
        value = text_column or ",".join(text_columns)
        raise ValueError(f"{name} is {value!r}, but {path} has no columns: leave {name} empty")
    elif path.suffix.lower() == ".json":
        documents = _squad(content, path)
    else:
        documents = _plain(content, path)
    digest = digest_of(content)
    return Source(name, str(path.resolve()), f"sha256:{digest}", documents)


def _documents_of_table(
    read: Callable[[bytes, Path, Choose], Table],
    content: bytes,
    path: Path,
    text_column: str,
    text_columns: tuple[str, ...],
) -> list[Document]:
    """A document a row; ``text_column`` may be a prompt that takes several columns."""
    fields = prompt_fields(text_column)

    def choose(names: Sequence[str]) -> list[str]:
        own = [_column(names, field, path) for field in fields or [text_column]]
        return [*own, *(_other_column(names, name, path) for name in text_columns)]

    names, cells = read(content, path, choose)
    columns = dict(zip(names, cells, strict=True))
    others = _checked_columns({name: columns[name] for name in text_columns}, path)
    if path.suffix.lower() in _WITHOUT_TYPES:
        others = {name: _as_numbers(column) for name, column in others.items()}
    if not fields:
        return row_documents(text_rows(columns[names[0]], f"{path}: {names[0]!r}"), others)
    of_prompt = _checked_columns({name: columns[name] for name in fields}, path)
    rows = zip(*of_prompt.values(), strict=True)
    return row_documents([filled_in(text_column, dict(zip(of_prompt, row, strict=True))) for row in rows], others)


def _file_in(path: Path) -> Path:
    """The path itself; for a folder with a copy of WikiText-2's test split, that file."""
    if not os.path.isdir(path):
        return path
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    if WIKITEXT_COPY in names:
        return path / WIKITEXT_COPY
    raise ValueError(f"{path} is a folder: give one of its files ({', '.join(names[:5]) or 'it has none'})")


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    if not content.strip():
        raise ValueError(_empty(path))
    return content


def _empty(path: Path) -> str:
    return f"{path} is empty: give a file with texts in it"


def _plain(content: bytes, path: Path) -> list[Document]:
    lines = _decoded(content, path).removesuffix("\n").split("\n")
    rows = [f"{line}\n" if line.strip() else "" for line in lines]  # what the hub's rows of the same file are
    levels = heading_levels(rows)
    if any(levels):
        return wikitext_articles(rows, levels)
    return [Document("text", tuple(line for line in lines if line.strip()))]


def _squad(content: bytes, path: Path) -> list[Document]:
    kind = "SQuAD's JSON (data, paragraphs, context, qas, question), the one kind of .json read here"
    remedy = 'for other texts give a .jsonl file, a line such as {"text": "..."} for each'
    text = _decoded(content, path)
    with parsed(path, kind, remedy):
        articles = json.loads(text)["data"]
        rows = [
            (article["title"], paragraph["context"], question["question"])
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
        return squad_documents(rows)


def _jsonl(content: bytes, path: Path, choose: Choose) -> Table:
    rows: list[list[Any]] = []
    names: list[str] = []
    for number, line in enumerate(_decoded(content, path).split("\n"), 1):
        if not line.strip():
            continue
        with parsed(path, f"JSON in line {number}", "correct that line, or leave it out"):
            row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError(f'{path}: line {number} is no object: expected a line such as {{"text": "..."}}')
        names = names or choose(list(row))
        for name in names:
            if name not in row:
                raise ValueError(f"{path}: line {number} has no {name!r}: its keys are {_listed(list(row))}")
        rows.append([row[name] for name in names])
    if not rows:
        raise ValueError(_empty(path))
    return names, list(map(list, zip(*rows, strict=True)))


def _csv(content: bytes, path: Path, choose: Choose, delimiter: str = ",") -> Table:
    previous_limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(_decoded(content, path)), delimiter=delimiter, strict=True)
        columns = next((row for row in reader if row), [])
        names = choose(columns)
        if twice := [name for name in names if columns.count(name) > 1]:
            raise ValueError(f"{path} has several columns named {twice[0]!r}: give each a name of its own")
        places = [columns.index(name) for name in names]
        cells: list[list[str]] = [[] for _ in names]
        for row in reader:
            if row and len(row) != len(columns):
                raise ValueError(
                    f"{path}: line {reader.line_num} has {len(row)} fields, the header {len(columns)}: "
                    "put quotation marks around texts with commas or line breaks"
                )
            for column, place in zip(cells, places, strict=True):
                column.append(row[place] if row else "")
        return names, cells
    except csv.Error as error:
        raise ValueError(f"{path}: line {reader.line_num} is no CSV: {error}") from error
    finally:
        csv.field_size_limit(previous_limit)


def _parquet(content: bytes, path: Path, choose: Choose) -> Table:
    import pyarrow.parquet as pq

    kind, remedy = "a parquet file", "write it again, with names of columns that differ"
    with parsed(path, kind, remedy):
        table = pq.ParquetFile(io.BytesIO(content))
        columns = table.schema_arrow.names
    names = choose(columns)
    with parsed(path, kind, remedy):
        read = table.read(columns=list(dict.fromkeys(names)))
        return names, [read[name].to_pylist() for name in names]


_TABLES: dict[str, Callable[[bytes, Path, Choose], Table]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
    ".tsv": partial(_csv, delimiter="\t"),
}
_WITHOUT_TYPES = (".csv", ".tsv")


def _column(columns: Sequence[str], wanted: str, path: Path) -> str:
    """The column asked for; without one, ``text`` or the only one."""
    if wanted in columns:
        return wanted
    if wanted:
        raise ValueError(f"{path} has no column {wanted!r}: set text_column to one of {_listed(columns)}")
    if "text" in columns:
        return "text"
    if len(columns) == 1:
        return columns[0]
    raise ValueError(f"{path} has no column named text: set text_column to one of {_listed(columns)}")


def _listed(columns: Sequence[str]) -> str:
    """Names of columns as an error gives them: not all of a thousand, and none of a thousand letters."""
    names = [shorten(name, 60, placeholder="...") if name.strip() else repr(name) for name in columns[:20]]
    return ", ".join(names) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")


def _other_column(columns: Sequence[str], name: str, path: Path) -> str:
    if name not in columns:
        raise ValueError(f"{path} has no column {name!r}: set text_columns to some of {_listed(columns)}")
    return name


def _checked_columns(columns: dict[str, list[Any]], path: Path) -> dict[str, list[Value]]:
    """Columns whose cells are text, numbers, true, false or nothing."""
    for name, column in columns.items():
        text_rows((value for value in column if isinstance(value, str)), f"{path}: {name!r}")
        for number, value in enumerate(column, 1):
            if not isinstance(value, str | int | float | None):
                kind = type(value).__name__
                raise ValueError(f"{path}: {name!r} holds a {kind} in row {number}: expected text or a number")
    return columns


def _as_numbers(column: list[Any]) -> list[Value]:
    """A column of a file without types as numbers, where every cell that is not empty is one; ``1_0`` is a word."""
    if any("_" in cell for cell in column):
        return column
    try:
        return [float(cell) if cell else None for cell in column]
    except ValueError:
        return column


def _decoded(content: bytes, path: Path) -> str:
    """The text of a file in UTF-8, with ``\\n`` at the end of every line."""
    for encoding, marks in _MARKS.items():  # UTF-32's begins as UTF-16's does
        if content.startswith(marks):
            raise ValueError(f"{path} is in {encoding}: {_convert(encoding, path)}")
    if b"\0" in content:
        raise ValueError(f"{path} is no text: byte {content.index(0)} is zero, as in binary files; give a file of text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path} is not in UTF-8: byte 0x{content[error.start]:02x} at offset {error.start} (line {line}): "
            f"{_convert('WINDOWS-1252', path)} (or ISO-8859-1, SHIFT_JIS ...: the encoding it is in)"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _convert(encoding: str, path: Path) -> str:
    return f"convert it, for example with `iconv -f {encoding} -t UTF-8 {path.name} > utf8-{path.name}`"
