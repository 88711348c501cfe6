"""Where the intrinsic dimension is highest and lowest."""

from collections.abc import Iterator

import numpy as np

from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding, named

DIMENSION = "twonn_dimension"


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
    values_of_ends = {**ends, "differ": differ, "without": missing}
    yield Finding("dimension_range", (depth.names[top], depth.names[bottom]), values_of_ends)
