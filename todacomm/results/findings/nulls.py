"""What the rotation null and the reproduction on halves of the texts allow to be claimed."""

from typing import Any

import numpy as np

from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.loops.verdict import FEW_TEXTS, LOOP, NO_LOOP, REPRODUCED
from todacomm.core.metrics import LAYER_METRICS
from todacomm.results.depth import Depth
from todacomm.results.findings.finding import Finding, named
from todacomm.results.findings.judgement import judge
from todacomm.results.result import Result

LONGEST_BAR, COUNT = "h1_max_norm", "h1_count_long"
TOTALS = tuple(name for name, metric in LAYER_METRICS.items() if metric.null_tail == "two-sided")
"""Metrics that may differ from the rotation null to either side."""


def of_loops(result: Result, depth: Depth) -> list[Finding]:
    """Where a loop may be claimed: a bar longer than the covariance explains that is reproduced on halves of the texts.

    Kinds: ``loops``, ``few_texts``, ``no_loops``; none where no verdict is on record, or too few draws for one.
    """
    known = np.isin(depth.verdicts, (LOOP, FEW_TEXTS, NO_LOOP)) & depth.sound
    if not known.any() or judge(depth, LONGEST_BAR).too_few_draws:
        return []
    of = {verdict: known & (np.array(depth.verdicts) == verdict) for verdict in (LOOP, FEW_TEXTS)}
    made = []
    if of[LOOP].any():
        values = _reproduction(result, named(depth, of[LOOP]), LOOP)
        goes_with = _goes_with(result, values["layer"], values["rank"])
        made.append(Finding("loops", named(depth, of[LOOP]), {**values, "goes_with": goes_with}))
    else:
        made.append(Finding("no_loops", named(depth, known)))
    if of[FEW_TEXTS].any():
        names = named(depth, of[FEW_TEXTS])
        made.append(Finding("few_texts", names, _reproduction(result, names, FEW_TEXTS)))
    return made


def _reproduction(result: Result, layers: tuple[str, ...], verdict: str) -> dict[str, Any]:
    """How many bars have this verdict, the largest of each of their numbers, and how many come back on other texts.

    ``layer`` and ``rank`` are those of the bar that is reproduced best.
    """
    bars = result.loops[result.loops["layer"].isin(layers) & (result.loops["verdict"] == verdict)]
    best = bars.sort_values("reproduction", ascending=False).iloc[0]
    come_back = (bars["reproduction"] >= REPRODUCED) & (bars["group_reproduction"] >= REPRODUCED)
    return {
        "bars": len(bars),
        "layer": str(best["layer"]),
        "rank": int(best["rank"]),
        "reproduction": float(best["reproduction"]),
        "in_groups": float(bars["group_reproduction"].max()),
        "prominence": float(bars["prominence"].max()),
        "come_back": int(come_back.sum()),
    }


def _goes_with(result: Result, layer: str, rank: int) -> tuple[str, float] | tuple[()] | None:
    """What the place on a loop goes with most; nothing where it goes with none of what is known, None without any."""
    rows = result.associations
    rows = rows[(rows["subject"] == LOOP) & (rows["layer"] == layer) & (rows["rank"] == rank)]
    if not len(rows):
        return None
    clear = rows[rows["p_adjusted"] <= LEVEL].sort_values("strength", ascending=False)
    return (str(clear.iloc[0]["covariate"]), float(clear.iloc[0]["strength"])) if len(clear) else ()


def of_bars(depth: Depth) -> list[Finding]:
    """Where the longest H1 bar is longer than the covariance explains: necessary for a loop, not sufficient.

    Kinds: ``long_bars``, ``no_long_bars``, ``too_few_draws``.
    """
    judged = judge(depth, LONGEST_BAR)
    if not judged.tested.any():
        return []
    if judged.too_few_draws:
        tested = tuple(metric for metric in (LONGEST_BAR, *TOTALS) if judge(depth, metric).tested.any())
        return [Finding("too_few_draws", named(depth, judged.tested), {"draws": judged.draws, "metrics": tested})]
    if not judged.high.any():
        closest = judged.evidence(judged.strongest(judged.tested))
        smallest = judged.smallest_difference(judged.tested, sides=1)
        about = {"closest": closest, "smallest_difference": smallest}
        return [Finding("no_long_bars", named(depth, judged.tested), about)]
    rest = judged.tested & ~judged.high
    values: dict[str, Any] = {"not_detected": named(depth, rest)}
    values["strongest"] = judged.evidence(judged.strongest(judged.high))
    if rest.any():
        values["smallest_difference"] = judged.smallest_difference(rest, sides=1)
    return [Finding("long_bars", named(depth, judged.high), values)]


def of_count(depth: Depth) -> list[Finding]:
    """Where there are more H1 bars over 3 % of the diameter than the covariance explains, and where not.

    Kinds: ``many_long_bars``, ``no_more_long_bars``.
    """
    judged = judge(depth, COUNT)
    if not judged.tested.any() or judged.too_few_draws:
        return []
    made = []
    more, rest = judged.high, judged.tested & ~judged.high
    for kind, where, value in (("many_long_bars", more, "strongest"), ("no_more_long_bars", rest, "closest")):
        if where.any():
            values: dict[str, Any] = {value: judged.evidence(judged.strongest(where))}
            if where is rest:
                values["smallest_difference"] = judged.smallest_difference(where, sides=1)
            made.append(Finding(kind, named(depth, where), values))
    return made


def of_totals(depth: Depth) -> list[Finding]:
    """Where the totals of H0 and H1 differ from what the covariance explains.

    Kinds: ``null_difference``, ``no_null_difference``.
    """
    made = []
    for metric in TOTALS:
        judged = judge(depth, metric)
        if not judged.tested.any() or judged.too_few_draws:
            continue
        for side, where, sign in (("below", judged.low, -1), ("above", judged.high, 1)):
            if where.any():
                values = {
                    "metric": metric,
                    "side": side,
                    "strongest": judged.evidence(judged.strongest(where, sign)),
                }
                made.append(Finding("null_difference", named(depth, where), values))
        if judged.neither.any():
            everywhere = bool(judged.neither.sum() == judged.tested.sum())
            about: dict[str, Any] = {"metric": metric, "everywhere": everywhere}
            about["smallest_difference"] = judged.smallest_difference(judged.neither)
            made.append(Finding("no_null_difference", named(depth, judged.neither), about))
    return made
