"""Documents are read once for each state of their source, and a bad file of the cache is read over."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from todacomm.analysis.cache import clear
from todacomm.texts import pydoc
from todacomm.texts.documents import Document
from todacomm.texts.remembered import DOCUMENTS, remembered

WRITTEN = (Document("one", ("a line", "another")), Document("two~2", ("with \ud800 half a character",)))


class Reader:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Iterator[Document]:
        self.times += 1
        return iter(WRITTEN)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)
    return tmp_path / DOCUMENTS


def test_a_second_reading_of_one_state_comes_from_disk() -> None:
    read = Reader()
    assert remembered(["a"], read) == remembered(["a"], read) == WRITTEN
    assert read.times == 1
    assert remembered(["b"], read) == WRITTEN
    assert read.times == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("another", "one more"),
        lambda text: "[]",
        lambda text: json.dumps({"digest": "", "documents": 3}),
    ],
)
def test_a_damaged_file_is_written_again(folder: Path, damage) -> None:
    read = Reader()
    remembered(["a"], read)
    (file,) = folder.iterdir()
    whole = file.read_text()
    file.write_text(damage(whole))
    assert remembered(["a"], read) == WRITTEN
    assert read.times == 2
    assert file.read_text() == whole


def test_nothing_is_stored_where_the_cache_keeps_nothing_or_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    read = Reader()
    folder.write_text("a file in the place of the folder")
    assert remembered(["a"], read) == WRITTEN
    folder.unlink()
    monkeypatch.setenv("TODACOMM_CACHE_GB", "0")
    assert remembered(["a"], read) == WRITTEN
    assert read.times == 2
    assert not folder.exists()


def test_the_documentation_from_disk_is_the_one_that_was_read(folder: Path) -> None:
    first = pydoc._documents.__wrapped__()
    (file,) = folder.iterdir()
    written = file.stat().st_mtime_ns
    assert pydoc._documents.__wrapped__() == first
    assert file.stat().st_mtime_ns == written
    assert clear() > 0
    assert not any(folder.iterdir())


def test_another_source_file_is_another_state(tmp_path: Path) -> None:
    (tmp_path / "abc.py").write_text('"""One."""')
    before = pydoc._state(tmp_path)
    (tmp_path / "abc.py").write_text('"""Another."""')
    assert pydoc._state(tmp_path) != before
