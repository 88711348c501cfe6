"""Text for a terminal: what came from a store, a file or a model's name must not steer it."""

import re
from typing import Any

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile("[\t\n]")


def printable(text: Any) -> str:
    """A text with control characters, halves of characters and marks of writing direction written out.

    Line breaks and tabs stay.

    >>> printable("a\\x1b[31mred\\nb")
    'a\\\\x1b[31mred\\nb'
    """
    return _STEERING.sub(_written_out, str(text))


def cell(text: Any) -> str:
    """:func:`printable` for a field between tabs: line breaks and tabs are written out too.

    >>> cell("a\\tb")
    'a\\\\tb'
    """
    return _BREAKS.sub(_written_out, printable(text))


def say(text: Any, **where: Any) -> None:
    """``print`` of a :func:`printable` text."""
    print(printable(text), **where)


def _written_out(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
