"""Data sets of texts: wikitext2, squad, pydoc, a file or any Hugging Face data set, drawn as passages or lines.

A data set is a sequence of documents (articles, docstrings, topics, rows); a text is drawn from one of them. What is
drawn depends on the data set and the seed alone, never on a model or its tokenizer, so that every model reads the same
texts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from todacomm.core.facts import RunWarning
from todacomm.system.digests import digest_of_json
from todacomm.texts.documents import Document, Source, Value
from todacomm.texts.sources import DATASETS, read_source
from todacomm.texts.units import PASSAGE_WORDS, Text, lines, passages, rows

if TYPE_CHECKING:
    from todacomm.settings.analysis import TextsConfig

FEWEST_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one analysis; text i is row i of every cloud.

    Attributes
    ----------
    name, source, revision : str
        Data set, where it was read from, and its version: a hub commit, a Python version or a file's digest.
    unit : str
        ``passage``, ``line`` or ``row``.
    ids : tuple of str
        Where each text stands: ``wikitext2/Robert_Boulter#w120`` begins after 120 words of prose of that article,
        ``...#l3`` after 3 of its lines.
    digest : str
        16 hexadecimal digits of the SHA-256 of the texts in order, as a JSON list: equal digests, equal texts.
    n_documents : int
        Number of documents that the texts come from.
    documents : tuple of str
        Document of each text.
    positions : tuple of float
        Where in its document each text begins, from 0 to below 1.
    columns : dict of tuple
        Columns that the user named, by name: one value for each text.
    """

    name: str
    source: str
    revision: str
    unit: str
    texts: tuple[str, ...]
    ids: tuple[str, ...]
    digest: str
    n_documents: int
    documents: tuple[str, ...] = ()
    positions: tuple[float, ...] = ()
    columns: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    warnings: tuple[RunWarning, ...] = ()


def load_texts(config: "TextsConfig", seed: int) -> Texts:
    """Draw ``config.samples`` texts; a smaller number draws the first of them.

    Raises
    ------
    ValueError
        The data set is unknown, cannot be reached, read or understood, or holds too few texts; the message says what
        to do.
    """
    check_system(config)
    if config.chat:
        config = replace(config, unit="row")
    source = read_source(config)
    chosen = list(islice(_drawn(source.documents, config, seed), config.samples))
    if len(chosen) < config.samples:
        raise ValueError(_too_few(source, config, len(chosen)))
    texts = tuple(text.text for text in chosen)
    check_chat(texts, config)
    return Texts(
        name=source.name,
        source=source.location,
        revision=source.revision,
        unit=config.unit,
        texts=texts,
        ids=tuple(f"{source.name}/{text.document.name}#{text.place}" for text in chosen),
        digest=digest_of_json(texts),
        n_documents=len({text.document.name for text in chosen}),
        documents=tuple(text.document.name for text in chosen),
        positions=tuple(text.position for text in chosen),
        columns={name: tuple(dict(text.document.columns)[name] for text in chosen) for name in config.text_columns},
        warnings=repeated_texts(texts),
    )


def _drawn(documents: Sequence[Document], config: "TextsConfig", seed: int) -> Iterator[Text]:
    if config.unit == "passage":
        return passages(documents, seed, distinct=config.endings == "distinct")
    return lines(documents) if config.unit == "line" else rows(documents)


def _too_few(source: Source, config: "TextsConfig", n_texts: int) -> str:
    kind = f"passages of {PASSAGE_WORDS} words" if config.unit == "passage" else f"{config.unit}s"
    distinct = " that end at different words" if config.endings == "distinct" else ""
    advice = [f"set samples to {n_texts} or fewer"] if n_texts >= FEWEST_SAMPLES else []
    advice += ["set endings=any"] if distinct else []
    advice += ["set unit=line"] if config.unit == "passage" else []
    ways = ", ".join(advice) + (", or " if advice else "")
    return (
        f"too few texts: {config.dataset} holds {n_texts} {kind}{distinct} in {len(source.documents)} documents, "
        f"{config.samples} were asked for: {ways}give more text"
    )


def check_system(config: "TextsConfig") -> None:
    """Refuse a system message where there are no conversations.

    Raises
    ------
    ValueError
        ``system`` is given without ``chat``.
    """
    if config.system and not config.chat:
        raise ValueError("system is for conversations: set chat=true, or leave it out")


def check_chat(texts: Sequence[str], config: "TextsConfig") -> None:
    """Refuse conversations that would be read as the JSON they are stored in.

    Raises
    ------
    ValueError
        ``chat`` is not set.
    """
    if not config.chat and any(text.startswith('[{"role": ') for text in texts):
        raise ValueError("the texts are conversations: set chat=true for the model's chat template")


def repeated_texts(texts: Sequence[str]) -> tuple[RunWarning, ...]:
    """A warning where a text stands in the set more than once."""
    n_repeated = len(texts) - len(set(texts))
    if not n_repeated:
        return ()
    return (RunWarning("repeated_texts", f"{n_repeated} of {len(texts)} texts repeat another one word for word"),)
