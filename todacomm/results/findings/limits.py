"""Which numbers have no interval, and which were not compared with chance."""

from collections.abc import Iterator

import numpy as np

from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.nulls import NULLS
from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding
from todacomm.results.result import Result
from todacomm.results.table import RUN_LAYER, own_rows


def of_limits(result: Result, depth: Depth) -> Iterator[Finding]:
    """What the numbers leave open.

    Kinds: ``no_intervals``, ``intervals_missing``, ``counts_without_interval``, ``conservative_intervals``,
    ``run_without_interval``, ``no_null``, ``tested_metrics``, ``descriptive_null``.
    """
    measured = [name for name in LAYER_METRICS if depth.curve(name).defined]
    bare = [name for name in measured if not np.isfinite(depth.curve(name).lo).any()]
    run = own_rows(result.table)
    plain = run[(run["layer"] == RUN_LAYER) & np.isfinite(run["value"]) & ~np.isfinite(run["lo"])]
    if measured and len(bare) == len(measured):
        yield Finding("no_intervals", values={"reason": _why_no_intervals(result)})
    else:
        missing = tuple(name for name in bare if LAYER_METRICS[name].interval)
        counts = tuple(name for name in bare if not LAYER_METRICS[name].interval and _is_of_shape(name))
        wide = tuple(name for name in measured if LAYER_METRICS[name].conservative and name not in bare)
        for kind, names in (
            ("intervals_missing", missing),
            ("counts_without_interval", counts),
            ("conservative_intervals", wide),
        ):
            if names:
                yield Finding(kind, values={"metrics": names})
        if len(plain):
            yield Finding("run_without_interval", values={"metrics": tuple(plain["metric"])})
    tested = tuple(name for name in measured if np.isfinite(depth.against(name, "p_adjusted")).any())
    if tested:
        yield Finding("tested_metrics", values={"metrics": tested})
    else:
        yield Finding("no_null", values={"reason": why_no_null(result)})
    for kind in sorted(set(result.nulls["null"])):
        if kind in NULLS and not NULLS[kind].tested:
            yield Finding("descriptive_null", values={"null": kind})


def _is_of_shape(metric: str) -> bool:
    """Whether a metric is of the cloud's shape, and no count of its points or of its texts."""
    row = LAYER_METRICS[metric]
    return row.of != "texts" and row.needs_shape


def _why_no_intervals(result: Result) -> str:
    if result.config.topology.landmarks:
        return "landmarks"
    return "replicates=0" if result.config.inference.replicates == 0 else "no_half_sample"


def why_no_null(result: Result) -> str:
    """``landmarks``, ``distances``, ``nulls=0`` or ``no_rotation``."""
    for name in ("landmarks", "distances"):
        if getattr(result.config.topology, name):
            return name
    return "nulls=0" if result.config.inference.nulls == 0 else "no_rotation"
