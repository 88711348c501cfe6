"""A report as files: the markdown, and one HTML page with its drawings in place."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from todacomm.reports.page import inline_svg, render_html
from todacomm.reports.render import render_markdown
from todacomm.settings.values import spelled


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure in a report: what it is called, how to read it, and its file."""

    title: str
    reading: str
    file: str


def write_report(template: str | Path, note: str, context: Mapping[str, Any], folder: Path) -> str:
    """:func:`write_files`; and from the same variables a few lines of markdown for the run's description."""
    write_files(template, context, folder)
    return render_markdown(note, context)


def write_files(template: str | Path, context: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """``report.md`` and ``report.html`` in ``folder``, by name.

    The page holds ``context["overview"]`` and the figures of ``context["loop_blocks"]``, where there are any, and
    ``context["figures"]``, as far as their SVG is in the folder.

    Raises
    ------
    ValueError
        A user's template names an undefined variable or tries to leave its sandbox.
    """
    markdown = render_markdown(template, context)
    drawings = {}
    pictures = {picture.file: picture.title for picture in [*context.get("overview", ()), *context["figures"]]}
    pictures |= {block.figure: block.title for block in context.get("loop_blocks", ()) if block.figure}
    for n, (file, title) in enumerate(pictures.items()):
        drawing = (folder / file).with_suffix(".svg")
        if drawing.is_file():
            drawings[file] = inline_svg(drawing.read_text(encoding="utf-8"), title, f"figure{n}")
    files = {"report.md": markdown, "report.html": render_html(markdown, context["title"], drawings)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in files}


def shell_command(options: Mapping[str, Any], entry_point: str = "") -> str:
    """The command that does a job again, for a POSIX shell.

    >>> shell_command({"model": "my model", "samples": 300})
    "mlflow run . --env-manager=local -P 'model=my model' -P samples=300"
    """
    given = (shlex.quote(f"{name}={spelled(value)}") for name, value in options.items())
    entry = ["-e", entry_point] if entry_point else []
    return " ".join(["mlflow run .", *entry, "--env-manager=local", *(f"-P {word}" for word in given)])
