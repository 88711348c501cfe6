"""Tables and headings: drawn on a terminal, plain lines anywhere else."""

import sys
from collections.abc import Sequence
from typing import Any


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], n_text: int = 1) -> None:
    """Print a table; without a terminal its fields stand between tabs, so that other programs can read them.

    Parameters
    ----------
    n_text : int
        Columns from the left that hold text; the others hold numbers and are set to the right.
    """
    if not sys.stdout.isatty():
        for row in (header, *rows):
            print("\t".join(row))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1), pad_edge=False)
    for index, title in enumerate(header):
        table.add_column(Text(title), justify="left" if index < n_text else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _console().print(table)


def print_heading(text: str) -> None:
    """Print a line above what belongs together."""
    print_styled(f"\n{text}", "bold")


def print_styled(text: str, style: str) -> None:
    """Print a text; in colour, or bold, where stdout is a terminal."""
    if not sys.stdout.isatty():
        print(text)
        return
    from rich.text import Text

    _console().print(Text(text, style=style))


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False)
