"""Many analyses beside each other: chosen from the store, held against each other, reported."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from todacomm.comparison.differences import controls, paired_differences
    from todacomm.comparison.gathering import Gathered, gather
    from todacomm.comparison.geometry import diagram_distances, divergences, model_distances, nearest_layers, similarity
    from todacomm.comparison.overview import correlates, depth_curves, families, ranking
    from todacomm.comparison.result import Comparison

_HOME = {
    "differences": ("controls", "paired_differences"),
    "gathering": ("Gathered", "gather"),
    "geometry": ("diagram_distances", "divergences", "model_distances", "nearest_layers", "similarity"),
    "overview": ("correlates", "depth_curves", "families", "ranking"),
    "result": ("Comparison",),
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
