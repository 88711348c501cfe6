"""A user's own template: which files it may include, and how much time, memory and text it may take."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    TemplateError,
    TemplateNotFound,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from todacomm.system.errors import UserError
from todacomm.system.foreign import check_regular, foreign_file
from todacomm.system.units import format_bytes

SUFFIX = ".j2"
SECONDS = 30.0
MEMORY = 1 << 30
LARGEST_FILE = 1_000_000
LARGEST_REPORT = 50_000_000
LARGEST_NUMBER = 10**6
"""A template's own numbers go up to here: one number can ask for a text of any length, in one call of native code."""


class TooMuch(TemplateError):
    """A template takes more than it may."""


class OwnEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose products and powers stay small."""

    intercepted_binops = frozenset(["*", "**"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """``left * right`` or ``left ** right``, unless it would be larger than anything in a report."""
        if not isinstance(left, int | float) or not isinstance(right, int | float) or operator == "**":
            sizes = [len(side) if hasattr(side, "__len__") else abs(side) for side in (left, right)]
            if max(sizes) > LARGEST_NUMBER or (operator == "**" and sizes[1] > 64):
                raise TooMuch(f"{operator} of something of size {max(sizes):.3g}")
        return super().call_binop(context, operator, left, right)


def loader(path: Path, project: Path) -> BaseLoader:
    """The template at ``path``, files ``*.j2`` beside it, and the project's templates; nothing else, links included."""
    folder = Path(path.absolute()).parent

    def load(name: str) -> str | None:
        file = folder / name
        if name != path.name and (file.parent != folder or file.suffix != SUFFIX or not file.is_file()):
            return None
        if name != path.name and file.resolve().parent != folder.resolve():
            raise TooMuch(f"{name} is a link to a file elsewhere")
        return read_template(file)

    return ChoiceLoader([FunctionLoader(load), FileSystemLoader(project)])


def read_template(file: Path) -> str:
    """The text of a template.

    Raises
    ------
    UserError
        It is no file, larger than a template is, or no UTF-8 text.
    """
    check_regular(file)
    with foreign_file(file, "a template", "write it as UTF-8 text"):
        if (size := file.stat().st_size) > LARGEST_FILE:
            raise UserError(f"template {file} has {format_bytes(size)}", f"give under {format_bytes(LARGEST_FILE)}")
        return file.read_text(encoding="utf-8")


def check_numbers(environment: Environment, source: str) -> None:
    """Refuse numbers that could ask for an endless text.

    Raises
    ------
    TooMuch
        One is above :data:`LARGEST_NUMBER`.
    """
    for constant in environment.parse(source).find_all(nodes.Const):
        if isinstance(constant.value, int) and abs(constant.value) > LARGEST_NUMBER:
            raise TooMuch(f"line {constant.lineno} has a number above {LARGEST_NUMBER:,}")


def check_includes(environment: Environment, source: str) -> None:
    """Refuse files that a template may not include, as far as it names them outright.

    Raises
    ------
    TooMuch
        One is neither a template of the project nor ``*.j2`` beside this one.
    """
    for node in environment.parse(source).find_all((nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)):
        target = getattr(node, "template", None)
        name = target.value if isinstance(target, nodes.Const) else None
        if isinstance(name, str) and not getattr(node, "ignore_missing", False):
            try:
                environment.get_template(name)
            except TemplateNotFound as error:
                only = f"only the project's templates and files *{SUFFIX} beside it are read"
                raise TooMuch(f"line {node.lineno} asks for {name}: {only}") from error


def limited(pieces: Iterator[str]) -> str:
    """The pieces of a report joined, within the limits of time, memory and length.

    Raises
    ------
    TooMuch
        One of them is passed.
    """
    text: list[str] = []
    length = 0
    with _watched():
        for piece in pieces:
            length += len(piece)
            if length > LARGEST_REPORT:
                raise TooMuch(f"it makes more than {LARGEST_REPORT:,} characters")
            text.append(piece)
    return "".join(text)


@contextmanager
def _watched() -> Iterator[None]:
    """Look at clock and memory before each line that Python runs: also within a loop that prints nothing."""
    end, most = time.monotonic() + SECONDS, _held() + MEMORY

    def look(frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        if time.monotonic() > end:
            raise TooMuch(f"it takes longer than {SECONDS:.0f} seconds")
        if _held() > most:
            raise TooMuch(f"it takes more than {format_bytes(MEMORY)}")
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


def _held() -> int:
    """Bytes that this process holds."""
    return psutil.Process().memory_info().rss
