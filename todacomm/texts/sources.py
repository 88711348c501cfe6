"""Which data set a name means."""

import os.path
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from todacomm.texts.documents import Source
from todacomm.texts.files import read_file
from todacomm.texts.hub import read_hub, read_squad, read_wikitext2
from todacomm.texts.pydoc import read_pydoc

if TYPE_CHECKING:
    from todacomm.settings.analysis import TextsConfig

DATASETS: dict[str, Callable[[str], Source]] = {
    "pydoc": read_pydoc,
    "squad": read_squad,
    "wikitext2": read_wikitext2,
}
"""Data sets by name; each is read at a revision, the newest where that is empty."""


def read_source(config: "TextsConfig") -> Source:
    """The documents of ``config.dataset``: a known data set, ``hf:...`` or a file.

    Raises
    ------
    ValueError
        There is no such data set, it cannot be read, or an option is given that means nothing to it.
    """
    dataset, revision, column = config.dataset, config.dataset_revision, config.text_column
    if dataset in DATASETS:
        if column:
            raise ValueError(f"text_column is {column!r}: {dataset} has its own; it is for files and hf: data sets")
        if config.text_columns:
            raise ValueError(f"text_columns is {','.join(config.text_columns)}: {dataset} has no other columns")
        return DATASETS[dataset](revision)
    if dataset.startswith("hf:"):
        return read_hub(dataset, revision, columns=config.text_columns, text_column=column)
    path = os.path.expanduser(dataset)
    if not os.path.exists(path):
        raise ValueError(unknown_dataset(dataset))
    if revision:
        raise ValueError(f"dataset_revision is {revision!r}: a file has none, it is known by its digest")
    return read_file(Path(path), column, config.text_columns)


def unknown_dataset(dataset: str) -> str:
    """What to say of a name that is no data set."""
    close = get_close_matches(dataset, DATASETS, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return (
        f"unknown dataset {dataset!r}: {hint}choose {', '.join(DATASETS)}, a file that exists "
        "(.txt, .jsonl, .csv, .tsv, .parquet) or hf:path[:config]:split:field"
    )
