"""Documentation of installed scientific packages as documents of prose; never the standard library's."""

import ast
import hashlib
import importlib.metadata
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from todacomm.texts.prose import paragraphs

DISTRIBUTIONS = (
    "numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "statsmodels", "scikit-image", "networkx", "sympy",
    "astropy", "xarray", "dask", "joblib", "datasets", "transformers", "torch", "mlflow",
)  # fmt: skip
HELD_OUT_SHARE = 50
"""One document in so many is held out."""

_LEFT_OUT = {"tests", "test", "testing", "_vendor", "externals"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents to train on and documents held out; no paragraph stands in both.

    Attributes
    ----------
    sources : list of dict
        ``name``, ``version``, ``license`` and ``characters`` of every distribution read.
    """

    train: list[str]
    held_out: list[str]
    sources: list[dict[str, str | int]]


def read_corpus(distributions: Sequence[str] = DISTRIBUTIONS, seed: int = 0, excluded: Iterable[str] = ()) -> Corpus:
    """Docstrings of the distributions, cleaned, each paragraph once, shuffled and split by document.

    Parameters
    ----------
    excluded : iterable of str
        Paragraphs left out wherever they stand: packages carry copies of other people's code and its documentation.

    Raises
    ------
    ValueError
        A distribution is not installed.
    """
    earlier = {_digest(text) for text in excluded}
    documents: list[str] = []
    sources: list[dict[str, str | int]] = []
    for name in distributions:
        distribution = _distribution(name)
        fresh = [text for doc in docstrings(distribution) if (text := _unseen(doc, earlier))]
        documents += fresh
        sources.append({
            "name": name,
            "version": distribution.version,
            "license": _license(distribution),
            "characters": sum(map(len, fresh)),
        })  # fmt: skip
    random.Random(seed).shuffle(documents)
    n_held_out = len(documents) // HELD_OUT_SHARE
    return Corpus(documents[n_held_out:], documents[:n_held_out], sources)


def docstrings(distribution: Distribution) -> Iterator[str]:
    """Docstrings in a distribution's source files, tests left out; nothing is imported."""
    for file in sorted(distribution.files or [], key=str):
        if file.suffix != ".py" or _LEFT_OUT.intersection(file.parts):
            continue
        try:
            tree = ast.parse(Path(str(file.locate())).read_text(encoding="utf8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue  # templates and files for other Pythons are no source here
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                documentation = ast.get_docstring(node)
                if documentation:
                    yield documentation


def _unseen(documentation: str, earlier: set[bytes]) -> str:
    """The paragraphs that no earlier document has, remembered in ``earlier``."""
    fresh = []
    for text in paragraphs(documentation):
        digest = _digest(text)
        if digest not in earlier:
            earlier.add(digest)
            fresh.append(text)
    return "\n".join(fresh)


def _digest(text: str) -> bytes:
    return hashlib.sha1(text.lower().encode(), usedforsecurity=False).digest()


def _distribution(name: str) -> Distribution:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as error:
        raise ValueError(
            f"the distribution {name} is not installed: `pip install -e '.[demo-training]'` in the checkout brings all "
            "that the bundled models train on"
        ) from error


def _license(distribution: Distribution) -> str:
    """The expression of newer metadata, a short name of older, or what the classifiers say."""
    metadata = distribution.metadata
    expressions = metadata.get_all("License-Expression") or []
    names = [text for text in metadata.get_all("License") or [] if text and len(text) < 60]
    classifiers = [text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or [] if "License ::" in text]
    return next(iter([*expressions, *names, *classifiers]), "see the package")
