"""Files of every kind give the same texts, and what is wrong with one is said."""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from todacomm.texts.files import read_file

ROWS = [
    "First text, with a comma.",
    'Second "text"\nover two lines.',
    "",
    "Vierter Text: Straße, 東京, x̄.",
    "z" * 200_000,
]


def write_table(path: Path, rows: Sequence[object], column: str = "text") -> Path:
    """The rows in the format of the file's ending, beside a column of numbers."""
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"n": list(range(len(rows))), column: list(rows)}), path)
    elif path.suffix == ".jsonl":
        path.write_text(
            "".join(json.dumps({"n": i, column: row}) + "\n" for i, row in enumerate(rows)), encoding="utf-8"
        )
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writerows([["n", column], *([i, row] for i, row in enumerate(rows))])
    return path


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TABLES = [".csv", ".tsv", ".jsonl", ".parquet"]


@pytest.mark.parametrize("suffix", TABLES)
@pytest.mark.parametrize("column", ["text", "review"])
def test_a_row_is_a_document_whatever_the_format(tmp_path: Path, suffix: str, column: str) -> None:
    source = read_file(write_table(tmp_path / f"reviews{suffix}", ROWS, column), column if column != "text" else "")
    assert source.name == "reviews"
    assert [document.lines for document in source.documents] == [(row,) for row in ROWS if row]
    assert [document.name for document in source.documents] == ["row-1", "row-2", "row-4", "row-5"]


@pytest.mark.parametrize("suffix", TABLES)
def test_a_column_that_does_not_exist_lists_those_that_do(tmp_path: Path, suffix: str) -> None:
    path = write_table(tmp_path / f"reviews{suffix}", ["a"], "review")
    with pytest.raises(ValueError, match="no column 'body': set text_column to one of n, review"):
        read_file(path, "body")
    with pytest.raises(ValueError, match="no column named text: set text_column to one of n, review"):
        read_file(path)


def test_the_only_column_needs_no_name(tmp_path: Path) -> None:
    assert len(read_file(write(tmp_path / "a.csv", "body\none\ntwo\n")).documents) == 2


def test_blank_lines_in_a_table_are_no_rows_of_text(tmp_path: Path) -> None:
    assert [document.lines for document in read_file(write(tmp_path / "a.csv", "\ntext\n\none\n")).documents] == [
        ("one",)
    ]


def test_a_text_file_is_one_document_of_its_lines(tmp_path: Path) -> None:
    (document,) = read_file(write(tmp_path / "a.txt", "One paragraph\nin two lines.\n\nAnother.\n")).documents
    assert document.lines == ("One paragraph", "in two lines.", "Another.")
    assert document.words == ["One", "paragraph", "in", "two", "lines.", "Another."]


def test_line_endings_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain, dos = ("= no heading =\nwords\n\nmore\n", b"\xef\xbb\xbf= no heading =\r\nwords\r\n\r\nmore\r\n")
    assert read_file(write(tmp_path / "a.txt", plain)).documents == read_file(write(tmp_path / "b.txt", dos)).documents


def test_a_folder_with_the_test_split_of_wikitext_2_means_that_file(shared_data: Path) -> None:
    folder = shared_data / "wikitext-2"
    assert read_file(folder) == read_file(folder / "wiki.test.raw")
    assert read_file(folder).revision == "sha256:173c87a53759e020"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b" \n\n", "a.txt is empty"),
        ("a.jsonl", "\u00a0\n", "a.jsonl is empty"),
        ("a.jsonl", b"\xef\xbb\xbf", "a.jsonl is empty"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.txt is no text: byte 8 is zero"),
        (
            "a.txt",
            "plain\ncaf\u00e9\n".encode("latin-1"),
            r"not in UTF-8: byte 0xe9 at offset 9 \(line 2\): convert it, for",
        ),
        ("a.txt", "caf\u00e9".encode("utf-16"), r"in UTF-16: convert it, for example with `iconv -f UTF-16"),
        ("a.txt", "caf\u00e9".encode("utf-32"), r"in UTF-32: convert it, for example with `iconv -f UTF-32"),
        ("a.json", '[{"text": "a"}]', r"cannot be read as SQuAD's JSON .* give a .jsonl file"),
        ("a.json", "{", "cannot be read as SQuAD's JSON"),
        ("a.jsonl", '{"text": "a"}\n{"text": \n', "cannot be read as JSON in line 2"),
        ("a.jsonl", '{"text": "a"}\n["b"]\n', "line 2 is no object"),
        ("a.jsonl", '{"text": "a"}\n\n{"txt": "b"}\n', "line 3 has no 'text': its keys are txt"),
        ("a.jsonl", '{"text": 3}\n', "'text' holds a int in row 1: expected text"),
        ("a.csv", "text,n\nfine,1\nnot, quoted,2\n", "line 3 has 3 fields, the header 2: put quotation marks"),
        ("a.csv", "text,n,text\na,1,b\n", "several columns named 'text'"),
        ("a.csv", 'text\n"never closed\n', "line 2 is no CSV"),
        ("a.parquet", b"PAR1 it is not", "a.parquet cannot be read as a parquet file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, name: str, content: str | bytes, said: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=said):
        read_file(path)


def test_a_parquet_column_of_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'n' holds a int in row 1"):
        read_file(write_table(tmp_path / "a.parquet", ["a"]), "n")


def test_a_column_of_a_file_without_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"text_column is 'text', but .* has no columns"):
        read_file(write(tmp_path / "a.txt", "words"), "text")


def test_a_folder_names_its_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is a folder: give one of its files \(it has none\)"):
        read_file(tmp_path)
    write(tmp_path / "b.txt", "words")
    write(tmp_path / "a.csv", "text\nwords")
    with pytest.raises(ValueError, match=r"is a folder: give one of its files \(a.csv, b.txt\)"):
        read_file(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="every file is readable to this user")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "words")
    path.chmod(0)
    with pytest.raises(ValueError, match=r"cannot read .*a.txt: Permission denied"):
        read_file(path)
