"""How the numbers grow over depth, how much of that is scale, and where the intrinsic dimension is highest."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding, named
from todacomm.results.findings.judgement import smallest_separated
from todacomm.results.findings.soundness import EMBEDDING
from todacomm.results.result import Result

DIMENSION = "twonn_dimension"
SPANS = ("h0_mean_lifetime", "mean_norm", "h0_total_norm")


def growth(result: Result) -> Iterator[Finding]:
    """The expansion ratios of a headline, and the layers past which their peak was taken.

    Kinds: ``growth``, ``growth_from_first_block``.
    """
    if result.depth.sound.sum() < 2:
        return
    ratios = result.run_values
    raw, scale_free = ratios.get("expansion_ratio", np.nan), ratios.get("expansion_ratio_norm", np.nan)
    block = ratios.get("expansion_ratio_block", np.nan)
    behind = np.array([name != EMBEDDING for name in result.depth.names])
    without = named(result.depth, behind & ~np.isfinite(result.depth.curve("h0_mean_lifetime").value))
    if np.isfinite(raw) and np.isfinite(scale_free):
        yield Finding("growth", values={"raw": raw, "scale_free": scale_free, "without": without})
    elif np.isfinite(block):
        yield Finding("growth_from_first_block", values={"raw": block, "without": without})


def of_scale(result: Result, depth: Depth) -> Iterator[Finding]:
    """How much of the change over depth is left without scale, and why the published ratio differs.

    Kinds: ``scale_spans``, ``published_ratio``.
    """
    curves = {metric: depth.curve(metric).value for metric in SPANS}
    known = depth.sound & np.isfinite(list(curves.values())).all(axis=0)
    if known.sum() > 1 and all(values[known].min() > 0 for values in curves.values()):
        spans = {metric: float(values[known].max() / values[known].min()) for metric, values in curves.items()}
        yield Finding("scale_spans", values={**spans, "without": named(depth, ~known)})
    published = result.run_values.get("expansion_ratio_published", np.nan)
    if np.isfinite(published) and EMBEDDING in depth.names:
        scale_free = result.run_values.get("expansion_ratio_norm", np.nan)
        values = {"published": published, "scale_free": scale_free, **_embedding(depth)}
        yield Finding("published_ratio", values=values)


def of_dimension(depth: Depth) -> Iterator[Finding]:
    """The highest and the lowest layer; ``differ`` is None where an interval is missing.

    Kinds: ``dimension_range``, ``dimension_constant``.
    """
    curve = depth.curve(DIMENSION)
    usable = depth.sound & np.isfinite(curve.value)
    if usable.sum() < 2:
        return
    values = np.where(usable, curve.value, np.nan)
    top, bottom = int(np.nanargmax(values)), int(np.nanargmin(values))
    if top == bottom:
        yield Finding("dimension_constant", values={"value": float(values[top])})
        return
    ends = {
        end: {"layer": depth.names[i], "value": float(values[i]), "half_width": float(curve.half_width[i])}
        for end, i in (("highest", top), ("lowest", bottom))
    }
    known = np.isfinite([curve.lo[top], curve.hi[bottom]]).all()
    differ = bool(curve.lo[top] > curve.hi[bottom]) if known else None
    missing = named(depth, depth.sound & ~usable)
    smallest = smallest_separated(*(float(curve.half_width[i]) for i in (top, bottom)))
    values_of_ends = {**ends, "differ": differ, "without": missing, "smallest_difference": smallest}
    yield Finding("dimension_range", (depth.names[top], depth.names[bottom]), values_of_ends)


def _embedding(depth: Depth) -> dict[str, Any]:
    """What makes the embedding a small denominator: the growth of the norm after it, and points that coincide in it."""
    at = depth.names.index(EMBEDDING)
    norm = depth.curve("mean_norm").value
    known = np.isfinite(norm).all() and norm[at] > 0
    peak = int(np.argmax(norm)) if known else at
    return {
        "norm_growth": float(norm[peak] / norm[at]) if known else np.nan,
        "norm_peak": depth.names[peak],
        "top_token": float(depth.curve("top_token_fraction").value[at]),
        "duplicates": float(depth.curve("duplicate_fraction").value[at]),
    }
