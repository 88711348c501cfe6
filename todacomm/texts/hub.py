"""Documents from data sets on the Hugging Face hub; their code is never run."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from todacomm.texts.documents import (
    Source,
    Value,
    filled_in,
    prompt_fields,
    row_documents,
    squad_documents,
    text_rows,
)
from todacomm.texts.names import dataset_name

WIKITEXT2 = "hf:Salesforce/wikitext:wikitext-2-raw-v1:test:text"
SQUAD = "hf:rajpurkar/squad_v2:validation:question"
_COLON = re.compile(r":(?![^\[]{0,60}\])")  # not the one in a slice such as train[:1000]


class HubName(NamedTuple):
    """The parts of ``hf:path[:config]:split:field``."""

    path: str
    config: str | None
    split: str
    field: str


def parse_name(dataset: str, text_column: str = "") -> HubName:
    """The parts of a hub data set's name; the split may be a slice, and the field may stand in a setting of its own.

    >>> parse_name("hf:stanfordnlp/imdb:train[:1000]:text")
    HubName(path='stanfordnlp/imdb', config=None, split='train[:1000]', field='text')
    >>> parse_name("hf:openai/gsm8k:main:test", "{question} {answer}").field
    '{question} {answer}'

    Raises
    ------
    ValueError
        It has another form.
    """
    parts = [*_COLON.split(dataset.removeprefix("hf:")), *filter(None, [text_column])]
    if len(parts) not in (3, 4) or not all(parts):
        form, example = "hf:path[:config]:split:field", "hf:stanfordnlp/imdb:train[:1000]:text"
        if text_column:
            form, example = "hf:path[:config]:split, as text_column names the field", "hf:openai/gsm8k:main:test"
        raise ValueError(f"dataset is {dataset!r}: expected {form}, such as {example}")
    path, *config, split, field = parts
    return HubName(path, config[0] if config else None, split, field)


def read_hub(
    dataset: str, revision: str = "", name: str = "", columns: Sequence[str] = (), text_column: str = ""
) -> Source:
    """One document a row of a hub data set (or of a local folder laid out like one); WikiText has its articles.

    Parameters
    ----------
    text_column : str, optional
        The field where the name has none, or a prompt that takes several: ``{question} {answer}``.

    Raises
    ------
    ValueError
        The hub cannot be reached, the data set, its config, split, field or revision does not exist, or the field holds
        no text.
    """
    hub_name = parse_name(dataset, text_column)
    fields = prompt_fields(hub_name.field)
    texts, cells, commit = _columns(hub_name, [] if fields else [hub_name.field], revision, (*fields, *columns))
    prompts = zip(*(cells[field] for field in fields), strict=True)
    rows = [filled_in(hub_name.field, dict(zip(fields, row, strict=True))) for row in prompts] if fields else texts[0]
    others = {column: cells[column] for column in columns}
    return Source(name or dataset_name(dataset), dataset, commit, row_documents(rows, others))


def read_wikitext2(revision: str = "") -> Source:
    """The 60 articles of WikiText-2's test split."""
    return read_hub(WIKITEXT2, revision, name="wikitext2")


def read_squad(revision: str = "") -> Source:
    """The contexts of SQuAD 2.0's validation split, each behind its first question."""
    columns, _, commit = _columns(parse_name(SQUAD), ["title", "context", "question"], revision)
    return Source("squad", SQUAD, commit, squad_documents(zip(*columns, strict=True)))


def _columns(
    name: HubName, fields: list[str], revision: str, others: Sequence[str] = ()
) -> tuple[list[list[str]], dict[str, list[Value]], str]:
    """Columns of text, other columns by name, and the commit they come from."""
    dataset, commit = _load(name, revision)
    for field in (*fields, *others):
        if field not in dataset.column_names:
            raise ValueError(f"{name.path} has no field {field!r}: choose from {', '.join(dataset.column_names)}")
    texts = [text_rows(dataset[field], f"{name.path}: {field!r}") for field in fields]
    return texts, {field: list(dataset[field]) for field in others}, commit


def _load(name: HubName, revision: str) -> tuple[Any, str]:
    from datasets import load_dataset_builder

    try:
        builder = load_dataset_builder(name.path, name.config, revision=revision or None)
        builder.download_and_prepare()
        dataset = builder.as_dataset(split=name.split)
    except ConnectionError as error:
        raise ValueError(
            f"cannot load {name.path}: the Hugging Face hub cannot be reached ({error}): connect, with HF_HUB_OFFLINE "
            "unset, or give a copy of the texts by its path, such as dataset=../data/wiki.test.raw"
        ) from error
    except Exception as error:  # of datasets, of the hub's client, of its transport, of pyarrow: all say what was wrong
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        raise ValueError(f"cannot load {name.path}: {error}{cause}") from error
    commit = str(builder.hash or "")
    if revision and "packaged_modules.cache" in type(builder).__module__ and not commit.startswith(revision):
        raise ValueError(
            f"cannot load revision {revision!r} of {name.path}: the hub cannot be reached, and the copy on this "
            f"machine is revision {commit}: connect, or set dataset_revision to that one"
        )
    return dataset, commit
