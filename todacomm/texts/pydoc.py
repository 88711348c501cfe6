"""Prose from the running Python's own documentation: nothing to download, and its revision is the Python version."""

import ast
import json
import platform
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from todacomm.system.digests import digest_of
from todacomm.system.foreign import foreign_file
from todacomm.system.remembered import DOCUMENTS, remembered_bytes
from todacomm.texts import prose
from todacomm.texts.documents import Document, Source, uniquely_named
from todacomm.texts.prose import paragraphs

_SHIPPED_SEPARATELY = {"distutils", "ensurepip", "idlelib", "lib2to3", "tkinter", "turtle", "turtledemo", "venv"}
"""Modules that some distributions put into packages of their own: without them one version has one set of texts."""
_TABLES = {"encodings", "pydoc_data"}
_TESTS = {"idle_test", "test", "tests"}


def read_pydoc(revision: str = "") -> Source:
    """The topics of ``help()`` and the docstrings of the standard library, cleaned of code, tables and markup.

    Raises
    ------
    ValueError
        A revision is given, or this Python carries no documentation.
    """
    if revision:
        raise ValueError(f"dataset_revision is {revision!r}: the revision of pydoc is the running Python's version")
    return Source("pydoc", "help() topics and docstrings of the standard library", _version(), _documents())


@cache
def _documents() -> tuple[Document, ...]:
    stdlib = Path(sysconfig.get_path("stdlib"))

    def packed() -> bytes:
        return json.dumps([(document.name, document.lines) for document in uniquely_named(_read(stdlib))]).encode()

    known = json.loads(remembered_bytes(DOCUMENTS, _state(stdlib), packed))
    return tuple(Document(name, tuple(lines)) for name, lines in known)


def _read(stdlib: Path) -> Iterator[Document]:
    """One document a topic and docstring; a paragraph that stands in several places counts in the first."""
    earlier: set[str] = set()
    for name, documentation in [*_topics(), *_docstrings(stdlib)]:
        fresh = tuple(dict.fromkeys(text for text in paragraphs(documentation) if text not in earlier))
        earlier.update(fresh)
        if fresh:
            yield Document(name, fresh)


def _state(stdlib: Path) -> list[Any]:
    """What the documents depend on: this Python, its source files as they are now, and how they are read."""
    own = [digest_of(Path(str(module.__file__)).read_bytes()) for module in (sys.modules[__name__], prose)]
    read = [stdlib / "pydoc_data" / "topics.py", *_sources(stdlib)]
    files = [(str(path), path.stat()) for path in read if path.is_file()]
    return [sys.version, own, [[path, stat.st_size, stat.st_mtime_ns] for path, stat in files]]


def _topics() -> list[tuple[str, str]]:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise ValueError(_missing("the topics of help() (pydoc_data)")) from error
    return [(f"topics/{name}", topics[name]) for name in sorted(topics)]


def _docstrings(stdlib: Path) -> list[tuple[str, str]]:
    """Qualified name and docstring of every module, class, function and method; nothing is imported."""
    documented = [pair for path in _sources(stdlib) for pair in docstrings_of(path, stdlib)]
    if not documented:
        raise ValueError(_missing(f"the standard library's source files in {stdlib}"))
    return documented


def _sources(stdlib: Path) -> Iterator[Path]:
    for module in sorted(sys.stdlib_module_names - _SHIPPED_SEPARATELY - _TABLES):
        single = stdlib / f"{module}.py"
        if single.is_file():
            yield single
        else:
            files = sorted((stdlib / module).rglob("*.py"))
            yield from (path for path in files if not _TESTS.intersection(path.relative_to(stdlib).parts))


def docstrings_of(path: Path, stdlib: Path) -> list[tuple[str, str]]:
    """Qualified name and docstring of a file's module, classes, functions and methods.

    Raises
    ------
    UserError
        The file is no Python that can be parsed.
    """
    module = ".".join(path.relative_to(stdlib).with_suffix("").parts).removesuffix(".__init__")
    with foreign_file(path, "Python", "install the standard library again, or choose another data set"):
        tree = ast.parse(path.read_bytes())
        nodes = [(module, tree), *_definitions(tree.body, module)]
        return [(name, documentation) for name, node in nodes if (documentation := ast.get_docstring(node))]


def _definitions(
    body: Iterable[ast.stmt], prefix: str
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}.{node.name}"
            yield name, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, name)


def _version() -> str:
    return f"Python {platform.python_version()}"


def _missing(what: str) -> str:
    return (
        f"dataset pydoc: {_version()} at {sys.executable} comes without {what}: install the complete standard library "
        "(libpython3-stdlib on Debian), or choose another data set"
    )
