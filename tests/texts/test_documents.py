"""How rows become documents: WikiText's articles, SQuAD's contexts, one document a row."""

from pathlib import Path

import pytest

from todacomm.texts.documents import (
    Document,
    row_documents,
    squad_documents,
    text_rows,
    uniquely_named,
)
from todacomm.texts.files import read_file
from todacomm.texts.units import lines, rows


def hub_rows(path: Path) -> list[str]:
    """The rows of WikiText on the hub: a blank line is "", any other its text and a newline."""
    kept = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [f"{line}\n" if line.strip() else "" for line in kept]


def test_the_test_split_of_wikitext_2_has_60_articles(shared_data: Path) -> None:
    """Merity et al. 2016, table 1; two formulas that look like headings are none."""
    articles = row_documents(hub_rows(shared_data / "wikitext-2" / "wiki.test.raw"))
    assert len(articles) == 60
    assert [article.name for article in articles[:3]] == ["Robert_Boulter", "Du_Fu", "Kiss_You_(_One_Direction_song_)"]
    assert not any("rad_/_s" in article.name for article in articles)


def test_a_local_copy_of_wikitext_has_the_articles_of_the_hubs_rows(shared_data: Path) -> None:
    path = shared_data / "wikitext-2" / "wiki.test.raw"
    assert read_file(path).documents == row_documents(hub_rows(path))


def test_rows_of_wikitext_are_all_that_is_not_blank_and_lines_have_no_headings(shared_data: Path) -> None:
    path = shared_data / "wikitext-2" / "wiki.test.raw"
    articles = read_file(path).documents
    published = [row for row in hub_rows(path) if row.strip()]  # todacomm 0.1.0's choice
    assert [text.text for text in rows(articles)] == published
    assert len(published) - len(list(lines(articles))) == 704  # 60 titles and 644 sections
    assert not any(text.text.startswith(" = ") and text.text.endswith(" = \n") for text in lines(articles[:10]))


def test_text_between_equality_signs_is_a_heading_only_between_blank_lines() -> None:
    (article,) = row_documents(
        ["", " = A = \n", "", " and \n", " = 1 henry = \n", " hence \n", "", " = = B = = \n", ""]
    )
    assert article == Document("A", (" = A = \n", " and \n", " = 1 henry = \n", " hence \n", " = = B = = \n"),
                               frozenset({0, 4}))  # fmt: skip
    assert article.words == ["and", "=", "1", "henry", "=", "hence"]


def test_every_context_of_squad_comes_once_behind_its_first_question(shared_data: Path) -> None:
    documents = read_file(shared_data / "squad-v2-dev" / "dev-v2.0.rebuilt.json").documents
    assert len(documents) == 1204
    assert documents[0].name == "Normans-1"
    assert documents[0].lines[0].startswith("In what country is Normandy located? The Normans (Norman: Nourmands;")


def test_questions_on_one_context_make_one_document() -> None:
    documents = squad_documents(
        [("T", "Context.", "First?"), ("T", "Context.", "Second?"), ("T", "Other.", " Third? ")]
    )
    assert documents == [Document("T-1", ("First? Context.",)), Document("T-2", ("Third? Other.",))]


def test_names_become_unique() -> None:
    assert [d.name for d in uniquely_named([Document("a", ()), Document("b", ()), Document("a", ())])] == [
        "a",
        "b",
        "a~2",
    ]


def test_a_missing_text_is_blank() -> None:
    assert text_rows(["a", None, ""], "here") == ["a", "", ""]
    assert [document.name for document in row_documents(["a", "", " \n", "b"])] == ["row-1", "row-4"]


@pytest.mark.parametrize(
    ("value", "said"), [(3, "int in row 2"), (["a"], "list in row 2"), ("\ud800", "half of a character in row 2")]
)
def test_what_is_no_text_is_named(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=f"file: 'text' holds .*{said}"):
        text_rows(["fine", value], "file: 'text'")


def test_a_slice_of_wikitext_that_begins_within_an_article_keeps_its_headings_apart() -> None:
    rest, article = row_documents([" rest \n", "", " = = End = = \n", "", " = B = \n", "", " text \n"])
    assert (rest.name, rest.words, article.name, article.words) == ("untitled", ["rest"], "B", ["text"])


def test_words_are_runs_without_white_space():
    assert Document("a", (" one  two\nthree ",)).words == ["one", "two", "three"]
