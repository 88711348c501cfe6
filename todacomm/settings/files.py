"""A file of options: YAML, read with suspicion."""

from pathlib import Path
from typing import Any

import yaml

from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file

_LARGEST = 100_000
_DEEPEST = 10
_TEXT = "tag:yaml.org,2002:str"


def read_yaml(path: Path) -> dict[str, Any]:
    """The options in a YAML file by name.

    Raises
    ------
    ValueError
        The file does not exist, is no YAML, holds no mapping, refers to parts of itself, or has a key twice or one that
        is no text.
    """
    with foreign_file(path, "YAML", "write lines of the form option: value"):
        if (size := path.stat().st_size) > _LARGEST:
            raise UserError(f"{path} has {size:,} bytes", f"a file of options has under {_LARGEST:,}")
        text = path.read_text(encoding="utf-8")
        _check_events(path, text)
        root, values = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    if values is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ValueError(f"{path} holds a {type(values).__name__}: expected lines of the form option: value")
    _check_keys(path, root)
    return values


def _check_events(path: Path, text: str) -> None:
    """Refuse aliases and nesting event by event: PyYAML takes a time that grows as the square of the depth."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"{path} has an alias (*name), whose parts can multiply without end", "write its value out")
        if depth > _DEEPEST:
            raise UserError(f"{path} has lists or mappings in each other, {depth} deep", "write lines option: value")


def _check_keys(path: Path, root: yaml.MappingNode) -> None:
    known: set[str] = set()
    for key, _ in root.value:
        if key.tag != _TEXT:
            kind = key.tag.rpartition(":")[2]
            raise ValueError(f"{path} has the key {key.value}, read as {kind}: expected the name of an option")
        if key.value in known:
            raise ValueError(f"{path} has {key.value} twice: give it once")
        known.add(key.value)
