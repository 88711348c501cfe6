"""Many analyses beside each other: chosen from the store and compared, each table a function."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from todacomm.comparison.differences import controls, paired_differences
    from todacomm.comparison.divergence import divergences
    from todacomm.comparison.gathering import Gathered, gather
    from todacomm.comparison.grouping import depth_curves, families
    from todacomm.comparison.likelihood import correlates
    from todacomm.comparison.means import mean_differences, ranking
    from todacomm.comparison.result import Comparison
    from todacomm.comparison.shapes import diagram_distances, nearest_layers
    from todacomm.comparison.similarities import model_distances, similarity

_HOME = {
    "likelihood": ("correlates",),
    "differences": ("controls", "paired_differences"),
    "divergence": ("divergences",),
    "grouping": ("depth_curves", "families"),
    "gathering": ("Gathered", "gather"),
    "means": ("mean_differences", "ranking"),
    "result": ("Comparison",),
    "shapes": ("diagram_distances", "nearest_layers"),
    "similarities": ("model_distances", "similarity"),
}

__all__ = [
    "Comparison",
    "Gathered",
    "controls",
    "correlates",
    "depth_curves",
    "diagram_distances",
    "divergences",
    "families",
    "gather",
    "mean_differences",
    "model_distances",
    "nearest_layers",
    "paired_differences",
    "ranking",
    "similarity",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a command that prints its help needs no tables."""
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"todacomm.comparison.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
