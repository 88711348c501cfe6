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
    """The expansion ratios of a headline. Kinds: ``growth``, ``growth_from_first_block``."""
    if result.depth.sound.sum() < 2:
        return
    ratios = result.run_values
    raw, scale_free = ratios.get("expansion_ratio", np.nan), ratios.get("expansion_ratio_norm", np.nan)
    block = ratios.get("expansion_ratio_block", np.nan)
    if np.isfinite(raw) and np.isfinite(scale_free):
        yield Finding("growth", values={"raw": raw, "scale_free": scale_free})
    elif np.isfinite(block):
        yield Finding("growth_from_first_block", values={"raw": block})


def of_scale(result: Result, depth: Depth) -> Iterator[Finding]:
    """How much of the change over depth is left without scale, and why the published ratio differs.

    Kinds: ``scale_spans``, ``published_ratio``.
    """
    spans = {}
    for metric in SPANS:
        values = depth.curve(metric).value[depth.sound]
        values = values[np.isfinite(values)]
        if len(values) > 1 and values.min() > 0:
            spans[metric] = float(values.max() / values.min())
    if len(spans) == len(SPANS):
        yield Finding("scale_spans", values=spans)
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
