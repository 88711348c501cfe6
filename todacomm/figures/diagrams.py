"""Persistence diagram and barcode of every layer, on the same axes so that one can be leafed through."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from todacomm.figures.panels import legend, panel
from todacomm.figures.style import BAND, DEGREES, INK, MUTED, sheet, shorten
from todacomm.results.depth import Depth, degrees
from todacomm.results.result import Result

MOST_BARS = 100
"""Bars of one degree that a barcode shows."""
IN_MEDIANS = "median distances"


@dataclass(frozen=True)
class Bars:
    """One layer's bars in units of its median distance, by degree.

    ``longest`` is the longest H1 bar that 97.5 % of the rotated clouds stay below; nan without a null.
    """

    file: str
    name: str
    caption: str
    bars: tuple[np.ndarray, ...]
    longest: float

    @property
    def defined(self) -> bool:
        """Whether the layer has a bar of any degree."""
        return any(len(dgm) for dgm in self.bars)


Show = Callable[[Bars], list[Artist]]
"""Puts one layer into a figure and returns the artists that changed."""


def read_bars(result: Result, depth: Depth) -> list[Bars]:
    """The diagrams of all layers, scale-free."""
    units: dict[str, float] = {}
    limits: dict[str, float] = {}
    for stream in (depth, *depth.streams.values()):
        units |= zip(stream.names, stream.unit, strict=True)
        limits |= zip(stream.names, stream.null("h1_max_norm").hi, strict=True)
    return [_scaled(result, i, units[layer.name], limits[layer.name]) for i, layer in enumerate(result.layers)]


def _scaled(result: Result, i: int, unit: float, longest: float) -> Bars:
    layer = result.layers[i]
    usable = np.isfinite(unit) and unit > 0
    bars = tuple(dgm / unit if usable else np.empty((0, 2)) for dgm in layer.diagrams)
    counts = ", ".join(f"H{degree} {len(dgm)}" for degree, dgm in enumerate(bars))
    if usable:
        caption = f"bars: {counts}  ·  median distance {unit:.3g}"
    else:
        caption = shorten(layer.warnings[0].text, 80) if layer.warnings else "not defined in this layer"
    name = f"{shorten(layer.name, 24)}  ({i + 1} of {len(result.layers)})"
    return Bars(f"layer_{layer.index:02d}", name, caption, bars, longest)


def draw_diagram(result: Result, title: str, all_bars: list[Bars]) -> tuple[Figure, Show]:
    """An empty diagram with axes wide enough for all layers, and the function that shows one of them in it."""
    figure = sheet(result, "", 5.2, 5.95)
    axes = figure.add_axes((0.12, 0.082, 0.85, 0.738))
    panel(axes, "", f"birth ({IN_MEDIANS})", f"death ({IN_MEDIANS})")
    reach, width = _reach(all_bars, 1), _reach(all_bars, 0)
    axes.set(xlim=(-0.03 * width, width), ylim=(-0.03 * reach, reach))
    axes.plot((0, width), (0, width), color=MUTED, linewidth=0.8)
    axes.fill_between((0, width), (0, width), 0, color=BAND, alpha=0.25, linewidth=0)
    marks = [
        Line2D([], [], color=look.color, marker=look.marker, linestyle="", markersize=4.6, markerfacecolor="none")
        for look in DEGREES[: len(degrees(result))]
    ]
    (limit,) = axes.plot([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    names = [f"H{degree}" for degree in degrees(result)]
    shown = [*marks, limit] if np.isfinite([b.longest for b in all_bars]).any() else marks
    legend(axes, shown, [*names, "longest loop of the rotation null, 97.5 %"][: len(shown)])
    for mark in marks:
        axes.add_line(mark)
    texts = _texts(figure)

    def show(layer: Bars) -> list[Artist]:
        for mark, dgm in zip(marks, layer.bars, strict=False):
            mark.set_data(dgm[:, 0], dgm[:, 1])
        limit.set_data((0, width), (layer.longest, width + layer.longest))
        texts[0].set_text(f"{title}: {layer.name}")
        texts[1].set_text(layer.caption)
        return [limit, *marks, *texts]

    return figure, show


def draw_barcode(result: Result, title: str, all_bars: list[Bars]) -> tuple[Figure, Show]:
    """An empty barcode with a panel for every degree, and the function that shows one layer in it."""
    rows = degrees(result)
    height = 1.15 + 2.35 * len(rows)
    figure = sheet(result, "", 5.6, height)
    grid = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(left=0.055, right=0.97, bottom=0.48 / height, top=1 - 1.0 / height, hspace=0.42)
    reach = _reach(all_bars, 1)
    panels = []
    for axes, degree in zip(grid, rows, strict=True):
        panel(axes, "", f"birth to death ({IN_MEDIANS})" if degree == rows[-1] else "", "bars by birth")
        axes.set(xlim=(-0.01 * reach, reach), ylim=(-1.5, MOST_BARS), yticks=[])
        axes.spines["left"].set_visible(False)
        look = DEGREES[degree]
        lines = LineCollection([], colors=[look.color], linewidths=1.1)
        axes.add_collection(lines, autolim=False)
        head = axes.text(0, 1.03, "", transform=axes.transAxes, fontsize=9, fontweight="bold", color=look.color)
        panels.append((lines, head))
    texts = _texts(figure)

    def show(layer: Bars) -> list[Artist]:
        for degree, (lines, head) in enumerate(panels):
            dgm = layer.bars[degree] if degree < len(layer.bars) else np.empty((0, 2))
            lines.set_segments(list(segments(dgm)))
            cut = f": the longest {MOST_BARS} of {len(dgm)} bars" if len(dgm) > MOST_BARS else f": {len(dgm)} bars"
            head.set_text(f"H{degree}{cut}")
        texts[0].set_text(f"{title}: {layer.name}")
        texts[1].set_text("" if layer.defined else layer.caption)
        return [*(artist for pair in panels for artist in pair), *texts]

    return figure, show


def segments(dgm: np.ndarray) -> np.ndarray:
    """The longest bars as lines, earliest birth at the bottom: shape (bars, 2, 2).

    >>> segments(np.array([[0.0, 1.0], [0.5, 0.7]]))[:, :, 0].tolist()
    [[0.0, 1.0], [0.5, 0.7]]
    """
    kept = dgm[np.argsort(dgm[:, 0] - dgm[:, 1], kind="stable")[:MOST_BARS]]
    kept = kept[np.lexsort((kept[:, 1], kept[:, 0]))]
    rows = np.arange(len(kept)) + (MOST_BARS - len(kept)) / 2
    return np.stack([kept, np.column_stack([rows, rows])], axis=2)


def _texts(figure: Figure) -> list[Text]:
    """The lines of a sheet that change with the layer."""
    width, height = figure.get_size_inches()
    left = 0.12 / width
    return [
        figure.text(left, 1 - 0.10 / height, "", fontsize=12, fontweight="bold", va="top", color=INK),
        figure.text(left, 1 - 0.57 / height, "", fontsize=8.5, va="top", color=MUTED),
    ]


def _reach(layers: list[Bars], column: int) -> float:
    """End of an axis: the latest birth (column 0) or death (column 1) of any layer."""
    ends = [dgm[:, column].max() for layer in layers for dgm in layer.bars if len(dgm)]
    return 1.04 * max(ends, default=0.0) or 1.0
