"""Persistence diagram of every layer, on the same axes so that one can leaf through them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from todacomm.figures.panels import legend, panel
from todacomm.figures.style import BAND, DEGREES, INK, MUTED, sheet, shorten
from todacomm.results.result import Result

IN_MEDIANS = "median distances"
SHEET = (7.0, 6.7)
"""Width and height of a diagram's sheet in inches."""


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


def read_bars(result: Result) -> list[Bars]:
    """The diagrams of all layers, scale-free."""
    units: dict[str, float] = {}
    limits: dict[str, float] = {}
    for line in result.depth.all():
        units |= zip(line.names, line.unit, strict=True)
        limits |= zip(line.names, line.null("h1_max_norm").hi, strict=True)
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
    return Bars(layer.file, name, caption, bars, longest)


def draw_diagram(result: Result, title: str, all_bars: list[Bars]) -> tuple[Figure, Show]:
    """A diagram with axes wide enough for all layers, and the function that shows one of them in it.

    H0 has a strip of its own, since all its bars are born at 0; births and deaths of the higher degrees have one scale,
    so that the diagonal is at 45 degrees.
    """
    width, height = SHEET
    figure = sheet(result, "", width, height)
    higher = result.degrees[1:]
    left, across = (0.68, 0.36) if higher else (2.5, 2.0)
    strip = figure.add_axes((left / width, 0.62 / height, across / width, 5.0 / height))
    pieces = _strip(strip, all_bars)
    square: Axes | None = None
    marks: list[Line2D] = []
    limit: Line2D | None = None
    if higher:
        square = figure.add_axes((1.85 / width, 0.62 / height, 5.0 / width, 5.0 / height))
        marks, limit = _square(square, higher, all_bars)
    texts = changing_texts(figure)

    def show(layer: Bars) -> list[Artist]:
        deaths = layer.bars[0][:, 1] if layer.bars else np.empty(0)
        pieces.set_data(np.zeros(len(deaths)), deaths)
        for mark, dgm in zip(marks, layer.bars[1:], strict=False):
            mark.set_data(dgm[:, 0], dgm[:, 1])
        shown: list[Artist] = [pieces, *marks]
        if limit is not None and square is not None:
            ends = np.array(square.get_xlim())
            limit.set_data(ends, ends + layer.longest)
            shown.append(limit)
        texts[0].set_text(f"{title}: {layer.name}")
        texts[1].set_text(layer.caption)
        return [*shown, *texts]

    return figure, show


def _strip(axes: Axes, all_bars: list[Bars]) -> Line2D:
    """The deaths of H0 on a line."""
    panel(axes, "", "H0", f"death ({IN_MEDIANS})")
    _, reach = extent([layer.bars[0] for layer in all_bars if layer.bars])
    axes.set(xlim=(-1, 1), ylim=(-0.03 * reach, reach), xticks=[])
    look = DEGREES[0]
    (mark,) = axes.plot([], [], color=look.color, marker="_", linestyle="", markersize=13, markeredgewidth=1.0)
    return mark


def _square(axes: Axes, higher: tuple[int, ...], all_bars: list[Bars]) -> tuple[list[Line2D], Line2D | None]:
    """An empty diagram of the degrees above 0: their marks, and the line of the rotation null where there is one."""
    panel(axes, "", f"birth ({IN_MEDIANS})", f"death ({IN_MEDIANS})")
    low, high = extent([dgm for layer in all_bars for dgm in layer.bars[1:]])
    ends = np.array([max(low - 0.03 * (high - low), 0.0), high])
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.yaxis.set_major_locator(axes.xaxis.get_major_locator())
    axes.plot(ends, ends, color=MUTED, linewidth=0.8)
    axes.fill_between(ends, ends, ends[0], color=BAND, alpha=0.25, linewidth=0)
    marks = []
    for degree in higher:
        look = DEGREES[degree]
        marks += axes.plot(
            [], [], color=look.color, marker=look.marker, linestyle="", markersize=5, markerfacecolor="none"
        )
    (limit,) = axes.plot([], [], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    rotated = bool(np.isfinite([layer.longest for layer in all_bars]).any())
    names = [*(f"H{degree}" for degree in higher), "97.5 % of the longest H1 bars of rotated clouds"]
    legend(axes, [*marks, limit] if rotated else marks, names if rotated else names[:-1])
    return marks, limit if rotated else None


def changing_texts(figure: Figure) -> list[Text]:
    """The lines of a sheet that change with the layer."""
    width, height = figure.get_size_inches()
    left = 0.12 / width
    return [
        figure.text(left, 1 - 0.10 / height, "", fontsize=12, fontweight="bold", va="top", color=INK),
        figure.text(left, 1 - 0.57 / height, "", fontsize=8.5, va="top", color=MUTED),
    ]


def extent(diagrams: list[np.ndarray]) -> tuple[float, float]:
    """From the first birth to a little after the last death; 0 and 1 where there is no bar."""
    bars = np.concatenate([np.empty((0, 2)), *diagrams])
    if not len(bars) or bars[:, 1].max() <= 0:
        return 0.0, 1.0
    low, high = float(bars[:, 0].min()), float(bars[:, 1].max())
    return low, high + 0.04 * max(high - low, 0.1 * high)
