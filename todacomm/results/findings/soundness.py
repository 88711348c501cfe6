"""Which clouds can be interpreted at all."""

from collections.abc import Iterator

import numpy as np

from todacomm.core.layer import DOUBTFUL_SHARE
from todacomm.core.rogue import ROGUE
from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding, named
from todacomm.results.result import Result

EMBEDDING = "embedding"


def undefined_by_construction(result: Result) -> bool:
    """Whether the embedding is one point for any texts: the first position holds the same token in all of them."""
    return result.model.pooling == "cls" and any(layer.name == EMBEDDING for layer in result.layers)


def of_soundness(result: Result, depth: Depth) -> Iterator[Finding]:
    """Layers that are left out of every claim, and those that are only doubtful.

    Kinds: ``embedding_by_construction``, ``not_measured``, ``degenerate``, ``doubtful``, ``nothing_readable``,
    ``rogue_coordinate``.
    """
    n_points, n_distinct = depth.curve("n_points").value, depth.curve("n_distinct").value
    sound, broken = depth.sound, ~depth.sound
    if undefined_by_construction(result) and EMBEDDING in depth.names:
        at = depth.names.index(EMBEDDING)
        if broken[at]:
            yield Finding("embedding_by_construction", (EMBEDDING,))
            broken[at] = False
    unmeasured = broken & ~np.isfinite(n_distinct)
    if unmeasured.any():
        yield Finding("not_measured", named(depth, unmeasured))
    few = broken & ~unmeasured
    if few.any():
        counts = {"distinct": _range(n_distinct[few]), "points": _range(n_points[few])}
        yield Finding("degenerate", named(depth, few), counts)
    doubtful = sound & (n_distinct < DOUBTFUL_SHARE * n_points)
    if doubtful.any():
        worst = float(np.min(n_distinct[doubtful] / n_points[doubtful]))
        yield Finding("doubtful", named(depth, doubtful), {"worst": worst, "limit": DOUBTFUL_SHARE})
    if not sound.any():
        yield Finding("nothing_readable")
    share = depth.curve("top_dim_variance").value
    warned = {warning.layer for warning in result.warnings if warning.code == ROGUE}
    rogue = sound & np.isin(depth.names, list(warned))
    if rogue.any():
        yield Finding("rogue_coordinate", named(depth, rogue), {"share": _range(share[rogue])})


def _range(values: np.ndarray) -> tuple[float, float]:
    return float(np.min(values)), float(np.max(values))
