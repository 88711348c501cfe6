"""The figures of a comparison in a process that does nothing else: drawn on all processors."""

from pathlib import Path

from todacomm.comparison.result import Comparison
from todacomm.figures.comparison.registry import drawings
from todacomm.figures.shared import in_parts


def draw_shared(comparison: Comparison, folder: Path) -> None:
    """:func:`todacomm.figures.comparison.draw_comparison`, shared over forks of this process."""
    in_parts(drawings(comparison, folder))
