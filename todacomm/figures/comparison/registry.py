"""The figures of a comparison: one row holds the title, how to read it, how it is drawn and which tables it needs.

Reports read the rows without matplotlib: it is imported with the first picture that is drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from todacomm.comparison.result import Comparison
from todacomm.core.similarity import SIMILARITIES
from todacomm.figures.registry import Files, of_module

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ComparisonFigure:
    """One figure.

    Attributes
    ----------
    title, reading : str
        What it is called, and how to read it.
    draw : callable
        From a comparison and the title.
    needs : tuple of str
        Tables without whose rows it is not drawn; in a report it stands beside the last of them.
    fewest : int
        Analyses from which on it shows more than a number.
    """

    title: str
    reading: str
    draw: Callable[[Comparison, str], "Figure"]
    needs: tuple[str, ...]
    fewest: int = 2


FIGURES: dict[str, ComparisonFigure] = {
    "mean_differences": ComparisonFigure(
        "Paired differences of the means",
        "One panel a metric, one row a pair: the first model less the second, mean over the blocks, on the same texts, "
        "with an interval that holds for all of them together. A filled mark stands after adjustment; an open one "
        "inside the grey bar is smaller than what so many texts can detect.",
        of_module("comparison.rows", "draw_mean_differences"),
        ("mean_differences",),
    ),
    "ranking": ComparisonFigure(
        "Side by side",
        "One panel a metric, one mark an analysis: its mean over the blocks with its own 95 % interval; open marks "
        "have random weights. Two intervals that overlap may still differ when paired on the same texts.",
        of_module("comparison.rows", "draw_ranking"),
        ("ranking",),
    ),
    "depth": ComparisonFigure(
        "Over relative depth",
        "From the embedding (0) to the last layer (1), so that models of different depth can be laid over each other; "
        "bands are 95 % intervals, dashed curves with open marks have random weights.",
        of_module("comparison.depth", "draw_depth"),
        ("depth_curves",),
    ),
    "paired_differences": ComparisonFigure(
        "Paired differences over relative depth",
        "The first model less the second on the same texts, layer by layer at matched depth. Filled marks stand after "
        "adjustment over all that is shown; bands are intervals that hold together. Below each panel, and grey around "
        "a single curve: the smallest detectable difference.",
        of_module("comparison.depth", "draw_differences"),
        ("paired_differences",),
    ),
    "controls": ComparisonFigure(
        "What training did",
        "Each model less the same model with random weights on the same texts: filled marks stand after adjustment "
        "over all that is shown, and there training made the difference and not the architecture. Bands are intervals "
        "that hold together. Below each panel, and grey around a single curve: the smallest detectable difference.",
        of_module("comparison.depth", "draw_controls"),
        ("controls",),
    ),
    "distances": ComparisonFigure(
        "Distances between the models",
        "Means over layers at matched depth for every two models, numbered as in the list: of geometry text by text "
        "(Procrustes), of shape alone (Wasserstein distance of the diagrams), and of shape text by text (divergence). "
        "The tree joins the models with the smallest Procrustes distance first.",
        of_module("comparison.distances", "draw_distances"),
        ("diagram_distances", "model_distances"),
        fewest=3,
    ),
}
"""Name of the file -> figure; those of the similarities come from their own registry."""


def comparison_figures() -> dict[str, ComparisonFigure]:
    """Every figure by the name of its file, one for each measure of similarity among them."""
    grids = {
        f"similarity_{name}": ComparisonFigure(
            f"{one.label} of every two layers",
            f"Every layer of one model with every layer of another on the same texts; bright is alike. {one.reading} "
            f"By chance: {one.chance}. A cross: no more alike than with the texts paired at random"
            f"{' (tested at matched depth)' if one.most_draws else ''}. A bright diagonal within a block: the two "
            "models have similar geometry depth for depth.",
            partial(of_module("comparison.grids", "draw_similarity"), measure=name),
            ("similarity",),
        )
        for name, one in SIMILARITIES.items()
    }
    return {**FIGURES, **grids}


def drawn(comparison: Comparison) -> dict[str, ComparisonFigure]:
    """The figures there is something to draw for."""
    tables = comparison.tables
    return {
        name: figure
        for name, figure in comparison_figures().items()
        if len(comparison.labels) >= figure.fewest and all(len(tables.get(table, ())) for table in figure.needs)
    }


def draw_comparison(comparison: Comparison, folder: Path) -> Files:
    """The figures as PNG and SVG under ``folder/plots``, by path; those whose tables are empty are left out."""
    from todacomm.figures.style import drawing

    files: Files = {}
    with drawing():
        for draw in drawings(comparison, folder):
            files |= draw()
    return files


def drawn_parts(comparison: Comparison) -> Comparison:
    """A comparison as another process needs it to draw: of its analyses no more than which layers they have."""
    analyses: Any = {
        label: SimpleNamespace(settings=one.settings) for label, one in comparison.gathered.analyses.items()
    }
    return replace(comparison, gathered=replace(comparison.gathered, analyses=analyses))


def drawings(comparison: Comparison, folder: Path) -> Iterator[Callable[[], Files]]:
    """What :func:`draw_comparison` does, a picture at a time."""
    from todacomm.figures.style import save
    from todacomm.figures.trajectory import draw_trajectories

    def picture(name: str, figure: ComparisonFigure) -> Files:
        return save(figure.draw(comparison, figure.title), folder, name)

    for name, figure in drawn(comparison).items():
        yield partial(picture, name, figure)
    yield partial(draw_trajectories, comparison.trajectories, folder)
