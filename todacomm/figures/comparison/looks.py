"""How one analysis is distinguished from the others in a figure, and how panels are laid out."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.comparison.metrics import label_of
from todacomm.comparison.result import Comparison
from todacomm.figures.style import DEGREES, INK, OTHERS, Look, shorten

COLORS = tuple(look.color for look in (*DEGREES[:2], *OTHERS)) + (INK,)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "h")
OPEN = (0, (3, 2))
"""Dashes of random weights, whose marks are open."""


def looks(comparison: Comparison) -> dict[str, Look]:
    """A look for every analysis: colour and marker by model (or data set), dashes and open marks for random weights."""
    runs = comparison.gathered.runs
    keys = list(runs["dataset"] if comparison.over == "datasets" else runs["model"] + "@" + runs["revision"])
    own = dict(zip(dict.fromkeys(keys), distinct_looks(len(set(keys))), strict=True))
    return {
        label: Look(own[key].color, own[key].marker, OPEN if weights == "random" else "-")
        for label, key, weights in zip(runs["label"], keys, runs["weights"], strict=True)
    }


def distinct_looks(n: int) -> list[Look]:
    """Looks of ``n`` curves without an order: every pair of a colour and a marker once, neighbours differ in both.

    >>> len({(look.color, look.marker) for look in distinct_looks(77)})
    77
    """
    colors, markers = len(COLORS), len(MARKERS)
    return [Look(COLORS[i % colors], MARKERS[(i + i // colors) % markers]) for i in range(n)]


def subtitle(comparison: Comparison) -> str:
    """What is compared, in one line."""
    runs = comparison.gathered.runs
    fixed = runs["dataset"] if comparison.over == "models" else runs["model"]
    names = ", ".join(dict.fromkeys(fixed))
    points = ", ".join(str(n) for n in dict.fromkeys(runs["points"]))
    return f"{len(runs)} analyses · {shorten(names, 60)} · {points} points"


def title_of(metric: str, width: int) -> str:
    """A metric's label on lines of so many letters."""
    return textwrap.fill(label_of(metric), width)


def panel_rows(figure: Figure, n: int, most: int, margins: Sequence[float], gaps: Sequence[float]) -> list[list[Axes]]:
    """Panels in rows of at most ``most``, every row as wide as the sheet, so that no place stays empty.

    Parameters
    ----------
    margins : left, right, bottom, top
        In inches.
    gaps : horizontal, vertical
        Between panels, in inches.
    """
    width, height = figure.get_size_inches()
    left, right, bottom, top = margins
    n_rows = -(-n // most)
    counts = [n // n_rows + (row < n % n_rows) for row in range(n_rows)]
    tall = (height - top - bottom - gaps[1] * (n_rows - 1)) / n_rows
    rows = []
    for row, count in enumerate(counts):
        wide = (width - left - right - gaps[0] * (count - 1)) / count
        low = bottom + (n_rows - 1 - row) * (tall + gaps[1])
        panels: list[Axes] = []
        for column in range(count):
            place = ((left + column * (wide + gaps[0])) / width, low / height, wide / width, tall / height)
            panels.append(figure.add_axes(place))
        rows.append(panels)
    return rows
