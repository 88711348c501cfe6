"""A file of options: YAML, read with suspicion."""

from pathlib import Path
from typing import Any

import yaml

_LARGEST = 1_000_000
_TEXT = "tag:yaml.org,2002:str"


def read_yaml(path: Path) -> dict[str, Any]:
    """The options in a YAML file by name.

    Raises
    ------
    ValueError
        The file does not exist, is no YAML, holds no mapping, refers to parts of itself, or has a key twice or one that
        is no text.
    """
    if not path.is_file():
        raise ValueError(f"no configuration at {path}: give the path of a YAML file")
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes: a file of options has under {_LARGEST:,}")
    try:
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise ValueError(f"{path} has an alias (*name), whose parts can multiply without end: write its value out")
        root, values = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"{path} is no readable YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path} holds a {type(values).__name__}: expected lines of the form option: value")
    _check_keys(path, root)
    options: dict[str, Any] = values
    return options


def _check_keys(path: Path, root: yaml.MappingNode) -> None:
    known: set[str] = set()
    for key, _ in root.value:
        if key.tag != _TEXT:
            kind = key.tag.rpartition(":")[2]
            raise ValueError(f"{path} has the key {key.value}, read as {kind}: expected the name of an option")
        if key.value in known:
            raise ValueError(f"{path} has {key.value} twice: give it once")
        known.add(key.value)
