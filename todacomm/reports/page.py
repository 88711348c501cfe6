"""Markdown to one HTML page that needs nothing else: contents with anchors, pictures in place, long tables folded."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from todacomm.system.shipped import shipped

LONG_TABLE = 16
"""Rows up to which a table of several numbers is open."""
LONG_LIST = 24
"""Rows up to which a table of two columns is open."""
POINTS_A_REM = 12.0
"""Points of a drawing in one unit of the page's type: wide figures fill the page, small ones stay small."""


@dataclass
class Part:
    """A heading of the page with those below it."""

    title: str
    anchor: str
    parts: "list[Part]" = field(default_factory=list)


def render_html(markdown: str, title: str, pictures: Mapping[str, str] | None = None) -> str:
    """One HTML file without scripts that asks nothing of any other place.

    Parameters
    ----------
    markdown : str
        A report. A paragraph that is nothing but a file's name in backticks stands for that picture.
    pictures : mapping of str
        Inline SVG by file name, as :func:`inline_svg` makes it; a name without one stays text.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    tokens = parser.parse(markdown)
    contents = _anchored(tokens)
    _put_in_place(tokens, pictures or {})
    body = parser.renderer.render(list(_folded(tokens)), parser.options, {})
    templates = shipped("templates")
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (templates / "report.css").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        title=title, style=Markup(style), body=Markup(_with_solid_numbers(body)), contents=contents
    )


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
        raise ValueError("expected an SVG drawing: it has no <svg> element")
    view = re.search(r'viewBox="0 0 ([\d.]+) [\d.]+"', opening.group(0))
    body = svg[opening.end() :]
    for start, end in (("<!--", "-->"), ("<metadata>", "</metadata>"), ("<style", "</style>")):
        first, *others = body.split(start)
        body = first + "".join(other.partition(end)[2] for other in others)
    body = re.sub(r'xlink:href="', 'href="', body)
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body))
    names = {name for pair in used for name in pair if name}
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in names else "", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    body = re.sub(r"\n\s*", "\n", body)
    attributes = f'{view.group(0)} style="max-width: {float(view.group(1)) / POINTS_A_REM:.3g}rem" ' if view else ""
    return f'<svg {attributes}role="img" aria-label="{Markup.escape(label)}">{body.strip()}'


def _anchored(tokens: Sequence[Token]) -> list[Part]:
    """Give headings ids; the list of contents, parts below sections."""
    sections: list[Part] = []
    taken: dict[str, int] = {}
    for opening, content in pairwise(tokens):
        if opening.type != "heading_open" or opening.tag not in ("h2", "h3"):
            continue
        title = "".join(child.content for child in content.children or [])
        anchor = "-".join(re.findall(r"[a-z0-9]+", title.lower())) or "part"
        taken[anchor] = taken.get(anchor, 0) + 1
        anchor += f"-{taken[anchor]}" if taken[anchor] > 1 else ""
        opening.attrSet("id", anchor)
        siblings = sections[-1].parts if opening.tag == "h3" and sections else sections
        siblings.append(Part(title, anchor))
    return sections


def _put_in_place(tokens: Sequence[Token], pictures: Mapping[str, str]) -> None:
    """Replace paragraphs that name a picture by the picture."""
    for opening, content, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        children = content.children or []
        if opening.type == "paragraph_open" and len(children) == 1 and children[0].content in pictures:
            opening.hidden = closing.hidden = True
            content.type, content.content = "html_block", f"<figure>{pictures[children[0].content]}</figure>\n"
            content.children = None


def _folded(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens with a box around each table, closed where the table is long."""
    closing = ""
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            rows, columns = _size(tokens[at:])
            long = rows > (LONG_LIST if columns == 2 else LONG_TABLE)
            summary = f"<details><summary>Table with {rows} rows</summary>\n" if long else ""
            closing = "</div>" + ("</details>" if long else "") + "\n"
            yield _html(f'{summary}<div class="table">')
        yield token
        if token.type == "table_close":
            yield _html(closing)


def _size(tokens: Sequence[Token]) -> tuple[int, int]:
    """Rows and columns of the table that begins here, its head aside."""
    end = next(at for at, token in enumerate(tokens) if token.type == "table_close")
    kinds = [token.type for token in tokens[:end]]
    return kinds.count("tr_open") - 1, kinds.count("th_open")


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)


def _with_solid_numbers(body: str) -> str:
    """A page on which no line ends within a number with its interval or its unit.

    >>> _with_solid_numbers("0.5 ± 0.1 and 3 %")
    '0.5\\xa0±\\xa00.1 and 3\\xa0%'
    """
    return re.sub(r"(?<=\d) %", "\u00a0%", re.sub(r"(?<=\d) ± (?=\d)", "\u00a0±\u00a0", body))
