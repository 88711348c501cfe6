"""Figures of a comparison: side by side, paired differences, curves over depth, similarity grids, distances."""

from todacomm.figures.comparison.registry import (
    ComparisonFigure,
    comparison_figures,
    draw_comparison,
    drawn,
    drawn_parts,
)
