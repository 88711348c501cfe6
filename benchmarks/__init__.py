"""Measurements against peers and against known truths; none of them is a test."""

BENCHMARKS = (
    "whole_job",
    "published_ratio",
    "extraction",
    "second_analysis",
    "homology",
    "half_samples",
    "large_clouds",
    "recording",
    "start_up",
    "growth",
    "inference_cost",
    "loop_cost",
    "sweep_workers",
    "kills",
    "accelerator",
    "explorer",
    "streaming",
)
"""Benchmarks of speed and memory, in the order of the page: ``python -m benchmarks.NAME``."""
