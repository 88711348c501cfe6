"""From settings to texts: names, ids, digests, units, and what too little or wrong input gets."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from todacomm.settings.analysis import TextsConfig
from todacomm.texts import DATASETS, load_texts


@pytest.fixture
def wikitext(shared_data: Path) -> TextsConfig:
    return TextsConfig(dataset=str(shared_data / "wikitext-2" / "wiki.test.raw"))


@pytest.fixture
def small(tmp_path: Path) -> TextsConfig:
    """Thirty rows of 70 words, all ending alike, and ten of five words."""
    rows = [f"{i} " * 69 + "end" for i in range(30)] + ["five words in this row"] * 10
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    return TextsConfig(dataset=str(path), samples=20)


def test_texts_say_where_they_come_from(wikitext: TextsConfig) -> None:
    texts = load_texts(wikitext, seed=42)
    assert (texts.name, texts.unit, texts.revision) == ("wiki.test", "passage", "sha256:173c87a53759e020")
    assert texts.source == str(Path(wikitext.dataset).resolve())
    assert len(texts.texts) == len(set(texts.ids)) == 500
    assert texts.n_documents == 60
    assert texts.ids[0].startswith("wiki.test/Imagism#w")
    assert texts.warnings == ()


def test_the_digest_is_that_of_the_texts(wikitext: TextsConfig) -> None:
    texts = load_texts(wikitext, seed=42)
    assert load_texts(wikitext, seed=42) == texts
    assert texts.digest == "f8fea6632494b54d"
    others = [load_texts(wikitext, seed=43), *(load_texts(replace(wikitext, **change), 42) for change in (
        {"samples": 499}, {"unit": "line"}, {"unit": "row"}, {"endings": "distinct"}))]  # fmt: skip
    assert len({texts.digest, *(other.digest for other in others)}) == 6


def test_lines_and_rows_do_not_depend_on_the_seed(wikitext: TextsConfig) -> None:
    for unit in ("line", "row"):
        config = replace(wikitext, unit=unit, samples=75)
        assert load_texts(config, seed=1) == load_texts(config, seed=2)
    assert load_texts(config, 0).texts[0] == " = Robert Boulter = \n"
    assert load_texts(config, 0).ids[1] == "wiki.test/Robert_Boulter#l1"


def last_tokens(texts: tuple[str, ...], tokenizer: Any, max_length: int) -> list[int]:
    return [ids[:max_length][-1] for ids in tokenizer(list(texts), verbose=False)["input_ids"]]


def test_passages_end_in_many_tokens_and_rows_in_one(wikitext: TextsConfig, shared_data: Path) -> None:
    """What the units are for, in tokens of the real GPT-2: 50 of the first 75 rows end in the newline."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(shared_data / "tokenizer-gpt2")
    passages = last_tokens(load_texts(wikitext, 0).texts, tokenizer, 512)
    assert 260 <= len(set(passages)) <= 330
    distinct = last_tokens(load_texts(replace(wikitext, endings="distinct"), 0).texts, tokenizer, 512)
    assert len(set(distinct)) >= 485
    rows = last_tokens(load_texts(replace(wikitext, unit="row", samples=75), 0).texts, tokenizer, 128)
    assert rows.count(tokenizer.encode("\n")[0]) == 50


def test_too_few_texts_says_how_many_there_are(small: TextsConfig) -> None:
    with pytest.raises(
        ValueError, match=r"holds 30 passages of 64 words in 40 documents, 31 were asked for: set samples"
    ):
        load_texts(replace(small, samples=31), 0)
    with pytest.raises(
        ValueError, match="holds 40 lines in 40 documents, 41 were asked for: set samples to 40 or fewer"
    ):
        load_texts(replace(small, samples=41, unit="line"), 0)


def test_documents_of_less_than_64_words_have_no_passage(small: TextsConfig) -> None:
    assert all(len(text.split()) == 64 for text in load_texts(replace(small, samples=30), 0).texts)


def test_a_file_without_texts_is_told_to_hold_more(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    path.write_text('{"text": null}\n' * 12)
    with pytest.raises(ValueError, match=r"asked for: give more text$"):
        load_texts(TextsConfig(dataset=str(path), unit="row"), seed=0)


def test_too_few_endings_says_how_many_there_are(small: TextsConfig) -> None:
    with pytest.raises(
        ValueError, match=r"holds \d+ passages of 64 words that end at different words .* set endings=any"
    ):
        load_texts(replace(small, samples=40, endings="distinct"), 0)


def test_distinct_endings_are_for_passages(small: TextsConfig) -> None:
    with pytest.raises(ValueError, match="endings=distinct is for passages, unit is line"):
        load_texts(replace(small, unit="line", endings="distinct"), 0)


def test_repeated_texts_are_warned_about(small: TextsConfig) -> None:
    (warning,) = load_texts(replace(small, unit="line", samples=40), 0).warnings
    assert (warning.code, warning.text) == ("repeated_texts", "9 of 40 texts repeat another one word for word")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"dataset": "wikitex2"},
            r"unknown dataset 'wikitex2': did you mean wikitext2\? choose pydoc, squad, wikitext2, a",
        ),
        (
            {"dataset": "../no/such/file.txt"},
            r"unknown dataset '../no/such/file.txt': choose pydoc, .* a file that exists",
        ),
        ({"dataset": ""}, "unknown dataset ''"),
        (
            {"dataset": "pydoc", "text_column": "text"},
            "text_column is 'text': pydoc has its own; it is for files and hf: data sets",
        ),
        ({"dataset_revision": "main"}, "dataset_revision is 'main': a file has none"),
    ],
)
def test_what_cannot_be_meant_is_said(small: TextsConfig, change: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_texts(replace(small, **change), 0)


def test_the_known_data_sets() -> None:
    assert list(DATASETS) == ["pydoc", "squad", "wikitext2"]


def test_nothing_heavy_is_imported() -> None:
    heavy = {"torch", "transformers", "datasets", "pandas", "numpy"}
    code = f"import sys, todacomm.texts; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
