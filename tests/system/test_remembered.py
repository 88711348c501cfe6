"""What takes seconds to make is made once for each state of its source, and a bad file of the cache is made over."""

from pathlib import Path

import pytest

from todacomm.analysis.cache import clear
from todacomm.system.remembered import DOCUMENTS, remembered_bytes
from todacomm.texts import pydoc

MADE = b"one\r\nand \xff another"


class Maker:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return MADE


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)
    return tmp_path / DOCUMENTS


def test_a_second_call_of_one_state_comes_from_disk() -> None:
    make = Maker()
    assert remembered_bytes(DOCUMENTS, ["a"], make) == remembered_bytes(DOCUMENTS, ["a"], make) == MADE
    assert make.times == 1
    assert remembered_bytes(DOCUMENTS, ["b"], make) == MADE
    assert make.times == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole.replace(b"another", b"one more"),
        lambda whole: b"",
        lambda whole: whole[:64],
        lambda whole: b"0" * 64 + MADE,
    ],
)
def test_a_damaged_file_is_written_again(folder: Path, damage) -> None:
    make = Maker()
    remembered_bytes(DOCUMENTS, ["a"], make)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert remembered_bytes(DOCUMENTS, ["a"], make) == MADE
    assert make.times == 2
    assert file.read_bytes() == whole


def test_nothing_is_stored_where_the_cache_keeps_nothing_or_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    make = Maker()
    folder.write_text("a file in the place of the folder")
    assert remembered_bytes(DOCUMENTS, ["a"], make) == MADE
    folder.unlink()
    monkeypatch.setenv("TODACOMM_CACHE_GB", "0")
    assert remembered_bytes(DOCUMENTS, ["a"], make) == MADE
    assert make.times == 2
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
