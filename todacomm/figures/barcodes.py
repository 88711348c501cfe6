"""Barcode of every layer, on the same axes so that one can leaf through them."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from todacomm.figures.diagrams import IN_MEDIANS, Bars, Show, changing_texts, extent
from todacomm.figures.panels import panel
from todacomm.figures.style import DEGREES, sheet
from todacomm.results.result import Result

MOST_BARS = 100
"""Bars of one degree that a barcode shows."""
PANEL_POINTS = 130.0
"""Height of a panel in points, which the bars fill."""
FAINT_ALPHA = 0.45
"""How strong bars are drawn that rotated clouds have too."""


def draw_barcode(result: Result, title: str, all_bars: list[Bars]) -> tuple[Figure, Show]:
    """A barcode with a panel for every degree, and the function that shows one layer in it.

    The scale of a degree is the same in every layer; its bars fill the height of the panel, however many there are.
    """
    rows = result.degrees
    height = 1.15 + 2.35 * len(rows)
    figure = sheet(result, "", 6.4, height)
    grid = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.05, right=0.97, bottom=0.48 / height, top=1 - 1.0 / height, hspace=0.42)
    panels = []
    for axes, degree in zip(grid, rows, strict=True):
        panel(axes, "", f"birth to death ({IN_MEDIANS})" if degree == rows[-1] else "", "bars by birth")
        low, high = extent([layer.bars[degree] for layer in all_bars if degree < len(layer.bars)])
        axes.set(xlim=(low - 0.01 * (high - low), high), ylim=(0, 1), yticks=[])
        axes.spines["left"].set_visible(False)
        lines = LineCollection([])
        axes.add_collection(lines, autolim=False)
        look = DEGREES[degree]
        head = axes.text(0, 1.03, "", transform=axes.transAxes, fontsize=9, fontweight="bold", color=look.color)
        panels.append((lines, head))
    texts = changing_texts(figure)

    def show(layer: Bars) -> list[Artist]:
        for degree, (lines, head) in enumerate(panels):
            dgm = layer.bars[degree] if degree < len(layer.bars) else np.empty((0, 2))
            drawn = segments(dgm)
            limit = layer.longest if degree == 1 else np.nan
            beyond = np.ptp(drawn[:, :, 0], axis=1) > limit
            lines.set_segments(list(drawn))
            lines.set_linewidth(float(np.clip(0.7 * PANEL_POINTS / max(len(drawn), 1), 0.8, 5.0)))
            strong = 1.0 if np.isnan(limit) else FAINT_ALPHA
            color = DEGREES[degree].color
            lines.set_color([to_rgba(color, 1.0 if long else strong) for long in beyond] or [to_rgba(color)])
            head.set_text(f"H{degree}{_counted(len(dgm), int(beyond.sum()) if np.isfinite(limit) else None)}")
        texts[0].set_text(f"{title}: {layer.name}")
        texts[1].set_text("" if layer.defined else layer.caption)
        return [*(artist for pair in panels for artist in pair), *texts]

    return figure, show


def _counted(n_bars: int, beyond: int | None) -> str:
    text = f": the longest {MOST_BARS} of {n_bars} bars" if n_bars > MOST_BARS else f": {n_bars} bars"
    return text if beyond is None else f"{text}, {beyond} beyond the rotation null"


def segments(dgm: np.ndarray) -> np.ndarray:
    """The longest bars as lines from bottom to top in the order of their births: shape (bars, 2, 2).

    Heights are those of rows that fill the space between 0 and 1.

    >>> segments(np.array([[0.5, 0.7], [0.0, 1.0]])).tolist()
    [[[0.0, 0.25], [1.0, 0.25]], [[0.5, 0.75], [0.7, 0.75]]]
    """
    longest = dgm[np.argsort(dgm[:, 0] - dgm[:, 1], kind="stable")[:MOST_BARS]]
    ordered = longest[np.lexsort((longest[:, 1], longest[:, 0]))]
    rows = (np.arange(len(ordered)) + 0.5) / max(len(ordered), 1)
    return np.stack([ordered, np.column_stack([rows, rows])], axis=2)
