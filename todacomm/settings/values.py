"""One value of an option: parsed from what was given, checked, spelled as it is typed."""

import math
import operator
import os
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args, get_origin

from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file

AUTO = "auto"
OWN_CLOUDS = "clouds:"
"""What ``model`` begins with where the clouds come from a file."""
OBJECT = "object:"
"""What ``model`` or ``dataset`` begins with where it was an object in memory, and no name of anything."""
LARGEST = 2**63 - 1
"""Whole numbers go up to here: engines and stores hold them in 64 bits."""
_SHOWN, _LONGEST_LINE = 60, 200
"""Characters of a value in an error, and in a list of all options."""


def parse_value(name: str, value: Any, hint: Any, checks: Mapping[str, Any]) -> Any:
    """A value as an option's type; a console, MLproject and YAML may hand over strings.

    Whole numbers are exact, whatever their size. A tuple comes from a list or from words with commas between them.

    Parameters
    ----------
    hint : type
        bool, int, float, str, a tuple of int or str, or one of them or None, which is spelled ``auto``.
    checks : mapping
        See :func:`todacomm.settings.base.option`.

    Raises
    ------
    ValueError
        It is none of that type.

    >>> parse_value("seed", "9007199254740993", int, {}), parse_value("sizes", "200, 50", tuple[int, ...], {})
    (9007199254740993, (200, 50))
    >>> parse_value("threads", "auto", int | None, {}) is None
    True
    """
    optional = isinstance(hint, types.UnionType)
    kind = next(arg for arg in get_args(hint) if arg is not types.NoneType) if optional else hint
    if optional and (value is None or (isinstance(value, str) and value.strip().lower() == AUTO)):
        return None
    if isinstance(value, Mapping):
        raise ValueError(f"{name} holds options of its own ({', '.join(map(str, value))}): expected one value")
    if get_origin(kind) is tuple:
        return _parse_tuple(name, value, get_args(kind)[0], checks)
    return _PARSERS[kind](name, value, f" or {AUTO}" if optional else "")


def check_value(name: str, value: Any, checks: Mapping[str, Any]) -> None:
    """Hold a parsed value, or each one of a tuple, against an option's checks.

    Raises
    ------
    ValueError
        It is no known choice, out of range, or an empty list where one is needed.
    """
    if value is None:
        return
    if checks.get("needed") and value == ():
        raise ValueError(f"{name} is an empty list: name at least one")
    for one in value if isinstance(value, tuple) else (value,):
        verb = "has" if isinstance(value, tuple) else "is"
        if "choices" in checks:
            check_choice(name, one, known_choices(checks))
        if "low" in checks and one < checks["low"]:
            raise ValueError(f"{name} {verb} {one}: expected at least {checks['low']}")
        if "high" in checks and one > checks["high"]:
            raise ValueError(f"{name} {verb} {one}: expected at most {checks['high']}")


def known_choices(checks: Mapping[str, Any]) -> tuple[str, ...]:
    """What a value can be: a tuple, or what a function gives that asks the registry of a lower room."""
    choices = checks.get("choices", ())
    return tuple(choices() if callable(choices) else choices)


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Whether a value is one of those that there are.

    Raises
    ------
    ValueError
        It is not; the message names them.
    """
    if value not in choices:
        known = [choice for choice in choices if choice]
        raise ValueError(f"unknown {name} {shown(value)}: choose {', '.join(known[:-1])} or {known[-1]}")


def spelled(value: Any) -> str:
    """A value as it is typed on a console, in MLproject and in YAML.

    >>> spelled(True), spelled(None), spelled(1.0), spelled(("all", "ffn"))
    ('true', 'auto', '1', 'all,ffn')
    """
    if value is None:
        return AUTO
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return ",".join(map(spelled, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def tags_of(tags: Sequence[str]) -> dict[str, str]:
    """Value by key of tags as they are typed.

    Raises
    ------
    ValueError
        One is not of the form ``key=value``.

    >>> tags_of(["team=nlp", "note=a=b"])
    {'team': 'nlp', 'note': 'a=b'}
    """
    for tag in tags:
        if not tag.partition("=")[0].strip() or "=" not in tag:
            raise ValueError(f"tags has {shown(tag)}: expected key=value, several with commas")
    pairs = (tag.partition("=") for tag in tags)
    return {key.strip(): value.strip() for key, _, value in pairs}


def as_lines(options: Mapping[str, Any]) -> str:
    """Options as a text, one a line, each as it is typed; what has several lines or is long, on one line and cut.

    >>> as_lines({"pca": 50, "layers": ("all", "ffn"), "system": "Be brief.\\nsamples=7"})
    'pca=50\\nlayers=all,ffn\\nsystem=Be brief. samples=7'
    """
    return "\n".join(f"{name}={_on_one_line(spelled(value))}" for name, value in options.items())


def from_lines(text: str) -> dict[str, str]:
    """What :func:`as_lines` wrote, by name.

    >>> from_lines("pca=50\\ntags=team=a,kind=b")
    {'pca': '50', 'tags': 'team=a,kind=b'}
    """
    return dict(line.partition("=")[::2] for line in text.splitlines())


def shown(value: Any) -> str:
    """A value as an error quotes it: cut where it is long."""
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _on_one_line(text: str) -> str:
    line = " ".join(text.splitlines())
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."


def _parse_bool(name: str, value: Any, otherwise: str) -> bool:
    word = str(value).strip().lower() if not isinstance(value, (list, tuple)) else ""
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"{name} is {shown(value)}: expected true or false{otherwise}")


def _parse_int(name: str, value: Any, otherwise: str) -> int:
    """Exact: a whole number never goes through a float, which holds 53 bits."""
    wrong = ValueError(f"{name} is {shown(value)}: expected a whole number{otherwise}")
    if isinstance(value, bool):
        raise wrong
    try:
        number: Decimal | int = operator.index(value)
    except TypeError:
        number = _decimal(value, wrong)
    if not -LARGEST <= number <= LARGEST:  # before int(), which would write out every digit of 1e999999
        raise ValueError(f"{name} is {shown(value)}: expected at most {LARGEST}")
    return int(number)


def _decimal(value: Any, wrong: ValueError) -> Decimal:
    try:
        number = Decimal(value.strip() if isinstance(value, str) else float(value))
    except (InvalidOperation, TypeError, ValueError) as error:
        raise wrong from error
    if not number.is_finite() or number != number.to_integral_value():
        raise wrong
    return number


def _parse_float(name: str, value: Any, otherwise: str) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is {shown(value)}: expected a number{otherwise}")
    return number


def _parse_text(name: str, value: Any, otherwise: str) -> str:
    if isinstance(value, (list, tuple)):
        raise ValueError(f"{name} is a list of {len(value)}: expected one value")
    text = "" if value is None else str(value).strip()
    try:
        text.encode()  # a store holds UTF-8: names of files need not be in it
    except UnicodeEncodeError as error:
        problem = f"{name} is {shown(text)}, which is not in UTF-8"
        raise ValueError(f"{problem}: give it, or the file, another name") from error
    return text


_PARSERS: dict[Any, Callable[[str, Any, str], Any]] = {
    bool: _parse_bool,
    int: _parse_int,
    float: _parse_float,
    str: _parse_text,
}


def _parse_tuple(name: str, value: Any, kind: type, checks: Mapping[str, Any]) -> tuple[Any, ...]:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        words = list(value)
    else:
        text = "" if value is None else str(value).strip()
        lines = _lines(name, text) if checks.get("from_file") and text.startswith("@") else text.split(",")
        words = [word.strip() for word in lines if word.strip()]
        if text and not words:
            raise ValueError(f"{name} is {shown(value)}, an empty list: name at least one")
    items = [_PARSERS[kind](name, word, ", or several with commas") for word in words]
    if checks.get("rising"):
        items = sorted(items)
    return tuple(items if checks.get("repeated") else dict.fromkeys(items))


def _lines(name: str, text: str) -> list[str]:
    """The lines of the file after ``@``; ``#`` begins a comment."""
    path = Path(os.path.expanduser(text[1:]))
    with foreign_file(path, f"the list of {name}", "give a text file with a name on each line"):
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    if not any(lines):
        raise UserError(f"{path} names no {name}", "write a name on each line")
    return lines
