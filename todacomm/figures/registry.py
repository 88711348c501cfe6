"""The figures of an analysis: one row holds the title, how to read it, how it is drawn and what it needs.

Reports read the rows without matplotlib: it is imported with the first picture that is drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.core.nulls import ROTATION
from todacomm.results.findings.judgement import featured
from todacomm.results.layer import LayerResult
from todacomm.results.loops import Loop, loop_pictures
from todacomm.results.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from todacomm.figures.diagrams import Bars, Show

WHERE = {
    "null": "The grey band is the rotation null: a curve inside it is what the covariance alone gives.",
    "control": "Dashed with open marks: the same architecture with random weights.",
    "streams": "Attention and ffn are what the attention and the MLP of each block add to the residual stream; the "
    "grey band and random weights are those of the residual stream.",
    "beyond": "H1 bars in full colour outlive the longest H1 bar of 97.5 % of this layer's rotated clouds.",
    "h1": "A bar above the dashed line outlives the longest H1 bar of 97.5 % of this layer's rotated clouds.",
}
"""Sentences that belong to what only some analyses have."""
Draw = Callable[[Result, str], "Figure"]
DrawLayers = Callable[[Result, str, "list[Bars]"], "tuple[Figure, Show]"]
DrawLoop = Callable[[Result, str, Loop], "Figure"]
Files = dict[str, Path]


@dataclass(frozen=True)
class AnalysisFigure:
    """One figure of an analysis.

    Attributes
    ----------
    title, how : str
        What it is called, and how to read it.
    draw : callable or None
        From a result and the title.
    draw_layers : callable or None
        Of a figure with one picture a layer, all on the same axes: from the bars of all layers too.
    draw_loop : callable or None
        Of a figure with one picture for each bar that is a loop: from that loop too.
    needs : tuple of str
        What it shows where there is any: keys of :data:`WHERE`, whose sentences are added then.
    """

    title: str
    how: str
    draw: Draw | None = None
    draw_layers: DrawLayers | None = None
    draw_loop: DrawLoop | None = None
    needs: tuple[str, ...] = ()

    def reading(self, result: Result) -> str:
        """How to read it for this analysis."""
        rotated = ROTATION in set(result.nulls["null"])
        has = {
            "null": rotated,
            "h1": rotated and 1 in result.degrees,
            "beyond": rotated and 1 in result.degrees,
            "control": bool((result.table["control"] != "").any()),
            "streams": bool(result.depth.streams),
        }
        return " ".join([self.how, *(WHERE[need] for need in self.needs if has[need])])


def of_module(name: str, function: str) -> Callable[..., Any]:
    """A function of a module of this room, which is imported when the function is called."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(f"todacomm.figures.{name}"), function)(*arguments, **named)

    return call


FIGURES: dict[str, AnalysisFigure] = {
    "summary": AnalysisFigure(
        "The model at a glance",
        "Top row: shape with scale divided out. Bottom row: raw numbers, the scale that they follow, and whether the "
        "clouds can be interpreted.",
        of_module("summary", "draw_summary"),
        needs=("null", "control", "streams"),
    ),
    "layer_persistence": AnalysisFigure(
        "Persistence by layer",
        "One column a degree: the raw numbers on top grow with the norm of the activations, those in median distances "
        "below do not. An entropy near 1 means bars of equal length.",
        of_module("persistence", "draw_layer_persistence"),
        needs=("null",),
    ),
    "betti_curves": AnalysisFigure(
        "Betti curves",
        "Number of pieces less one (H0), holes (H1) and voids (H2) when points closer than the scale are joined. Left: "
        "some layers. Right: all layers.",
        of_module("betti", "draw_betti_curves"),
    ),
    "spectra": AnalysisFigure(
        "Spectra over depth",
        "Left: share of the variance by principal direction, steep where few directions carry it. Middle: how many "
        "directions carry most of it. Right: exponent of the power law fitted within the shaded ranks.",
        of_module("spectra", "draw_spectra"),
        needs=("control",),
    ),
    "intrinsic_dimension": AnalysisFigure(
        "Intrinsic dimension over scale and depth",
        "Left: the dimension as the neighbourhood widens; where a curve is not flat, one number for the layer says "
        "little. Right: the dimension at the smallest scale.",
        of_module("spectra", "draw_intrinsic_dimension"),
        needs=("control",),
    ),
    "diagram": AnalysisFigure(
        "Persistence diagram",
        "Left: the deaths of the H0 bars, all born at 0. Right: each mark is a bar, born at x and dead at y; the "
        "higher above the diagonal, the longer. Axes are the same in every layer.",
        draw_layers=of_module("diagrams", "draw_diagram"),
        needs=("h1",),
    ),
    "barcode": AnalysisFigure(
        "Barcode",
        "Each line is a bar from birth to death. Noise has many short bars; structure has few that are longer than the "
        "rest. Axes are the same in every layer.",
        draw_layers=of_module("barcodes", "draw_barcode"),
        needs=("beyond",),
    ),
    "loop": AnalysisFigure(
        "A loop and its texts",
        "The layer's points in the two principal components of the loop, each in the colour of its place around it, "
        "and the shortest loop as a line. Around it stand twelve of its texts, each nearest to the mean of the points "
        "near its hour. Where the clock begins, and which way it goes, means nothing.",
        draw_loop=of_module("loops", "draw_loop"),
    ),
}
"""Name of the file -> figure. A figure per layer or loop has a folder with one file for each."""


def wanted(result: Result) -> dict[str, AnalysisFigure]:
    """The figures that the settings ask for."""
    figures = result.config.record.figures
    return {name: figure for name, figure in FIGURES.items() if figures in ("all", name)}


def file_of(name: str, layer: LayerResult | None = None) -> str:
    """Path of a figure's PNG under the folder of a run."""
    return f"plots/{name}.png" if layer is None else f"plots/{name}s/{layer.file}.png"


def shown_layer(result: Result) -> LayerResult | None:
    """The layer whose pictures a report shows, see :func:`todacomm.results.findings.judgement.featured`."""
    at = featured(result.depth)
    return None if at is None else result.depth.layers[at]


def draw_all(result: Result, folder: Path) -> Files:
    """Every figure of an analysis under ``folder/plots``.

    Figures over depth are written as PNG and SVG; every layer has a persistence diagram and a barcode as PNG, all on
    the same axes, and those of the layer that :func:`todacomm.results.findings.judgement.featured` names as SVG too.

    Parameters
    ----------
    result : Result
        Layers may be degenerate and numbers nan: a picture says what is not defined.
    folder : Path
        Made if it is not there.

    Returns
    -------
    dict of Path
        Files by their path under ``folder``, such as ``plots/summary.png`` and ``plots/diagrams/00_embedding.png``.
    """
    from todacomm.figures.style import drawing

    files: Files = {}
    with drawing():
        for draw in drawings(result, folder):
            files |= draw()
    return files


def drawn_parts(result: Result) -> Result:
    """A result as another process needs it to draw: without clouds whose picture nobody asked for."""
    shown = {loop.layer for loop in loop_pictures(result).values()}
    clouds = {name: cloud for name, cloud in result.clouds.items() if name in shown}
    return replace(result, clouds=clouds, replicates={})


def drawings(result: Result, folder: Path) -> Iterator[Callable[[], Files]]:
    """What :func:`draw_all` does, a picture or a book of pictures at a time."""
    from todacomm.figures.diagrams import read_bars
    from todacomm.figures.flipbook import save_each
    from todacomm.figures.style import save

    def book(draw: DrawLayers, title: str, name: str) -> Files:
        drawn, show = draw(result, title, bars)
        return save_each(drawn, show, bars, folder, f"{name}s", vector)

    def picture(draw: Callable[..., "Figure"], title: str, file: str, *more: Loop) -> Files:
        return save(draw(result, title, *more), folder, file)

    shown, bars = shown_layer(result), read_bars(result)
    vector = None if shown is None else shown.index
    for name, figure in wanted(result).items():
        if figure.draw:
            yield partial(picture, figure.draw, figure.title, name)
        if figure.draw_layers:
            yield partial(book, figure.draw_layers, figure.title, name)
        if figure.draw_loop:
            for path, loop in loop_pictures(result).items():
                yield partial(picture, figure.draw_loop, figure.title, path.removeprefix("plots/"), loop)
