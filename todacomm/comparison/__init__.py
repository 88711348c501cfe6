"""Many analyses beside each other: chosen from the store, held against each other, reported."""

from todacomm.comparison.config import ComparisonConfig
from todacomm.comparison.differences import controls, paired_differences
from todacomm.comparison.gathering import Gathered, gather
from todacomm.comparison.geometry import diagram_distances, divergences, model_distances, similarity
from todacomm.comparison.job import compare, measure_comparison
from todacomm.comparison.overview import correlates, depth_curves, families, ranking
from todacomm.comparison.result import Comparison

__all__ = [
    "Comparison",
    "ComparisonConfig",
    "Gathered",
    "compare",
    "controls",
    "correlates",
    "depth_curves",
    "diagram_distances",
    "divergences",
    "families",
    "gather",
    "measure_comparison",
    "model_distances",
    "paired_differences",
    "ranking",
    "similarity",
]
