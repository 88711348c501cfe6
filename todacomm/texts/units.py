"""Texts drawn from documents: passages, lines or rows."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from random import Random
from typing import NamedTuple, TypeVar

from todacomm.texts.documents import Document

T = TypeVar("T")

PASSAGE_WORDS = 64


class Text(NamedTuple):
    """A text, its document, where in it the text begins, and that as a share of the document, from 0 to below 1."""

    document: Document
    place: str
    text: str
    position: float


def passages(documents: Iterable[Document], seed: int, distinct: bool = False) -> Iterator[Text]:
    """All passages of 64 consecutive words of prose: one of every document first, then seconds, and so on.

    Passages of a document do not overlap and begin anywhere, so that they end anywhere too. Documents and their
    passages come in random order; the first k passages do not depend on how many are taken.

    Parameters
    ----------
    distinct : bool
        Leave out a passage whose :func:`ending` an earlier one has, unless it can slide to another one.
    """
    rng = Random(seed)
    endings: set[str] = set()
    for document, starts, i in _in_turns(documents, rng):
        if distinct:
            free = _starts_without(endings, document.words, starts, i)
            if not free:
                continue
            starts[i] = free[int(rng.random() * len(free))]
            endings.add(ending(document.words[starts[i] + PASSAGE_WORDS - 1]))
        words = document.words[starts[i] : starts[i] + PASSAGE_WORDS]
        yield Text(document, f"w{starts[i]}", " ".join(words), starts[i] / len(document.words))


def passage_starts(n_words: int, rng: Random) -> list[int]:
    """Where the passages of a document begin: as many as fit, the words to spare shared out at random between them.

    >>> passage_starts(2 * PASSAGE_WORDS, Random(0)), passage_starts(PASSAGE_WORDS - 1, Random(0))
    ([0, 64], [])
    """
    n_passages, spare = divmod(n_words, PASSAGE_WORDS)
    gaps = sorted(int(rng.random() * (spare + 1)) for _ in range(n_passages))
    return [i * PASSAGE_WORDS + gap for i, gap in enumerate(gaps)]


def lines(documents: Iterable[Document]) -> Iterator[Text]:
    """Lines as they stand, from the first on, without headings."""
    for document in documents:
        for i, line in enumerate(document.lines):
            if i not in document.headings:
                yield Text(document, f"l{i}", line, i / len(document.lines))


def rows(documents: Iterable[Document]) -> Iterator[Text]:
    """Lines as they stand, from the first on, headings included."""
    for document in documents:
        for i, line in enumerate(document.lines):
            yield Text(document, f"l{i}", line, i / len(document.lines))


def ending(word: str) -> str:
    """What a word ends with, in lower case: its last run of letters and digits, or of punctuation.

    Punctuation behind a word is a token of its own in most tokenizers, so ``king.`` ends as ``queen.`` does.

    >>> ending("King"), ending("king."), ending("can't")
    ('king', '.', 't')
    """
    plain = word[-1].isalnum()
    backwards = takewhile(lambda character: character.isalnum() == plain, reversed(word))
    return "".join(backwards)[::-1].casefold()


def _in_turns(documents: Iterable[Document], rng: Random) -> Iterator[tuple[Document, list[int], int]]:
    """Each passage as its document, where that one's passages begin, and its place among them."""
    placed = [(document, passage_starts(len(document.prose.split()), rng)) for document in _shuffled(documents, rng)]
    left = [(document, starts, _shuffled(range(len(starts)), rng)) for document, starts in placed]
    while left := [turn for turn in left if turn[2]]:
        for document, starts, order in left:
            yield document, starts, order.pop()


def _starts_without(endings: set[str], words: Sequence[str], starts: Sequence[int], i: int) -> list[int]:
    """Where passage ``i`` may begin between its neighbours without an ending that is taken."""
    low = starts[i - 1] + PASSAGE_WORDS if i else 0
    high = (starts[i + 1] if i + 1 < len(starts) else len(words)) - PASSAGE_WORDS
    return [start for start in range(low, high + 1) if ending(words[start + PASSAGE_WORDS - 1]) not in endings]


def _shuffled(items: Iterable[T], rng: Random) -> list[T]:
    """The items in random order, by ``rng.random()`` alone: the one draw that every Python promises to repeat."""
    return sorted(items, key=lambda _: rng.random())
