"""All figures of a comparison, one after the other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from todacomm.comparison.geometry import MEASURES
from todacomm.comparison.result import Comparison
from todacomm.figures.comparison.catalogue import COMPARISON_FIGURES
from todacomm.figures.comparison.grids import draw_distances, draw_similarity
from todacomm.figures.comparison.overlays import draw_controls, draw_depth, draw_ranking
from todacomm.figures.style import drawing, save
from todacomm.figures.trajectory import draw_trajectories

Draw = Callable[[Comparison, str], Figure]
NEEDS: dict[str, tuple[str, Draw]] = {
    "ranking": ("ranking", draw_ranking),
    "depth": ("depth_curves", draw_depth),
    "controls": ("controls", draw_controls),
    **{f"similarity_{name}": ("similarity", partial(draw_similarity, measure=name)) for name in MEASURES},
    "distances": ("model_distances", draw_distances),
}
"""Name of a figure -> the table without which it is not drawn, and how it is."""


def draw_comparison(found: Comparison, folder: Path) -> dict[str, Path]:
    """The figures as PNG and SVG under ``folder/plots``, by path; those whose table is empty are left out."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    with drawing():
        for name in drawn(found):
            files |= save(NEEDS[name][1](found, COMPARISON_FIGURES[name].title), folder, name)
    return files | draw_trajectories(found.trajectories, folder)


def drawn(found: Comparison) -> list[str]:
    """Names of the figures there is something to draw for."""
    return [name for name, (table, _) in NEEDS.items() if len(found.tables.get(table, ()))]
