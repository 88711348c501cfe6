"""Passages as theorems: 64 words, no overlap, one per document first, the same for the same seed."""

from collections import Counter
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todacomm.texts.documents import Document
from todacomm.texts.units import PASSAGE_WORDS, Text, ending, lines, passage_starts, passages, rows

lengths = st.lists(st.integers(0, 400), min_size=1, max_size=8)
seeds = st.integers(0, 2**32)


def numbered(n_words: int, name: str = "d") -> Document:
    """A document whose words tell where they stand: every word ends differently."""
    return Document(name, (" ".join(f"{name}{i}" for i in range(n_words)),)) if n_words else Document(name, ())


def documents(lengths: list[int]) -> list[Document]:
    return [numbered(n, chr(ord("a") + i)) for i, n in enumerate(lengths)]


def start(text: Text) -> int:
    return int(text.place.removeprefix("w"))


@given(lengths, seeds, st.booleans())
def test_a_passage_is_64_consecutive_words_and_says_where_it_begins(
    lengths: list[int], seed: int, distinct: bool
) -> None:
    for text in passages(documents(lengths), seed, distinct):
        first = start(text)
        assert text.text.split() == [f"{text.document.name}{i}" for i in range(first, first + PASSAGE_WORDS)]


@given(lengths, seeds, st.booleans())
def test_passages_never_overlap_and_as_many_are_drawn_as_fit(lengths: list[int], seed: int, distinct: bool) -> None:
    words = [word for text in passages(documents(lengths), seed, distinct) for word in text.text.split()]
    assert len(words) == len(set(words)) == sum(n // PASSAGE_WORDS for n in lengths) * PASSAGE_WORDS


@given(lengths, seeds)
def test_one_of_every_document_comes_first_then_seconds(lengths: list[int], seed: int) -> None:
    taken: Counter[str] = Counter()
    turns = []
    for text in passages(documents(lengths), seed):
        taken[text.document.name] += 1
        turns.append(taken[text.document.name])
    assert turns == sorted(turns)


@given(lengths, seeds, st.integers(1, 10), st.booleans())
def test_fewer_passages_are_the_first_of_more(lengths: list[int], seed: int, k: int, distinct: bool) -> None:
    few, more = (list(islice(passages(documents(lengths), seed, distinct), n)) for n in (k, 3 * k))
    assert few == more[:k]


def test_the_seed_decides() -> None:
    draw = {seed: list(passages(documents([300, 200, 90]), seed)) for seed in (1, 2)}
    assert draw[1] == list(passages(documents([300, 200, 90]), 1))
    assert draw[1] != draw[2]


def test_the_draw_is_the_same_on_every_machine() -> None:
    drawn = islice(passages(documents([300, 200, 90]), seed=42), 4)
    assert [(text.document.name, text.place) for text in drawn] == [
        ("b", "w2"),
        ("c", "w24"),
        ("a", "w210"),
        ("b", "w134"),
    ]


def test_passages_begin_anywhere() -> None:
    """Of one passage in 127 words each of the 64 starts is as likely as any other."""
    n = 64_000
    rng = Random(0)
    count = Counter(passage_starts(2 * PASSAGE_WORDS - 1, rng)[0] for _ in range(n))
    assert sorted(count) == list(range(PASSAGE_WORDS))
    chi_square = sum((seen - n / 64) ** 2 / (n / 64) for seen in count.values())
    assert chi_square < 103.4  # the .999 quantile with 63 degrees of freedom


def test_headings_are_in_no_passage_and_no_line_but_in_rows() -> None:
    article = Document("a", (" = Title = \n", "word " * 70, " = = Section = = \n", "word " * 70), frozenset({0, 2}))
    assert {word for text in passages([article], 0) for word in text.text.split()} == {"word"}
    assert [text.place for text in lines([article])] == ["l1", "l3"]
    assert [text.text for text in rows([article])] == list(article.lines)


@given(st.lists(st.sampled_from(["the", "The", "a", "end.", "stop.", "x", "y"]), max_size=500), seeds)
def test_distinct_endings_are_distinct(words: list[str], seed: int) -> None:
    drawn = list(passages([Document("d", (" ".join(words),))], seed, distinct=True))
    ends = [ending(text.text.split()[-1]) for text in drawn]
    assert len(ends) == len(set(ends))


def test_a_passage_slides_to_an_ending_that_is_not_taken() -> None:
    both = [Document(name, ("w " * 63 + "this that",)) for name in "ab"]
    for seed in range(10):
        assert {text.text.split()[-1] for text in passages(both, seed, distinct=True)} == {"this", "that"}


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Dürer", "dürer"),
        ("well-known", "known"),
        ("1,000", "000"),
        ("@-@", "@-@"),
        ('said."', '."'),
        ("STRASSE", "strasse"),
    ],
)
def test_an_ending_is_the_last_run_of_letters_or_of_punctuation(word: str, expected: str) -> None:
    assert ending(word) == expected
