"""What a data set consists of: documents, and how rows become them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter
from typing import Any

from todacomm.texts.chat import as_text, is_conversation

Value = str | float | int | bool | None
"""What a cell of a table holds."""


@dataclass(frozen=True)
class Document:
    """An article, docstring, topic or row.

    Attributes
    ----------
    name : str
        Unique in its data set, readable, without spaces.
    lines : tuple of str
        Its lines as they stand in the source, blank ones left out.
    headings : frozenset of int
        Positions of those lines that are headings.
    columns : tuple of (str, value)
        What else is known of a row: the columns that the user named, and their values.
    """

    name: str
    lines: tuple[str, ...]
    headings: frozenset[int] = frozenset()
    columns: tuple[tuple[str, Value], ...] = ()

    @property
    def prose(self) -> str:
        """The lines that are no headings, joined."""
        return " ".join(line for i, line in enumerate(self.lines) if i not in self.headings)

    @cached_property
    def words(self) -> list[str]:
        """Words of the prose: runs without white space."""
        return self.prose.split()


@dataclass(frozen=True, slots=True)
class Source:
    """A data set that has been read: its name, where it came from, its version and its documents."""

    name: str
    location: str
    revision: str
    documents: Sequence[Document]


def prompt_fields(text_column: str) -> tuple[str, ...]:
    """Columns that a prompt such as ``{question} {answer}`` takes; none where the text is the name of one column.

    Raises
    ------
    ValueError
        Something else than the name of a column stands in braces.

    >>> prompt_fields("Q: {question} A: {answer}"), prompt_fields("body")
    (('question', 'answer'), ())
    """
    try:
        parts = list(Formatter().parse(text_column))
    except ValueError as error:
        raise ValueError(f"text_column is {text_column!r}: {error}; double a brace that stands for itself") from error
    fields = tuple(name for _, name, _, _ in parts if name is not None)
    if any(form or conversion or not name.strip() for _, name, form, conversion in parts if name is not None):
        raise ValueError(f"text_column is {text_column!r}: expected names of columns alone in braces")
    return fields


def filled_in(text_column: str, cells: Mapping[str, Value]) -> str:
    """A prompt with a row's cells in the place of the names in braces; blank where all of them are.

    >>> filled_in("{a}, {b}", {"a": "one", "b": 2.0}), filled_in("{a}, {b}", {"a": "", "b": None})
    ('one, 2', '')
    """
    parts = [
        (literal, "" if name is None else _cell(cells[name])) for literal, name, _, _ in Formatter().parse(text_column)
    ]
    return "".join(literal + cell for literal, cell in parts) if any(cell.strip() for _, cell in parts) else ""


def _cell(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def row_documents(rows: Sequence[str], columns: Mapping[str, Sequence[Value]] | None = None) -> list[Document]:
    """One document a row that is not blank; rows that follow WikiText's layout become its articles.

    Parameters
    ----------
    columns : mapping
        Other columns of the same rows; with them every row is a document.

    >>> [document.name for document in row_documents(["one text", "", "another"])]
    ['row-1', 'row-3']
    """
    levels = heading_levels(rows)
    if any(levels) and not columns:
        return wikitext_articles(rows, levels)
    return [
        Document(f"row-{i + 1}", (row,), columns=tuple((name, column[i]) for name, column in (columns or {}).items()))
        for i, row in enumerate(rows)
        if row.strip()
    ]


def heading_levels(rows: Sequence[str]) -> list[int]:
    """Which rows WikiText's layout makes headings: 1 for an article's, 2 and more for a section's, 0 for any other row.

    A heading is a row ``= Title =`` or ``= = Section = =``, spaces included, between blank ones: formulas that stand
    between equality signs have text around them. A data set without any does not follow that layout.

    >>> heading_levels(["", " = Robert Boulter = \\n", "", " An actor . \\n", "", " = = Career = = \\n", ""])
    [0, 1, 0, 0, 0, 2, 0]
    """
    padded = ["", *rows, ""]
    alone = (not before.strip() and not after.strip() for before, after in zip(padded, padded[2:], strict=False))
    return [heading_level(row) if is_alone else 0 for row, is_alone in zip(rows, alone, strict=True)]


def heading_level(row: str) -> int:
    """How many equality signs stand on either side of a title; 0 where they do not.

    In one pass over the row: a regular expression with a reference to its own group takes cubic time here.

    >>> heading_level(" = = Career = = \\n"), heading_level(" = a = b = = "), heading_level(" = = ")
    (2, 1, 0)
    """
    row = row.removesuffix("\n")
    if not row.startswith(" ") or "\n" in row:
        return 0
    most = min(_pairs(row[1:], "= "), _pairs(row[::-1], " ="), (len(row) - 3) // 4)
    return next((k for k in range(most, 0, -1) if not row[2 * k + 1].isspace() and row[-2 * k - 1] == " "), 0)


def _pairs(text: str, pair: str) -> int:
    """How often a text begins with a pair of characters."""
    return next((i for i in range(len(text) // 2) if text[2 * i : 2 * i + 2] != pair), len(text) // 2)


def wikitext_articles(rows: Sequence[str], levels: Sequence[int]) -> list[Document]:
    """The articles of WikiText (Merity et al. 2016, arXiv 1609.07843); its tokens (``@-@``, `` ,``) stay as they are.

    Parameters
    ----------
    levels : sequence of int
        The rows' :func:`heading_levels`.
    """
    articles: list[Document] = []
    title, lines, headings = "untitled", list[str](), set[int]()
    for row, level in zip(rows, levels, strict=True):
        if level == 1:
            articles.append(Document(title, tuple(lines), frozenset(headings)))
            title, lines, headings = row.strip(" =\n").replace(" ", "_"), [], set()
        if level:
            headings.add(len(lines))
        if row.strip():
            lines.append(row)
    articles.append(Document(title, tuple(lines), frozenset(headings)))
    return [article for article in uniquely_named(articles) if article.lines]


def squad_documents(rows: Iterable[tuple[str, str, str]]) -> list[Document]:
    """Each context of SQuAD once, behind the first of its questions (Rajpurkar et al. 2018, arXiv 1806.03822).

    Parameters
    ----------
    rows : iterable of (title, context, question)
        One row a question, as on the hub.
    """
    first: dict[str, tuple[str, str]] = {}
    for row in rows:
        title, context, question = text_rows(row, "a row")
        first.setdefault(context.strip(), (title, question.strip()))
    n_contexts: dict[str, int] = {}
    documents = []
    for context, (title, question) in first.items():
        n_contexts[title] = n_contexts.get(title, 0) + 1
        name = f"{title.replace(' ', '_')}-{n_contexts[title]}"
        documents.append(Document(name, (f"{question} {context}",)))
    return documents


def uniquely_named(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents with ``~2``, ``~3`` ... behind a name that came before."""
    count: dict[str, int] = {}
    for document in documents:
        count[document.name] = n = count.get(document.name, 0) + 1
        yield document if n == 1 else replace(document, name=f"{document.name}~{n}")


def text_rows(values: Iterable[Any], where: str) -> list[str]:
    """The values of a column as texts; a missing one is blank, a conversation is written as JSON.

    Raises
    ------
    ValueError
        A value is no text; the message names the column and the row, counted from 1.
    """
    rows = []
    for number, value in enumerate(values, 1):
        if is_conversation(value):
            value = as_text(value)
        if not isinstance(value, str | None):
            expected = "messages with a role and a content of text" if isinstance(value, list) else "text in every row"
            raise ValueError(f"{where} holds a {type(value).__name__} in row {number}: expected {expected}")
        try:
            (value or "").encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{where} holds half of a character in row {number}: {error}") from error
        rows.append(value or "")
    return rows
