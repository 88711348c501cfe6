"""What a set of texts is called wherever it is named: in runs, tags, tables, figures and on the console."""

import os.path
from pathlib import Path

from todacomm.settings.values import OBJECT

WIKITEXT_COPY = "wiki.test.raw"
"""The file that a folder with a copy of WikiText-2 stands for."""
_HUB = "hf:"
_ENDINGS = {".txt", ".text", ".md", ".raw", ".json", ".jsonl", ".csv", ".tsv", ".parquet"}


def dataset_name(dataset: str) -> str:
    """The short name of a set of texts: a file's name without its ending, a hub data set's without its owner.

    >>> dataset_name("pydoc"), dataset_name("../texts/wiki.test.raw"), dataset_name("wiki.test")
    ('pydoc', 'wiki.test', 'wiki.test')
    >>> dataset_name("hf:stanfordnlp/imdb:train[:1000]:text")
    'imdb:train[:1000]:text'
    """
    if dataset.startswith(OBJECT):
        return dataset.removeprefix(OBJECT)
    if dataset.startswith(_HUB):
        path, colon, rest = dataset.removeprefix(_HUB).partition(":")
        return f"{Path(path).name}{colon}{rest}"
    path_of_file = Path(dataset)
    if os.path.isfile(os.path.join(os.path.expanduser(dataset), WIKITEXT_COPY)):  # false for a path that is too long
        path_of_file /= WIKITEXT_COPY
    if path_of_file.name in ("", ".", ".."):
        path_of_file = path_of_file.resolve()
    ending = path_of_file.suffix.lower() in _ENDINGS
    return (path_of_file.stem if ending else path_of_file.name) or dataset
