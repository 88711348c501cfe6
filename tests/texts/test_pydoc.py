"""The running Python's documentation is a data set of at least 500 passages, on every Python offered."""

import json
import os
import platform
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from todacomm.texts import pydoc
from todacomm.texts.documents import Source
from todacomm.texts.units import PASSAGE_WORDS, passages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def source() -> Source:
    return pydoc.read_pydoc()


def test_its_revision_is_the_python_version(source: Source) -> None:
    assert (source.name, source.revision) == ("pydoc", f"Python {platform.python_version()}")
    with pytest.raises(ValueError, match=r"dataset_revision is '3\.12': the revision of pydoc is the running Python"):
        pydoc.read_pydoc("3.12")


def test_topics_and_docstrings_are_documents_under_their_own_names(source: Source) -> None:
    names = [document.name for document in source.documents]
    assert len(names) == len(set(names))
    assert {"topics/exceptions", "shelve", "threading.Thread", "random.Random.sample"} <= set(names)


def test_every_paragraph_stands_in_one_document(source: Source) -> None:
    paragraphs = [line for document in source.documents for line in document.lines]
    assert len(paragraphs) == len(set(paragraphs))


def test_nothing_is_read_that_other_packages_bring_or_tests(source: Source) -> None:
    modules = {document.name.split(".")[0] for document in source.documents}
    assert not modules & {"numpy", "torch", "tkinter", "idlelib", "distutils", "test", "site-packages"}
    assert not any(".tests." in document.name or ".test." in document.name for document in source.documents)


def test_500_passages_come_from_500_documents(source: Source) -> None:
    for distinct in (False, True):
        drawn = list(islice(passages(source.documents, 0, distinct), 500))
        assert len({text.document.name for text in drawn}) == 500
    assert sum(len(document.words) // PASSAGE_WORDS for document in source.documents) >= 1000


def test_a_python_without_sources_or_topics_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"comes without the standard library's source files .*: install"):
        pydoc._docstrings(tmp_path)
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(ValueError, match=r"comes without the topics of help\(\)"):
        pydoc._topics()


DRAW = """
import json
from itertools import islice
from todacomm.texts.pydoc import read_pydoc
from todacomm.texts.units import passages
documents = read_pydoc().documents
print(json.dumps([len(list(islice(passages(documents, 42, distinct), 500))) for distinct in (False, True)]))
"""


def interpreters() -> list[str]:
    """The Pythons offered: those on the path and those of pyenv."""
    minors = (11, 12, 13)
    on_path = [shutil.which(f"python3.{minor}") for minor in minors]
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    found = [
        sys.executable,
        *filter(None, on_path),
        *(str(p) for m in minors for p in pyenv.glob(f"3.{m}.*/bin/python")),
    ]
    return sorted({os.path.realpath(path) for path in found if "shims" not in path})


@pytest.mark.heavy
@pytest.mark.parametrize("python", interpreters())
@pytest.mark.parametrize("options", [[], ["-OO"]], ids=["plain", "stripped"])
def test_every_python_offered_draws_500_passages(python: str, options: list[str]) -> None:
    """The standard library suffices: nothing has to be installed for these interpreters."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}){DRAW}"
    answer = subprocess.run([python, "-I", "-B", *options, "-c", code], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == [500, 500]
