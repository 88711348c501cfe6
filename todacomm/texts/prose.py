"""Prose out of documentation: paragraphs without code, tables, signatures and markup."""

import re
from collections.abc import Iterator

MIN_WORDS = 6
PLAIN_SHARE = 0.7

_ROLE = re.compile(r":[\w:+.-]{1,80}:`~?([^`<]{0,400}?)(?:\s{0,9}<[^`>]{0,400}>)?`_{0,2}")
_QUOTED = re.compile(r"``([^`]{0,999})``|`~?([^`<]{0,400}?)(?:\s{0,9}<[^`>]{0,400}>)?`_{0,2}")
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,2})(?=\S)([^*\n]+?)(?<=\S)\1(?!\w)")
_RULE = re.compile(r"[=\-~^\"'#*+.:_|`\s]{3,}")
_BULLET = re.compile(r"(?:[-*+•]|\(?\d{1,9}[.)]|\[\w{1,80}\]_?)\s+")
_WORD = re.compile(r"[A-Za-z]{2,}")
"""Repetitions have a limit: without one, text that was made for it takes a time of the square of its length."""
_SHORT_WORDS = {"a", "A", "I"}
_DIRECTIVE = ".. "
_PROMPTS = (">>>", "...")


def paragraphs(documentation: str) -> list[str]:
    """Paragraphs of prose in a docstring or a page of documentation, each on one line.

    Code blocks, doctests, tables, directives, headings and signatures are left out, and markup becomes plain words.

    >>> paragraphs("Sum\\n---\\nAdd the numbers of an :class:`array` one by one.\\n\\n>>> sum([1])\\n1")
    ['Add the numbers of an array one by one.']
    """
    cleaned = (_plain(block) for block in _blocks(documentation))
    return [text for text in cleaned if _is_prose(text)]


def _blocks(documentation: str) -> Iterator[list[str]]:
    """Runs of lines of one indentation outside code, directives and headings."""
    block: list[str] = []
    skipped_below: int | None = None
    for line in [*documentation.expandtabs().splitlines(), ""]:
        text = line.strip()
        if skipped_below is not None and text:
            if _indent(line) > skipped_below:
                continue
            skipped_below = None
        if not text or text.startswith(_PROMPTS):
            if block and block[-1].rstrip().endswith("::"):
                skipped_below = _indent(block[-1])
            yield block
            block = []
        elif text.startswith(_DIRECTIVE):
            yield block
            block = []
            skipped_below = _indent(line)
        elif _RULE.fullmatch(text):
            block = []
        elif block and (_indent(line) != _indent(block[-1]) or _BULLET.match(text)):
            yield block
            block = [line]
        else:
            block.append(line)
    yield block


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(block: list[str]) -> str:
    text = " ".join(line.strip() for line in block)
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    text = _ROLE.sub(r"\1", text)
    text = _QUOTED.sub(lambda match: match.group(1) or match.group(2) or "", text)
    text = _EMPHASIS.sub(r"\2", text).replace("::", ":")
    return re.sub(r"\s+", " ", text).strip()


def _is_prose(text: str) -> bool:
    """Whether a paragraph ends like a sentence and is made of words."""
    words = text.split()
    if len(words) < MIN_WORDS or text[-1] not in ".!?:)":
        return False
    plain = sum(word in _SHORT_WORDS or bool(_WORD.fullmatch(word.strip(".,;:!?()'\""))) for word in words)
    return plain >= PLAIN_SHARE * len(words)
