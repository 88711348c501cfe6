"""Pictures: the only place that imports matplotlib."""

DRAWS_ANALYSIS, DRAWS_COMPARISON = "todacomm.figures.shared", "todacomm.figures.comparison.shared"
"""Modules of the processes that draw beside a job."""
