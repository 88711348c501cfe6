"""How the model differs from its controls, by paired differences on the same texts."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.inference.uncertainty import Z
from todacomm.core.metrics import MAIN
from todacomm.core.nulls import NULLS, RANDOM_WEIGHTS
from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding, named
from todacomm.results.findings.judgement import smallest_detectable
from todacomm.results.result import Result

CONTROLS = tuple(kind for kind, null in NULLS.items() if null.needs_pass and null.tested)


def of_controls(result: Result, depth: Depth) -> Iterator[Finding]:
    """Differences from random weights and from shuffled tokens.

    Kinds: ``random_weights``, ``control``, ``control_difference``, ``no_control_difference``,
    ``control_without_error``.
    """
    if result.model.weights == "random":
        yield Finding("random_weights")
        return
    for kind in CONTROLS:
        yield from _of_control(depth, kind)
    shown = any(depth.control(metric).defined for metric in MAIN)
    if shown and not any(np.isfinite(depth.against(m, "difference", RANDOM_WEIGHTS)).any() for m in MAIN):
        yield Finding("control_without_error", values={"control": RANDOM_WEIGHTS, "metrics": MAIN})


def _of_control(depth: Depth, kind: str) -> Iterator[Finding]:
    compared = {
        metric: among
        for metric in MAIN
        if (among := depth.sound & np.isfinite(depth.against(metric, "difference", kind))).any()
    }
    if not compared:
        return
    draws = np.concatenate([depth.against(metric, "draws", kind)[among] for metric, among in compared.items()])
    p = np.concatenate([depth.against(metric, "p_adjusted", kind)[among] for metric, among in compared.items()])
    most = max(int(among.sum()) for among in compared.values())
    yield Finding(
        "control",
        values={
            "control": kind,
            "draws": int(draws.min()) if np.isfinite(draws).all() else None,
            "adjusted": bool(np.isfinite(p).any()),
            "layers": most,
            "by_chance": LEVEL * most,
        },
    )
    for metric, among in compared.items():
        yield _difference(depth, among, kind, metric)


def _difference(depth: Depth, among: np.ndarray, kind: str, metric: str) -> Finding:
    names = ("difference", "se", "p_adjusted", "sd", "family")
    difference, error, p, sd, family = (depth.against(metric, column, kind) for column in names)
    values: dict[str, Any] = {"control": kind, "metric": metric}
    if np.isfinite(p[among]).any():
        standing, smallest = among & (p <= LEVEL), smallest_detectable(sd[among], family[among])
    elif np.isfinite(error[among]).any():
        standing = among & (np.abs(difference) > Z * error)  # claimed where there is no p
        smallest = smallest_detectable(error[among])
    else:
        return Finding("control_without_error", values={"control": kind, "metrics": (metric,)})
    if not standing.any():
        return Finding("no_control_difference", named(depth, among), values | {"smallest_difference": smallest})
    for side, where in (("lower", standing & (difference < 0)), ("higher", standing & (difference > 0))):
        if where.any():
            i = int(np.argmax(np.where(where, np.abs(difference), -1)))
            values[side] = {
                "layers": named(depth, where),
                "layer": depth.names[i],
                "difference": float(difference[i]),
                "half_width": float(Z * error[i]),
            }
    return Finding("control_difference", named(depth, standing), values)
