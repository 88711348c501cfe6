"""Digests: short names of content, the same wherever the content is the same."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

Buffer: TypeAlias = Any
"""What hashlib takes: bytes, or an array whose memory is in one piece."""
SHORT = 16
"""Hexadecimal digits of a digest that is shown to readers."""


def digest_of(content: bytes | Iterable[Buffer], length: int = SHORT) -> str:
    """The first ``length`` hexadecimal digits of the SHA-256 of some bytes, or of several one after the other.

    >>> digest_of(b"ab") == digest_of([b"a", b"b"]), digest_of(b"", 8)
    (True, 'e3b0c442')
    """
    total = hashlib.sha256()
    parts: Iterable[Buffer] = [content] if isinstance(content, bytes) else content
    for part in parts:
        total.update(part)
    return total.hexdigest()[:length]


def digest_of_file(path: Path) -> str:
    """The whole SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_json(value: Any, length: int = SHORT) -> str:
    """Digest of plain values; the order of the keys of a mapping does not matter.

    >>> digest_of_json({"a": 1, "b": 2}) == digest_of_json({"b": 2, "a": 1})
    True
    """
    return digest_of(json.dumps(value, sort_keys=True).encode(), length)
