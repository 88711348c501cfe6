"""Tables and headings: drawn on a terminal, plain lines anywhere else."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from todacomm.system.printable import cell, printable, say


def print_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    n_text: int = 1,
    *,
    titles: Mapping[str, str] | None = None,
    prose: str = "",
) -> None:
    """Print a table; without a terminal its fields stand between tabs, so that other programs can read them.

    Parameters
    ----------
    n_text : int
        Columns from the left that hold text; the others hold numbers and are set to the right.
    titles : mapping
        What a terminal shows above a column instead of its name.
    prose : str
        Name of a column that takes as many lines as it needs; cells of the others are never broken.
    """
    if not sys.stdout.isatty():
        for row in (header, *rows):
            print("\t".join(map(cell, row)))
        return
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", collapse_padding=True, pad_edge=False, show_edge=False)
    for index, name in enumerate(header):
        title = (titles or {}).get(name, name)
        width = max(map(len, [*title.split(), *(row[index] for row in rows if name != prose)]))
        table.add_column(Text(title), justify="left" if index < n_text else "right", min_width=width, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(text)) for text in row))
    console = _console()
    needed = Measurement.get(console, console.options, table).minimum
    console.print(table, width=max(console.width, needed), crop=False)


def print_heading(text: str) -> None:
    """Print a line above what belongs together."""
    print_styled(f"\n{text}", "bold")


def print_styled(text: str, style: str = "") -> None:
    """Print a text; where stdout is a terminal broken between words, and in a style such as ``bold`` or ``red``."""
    if not sys.stdout.isatty():
        say(text)
        return
    from rich.text import Text

    _console().print(Text(printable(text), style=style))


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)
