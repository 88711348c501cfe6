"""Templates to markdown.

Whatever a template prints is escaped for markdown, so that a model called ``a|b*c`` or ``<img onerror=...>`` breaks
nothing; text that is markdown already is a :class:`Markdown`. Templates run in a sandbox: a user's own may come from
anywhere.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, pass_context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from todacomm.reports.formats import fold, number, p_value, plus_minus, share
from todacomm.reports.own_template import OwnEnvironment, check_includes, check_numbers, limited, loader, read_template
from todacomm.results.texts import one_line
from todacomm.system.errors import UserError
from todacomm.system.shipped import shipped
from todacomm.system.units import count

FILTERS = {"number": number, "plus_minus": plus_minus, "share": share, "p_value": p_value, "fold": fold, "count": count}


class Markdown(str):
    """Text that is markdown already and is printed as it stands."""

    __slots__ = ()


def render_markdown(template: str | Path, context: Mapping[str, Any]) -> str:
    """A template filled in.

    Parameters
    ----------
    template : str or Path
        Name of one of the project's templates, or the path of a user's own; that may include the project's.
    context : mapping
        Its variables. Every value printed is escaped, except :class:`Markdown`.

    Raises
    ------
    ValueError
        The template is not there, has an error, names an undefined variable or tries to leave its sandbox.
    """
    own = not isinstance(template, str)
    known = f" (its variables are {', '.join(sorted(context))})"
    with _explained(template, known):
        if own:
            _check_own(Path(template))
        environment, name = _environment(template)
        pieces = environment.get_template(name).generate(context)
        text = limited(pieces) if own else "".join(pieces)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def check_template(template: Path) -> None:
    """Whether a user's template is there and can be read as one: known before any work.

    Raises
    ------
    ValueError
        It is not, or has an error of syntax.
    """
    with _explained(template):
        _check_own(template)


def _check_own(template: Path) -> None:
    environment, name = _environment(template)
    source = read_template(template)
    check_numbers(environment, source)
    environment.get_template(name)
    check_includes(environment, source)


@contextmanager
def _explained(template: str | Path, known: str = "") -> Iterator[None]:
    """Whatever a template fails with, as an error that names it."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # a template is a program: it can fail in every way that one can
        reason = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
        raise ValueError(f"template {template}{_line(error)}: {reason}{known}") from error


def _environment(template: str | Path) -> tuple[ImmutableSandboxedEnvironment, str]:
    """A sandbox that finds the template, and the template's name in it."""
    project = shipped("templates")
    own, name = (None, template) if isinstance(template, str) else (template, template.name)
    environment = OwnEnvironment(
        loader=loader(own, project) if own else FileSystemLoader(project),
        undefined=StrictUndefined,
        finalize=_printed,
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS | {"markdown": Markdown, "fenced": fenced}
    return environment, name


@pass_context
def _printed(context: Any, value: Any) -> str:
    """What a template prints, escaped; it takes the context so that nothing is made before the limits hold."""
    return escape_markdown(value)


def _line(error: Exception) -> str:
    return f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""


def escape_markdown(value: Any) -> str:
    """A value as text that markdown shows as it is: in a paragraph, a list or a table's cell.

    >>> print(escape_markdown("a|b*c <img src=x onerror=y> [l](u) layer_0"))
    a\\|b\\*c &lt;img src=x onerror=y&gt; \\[l\\](u) layer_0
    """
    if isinstance(value, Markdown):
        return value
    text = one_line(str(value))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"[\\`*\[\]|~]", r"\\\g<0>", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = re.sub(r"(?<!\S)#", r"\\#", text)
    return re.sub(r"^(?:[-+](?=[-\s]|$)|=|\d+(?=[.)](?:\s|$)))", _escape_start, text)


def _escape_start(match: re.Match[str]) -> str:
    """What would begin a list or an underline is text."""
    first = match.group(0)
    return f"{first}\\" if first.isdigit() else f"\\{first}"


def fenced(text: str, language: str = "") -> Markdown:
    """A block of code, fenced by more backticks than it holds.

    >>> fenced("a")
    '```\\na\\n```'
    """
    ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return Markdown(f"{ticks}{language}\n{text}\n{ticks}")
