"""The figures of an analysis in a process that does nothing else: drawn on all processors.

Importing this module imports all that drawing needs.
"""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

from todacomm.figures.registry import drawings
from todacomm.figures.style import PNG_OPTIONS, SVG_OPTIONS, drawing, titled
from todacomm.results.result import Result
from todacomm.system.machine import worker_threads
from todacomm.system.side_process import in_forks


def draw_shared(result: Result, folder: Path) -> None:
    """:func:`todacomm.figures.registry.draw_all`, shared over forks of this process."""
    in_parts(drawings(result, folder))


def in_parts(pictures: Iterable[Callable[[], object]]) -> None:
    """Draw pictures in forks of this process."""
    with drawing():
        in_forks(list(pictures), worker_threads(None))


def warm_up() -> None:
    """Draw what no reader sees: fonts, backends and writers of files are loaded by the first picture."""
    with drawing():
        figure = titled("0", "0", 2.0, 2.0)
        figure.subplots()
        figure.savefig(io.BytesIO(), format="png", pil_kwargs=PNG_OPTIONS)
        figure.savefig(io.BytesIO(), **SVG_OPTIONS)


warm_up()
