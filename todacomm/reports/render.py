"""Templates to markdown, markdown to one HTML file that needs nothing else.

Whatever a template prints is escaped for markdown, so that a model called ``a|b*c`` or ``<img onerror=...>`` breaks
nothing; text that is markdown already is a :class:`Markdown`. Templates run in a sandbox: a user's own may come from
anywhere.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt
from markupsafe import Markup

from todacomm.reports.formats import count, fold, number, p_value, plus_minus, share
from todacomm.system.shipped import shipped

FILTERS = {"number": number, "plus_minus": plus_minus, "share": share, "p_value": p_value, "fold": fold, "count": count}


POINTS_A_REM = 12.0
"""Points of a drawing in one unit of the page's type: wide figures fill the page, small ones stay small."""


class Markdown(str):
    """Text that is markdown already and is printed as it stands."""

    __slots__ = ()


def templates_folder() -> Path:
    """Folder of the project's own templates, in a checkout or in an installed package."""
    return shipped("templates")


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
    environment, name = _environment(template)
    try:
        text = environment.get_template(name).render(context)
    except UnicodeDecodeError as error:
        raise ValueError(f"template {template} is no UTF-8 text") from error
    except (TemplateError, ArithmeticError, TypeError) as error:
        known = ", ".join(sorted(context))
        raise ValueError(f"template {template}{_line(error)}: {error} (its variables are {known})") from error
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def check_template(template: Path) -> None:
    """Whether a user's template is there and can be read as one: known before any work.

    Raises
    ------
    ValueError
        It is not, or has an error of syntax.
    """
    environment, name = _environment(template)
    try:
        environment.get_template(name)
    except UnicodeDecodeError as error:
        raise ValueError(f"template {template} is no UTF-8 text") from error
    except TemplateError as error:
        raise ValueError(f"template {template}{_line(error)}: {error}") from error


def _environment(template: str | Path) -> tuple[ImmutableSandboxedEnvironment, str]:
    """A sandbox that finds the template, and the template's name in it."""
    own = templates_folder()
    path = Path(template)
    folders, name = ([own], str(template)) if isinstance(template, str) else ([path.resolve().parent, own], path.name)
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        finalize=escape_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= FILTERS | {"markdown": Markdown, "fenced": fenced}
    return environment, name


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


def one_line(text: str) -> str:
    """Text on one line, without what cannot be printed.

    >>> one_line("a\\n b\\x1b")
    'a b'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


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


def render_html(markdown: str, title: str, pictures: Mapping[str, str] | None = None) -> str:
    """One HTML file without scripts that asks nothing of any other place.

    Parameters
    ----------
    markdown : str
        A report. A paragraph that is nothing but a file's name in backticks stands for that picture.
    pictures : mapping of str
        Inline SVG by file name, as :func:`inline_svg` makes it; a name without one stays text.
    """
    pictures = pictures or {}
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    tokens = parser.parse(markdown)
    for opening, content, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        children = content.children or []
        if opening.type == "paragraph_open" and len(children) == 1 and children[0].content in pictures:
            opening.hidden = closing.hidden = True
            content.type, content.content = "html_block", f"<figure>{pictures[children[0].content]}</figure>\n"
            content.children = None
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    body = _with_solid_numbers(parser.renderer.render(tokens, parser.options, {}))
    environment = Environment(loader=FileSystemLoader(templates_folder()), undefined=StrictUndefined, autoescape=True)
    style = (templates_folder() / "report.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(title=title, style=Markup(style), body=Markup(body))


def inline_svg(svg: str, label: str, prefix: str) -> str:
    """A drawing by matplotlib as part of a page: no header, no metadata, ids of its own, a label for screen readers.

    >>> drawing = '<?xml?><svg viewBox="0 0 60 9"><!-- --><g id="a"/><use xlink:href="#a"/></svg>'
    >>> print(inline_svg(drawing, "A & B", "fig").replace("><", ">\\n<"))
    <svg viewBox="0 0 60 9" style="max-width: 5rem" role="img" aria-label="A &amp; B">
    <g id="fig-a"/>
    <use href="#fig-a"/>
    </svg>
    """
    opening = re.search(r"<svg\b[^>]*>", svg)
    if opening is None:
        raise ValueError("expected an SVG drawing: no <svg> element found")
    view = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', opening.group(0))
    body = svg[opening.end() :]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style\b.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'xlink:href="', 'href="', body)
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body))
    names = {name for pair in used for name in pair if name}
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in names else "", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = re.sub(r"\n\s*", "\n", body)
    attributes = f'{view.group(0)} style="max-width: {float(view.group(1)) / POINTS_A_REM:.3g}rem" ' if view else ""
    return f'<svg {attributes}role="img" aria-label="{Markup.escape(label)}">{body.strip()}'


def _with_solid_numbers(body: str) -> str:
    """A page on which no line ends within a number with its interval or its unit.

    >>> _with_solid_numbers("0.5 ± 0.1 and 3 %")
    '0.5\\xa0±\\xa00.1 and 3\\xa0%'
    """
    return body.replace(" ± ", "\u00a0±\u00a0").replace(" %", "\u00a0%")


def _open_table(*_: Any) -> str:
    return '<div class="table"><table>\n'


def _close_table(*_: Any) -> str:
    return "</table></div>\n"
