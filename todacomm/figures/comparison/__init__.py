"""Figures of a comparison: ranking, curves over depth, what training did, similarity grids, distances."""

from todacomm.figures.comparison.catalogue import COMPARISON_FIGURES
from todacomm.figures.comparison.gallery import draw_comparison

__all__ = ["COMPARISON_FIGURES", "draw_comparison"]
