"""What the calibration of loops amounts to: the share of clouds with a claim, for every rule looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.loop_populations import IN_BETWEEN, LOOP_FREE, LOOP_POPULATIONS, LOOPED
from todacomm.core.loops.verdict import FEW_DIMENSIONS, LEVEL, PROMINENT, REPRODUCED

DRAWS = 39
REPRODUCTION, SAMPLING = "reproduction", "sampling"
BARS = ("the longest bar", "any of five")
RULES: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    "mean life left": (("left_mean",), (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)),
    "first quartile of the life left": (("left_q25",), (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)),
    "5 % quantile of the life left": (("left_q05",), (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)),
    "halves with any life left": (("left_above_0",), (0.9, 0.95, 1.0)),
    "mean life left, sampling": (("left_mean", SAMPLING), (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)),
    "prominence": (("prominence_mean", REPRODUCTION), (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)),
    "prominence, sampling": (("prominence_mean", REPRODUCTION, SAMPLING), (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)),
}
"""Rule beside the rotation null -> the statistic over halves that the threshold is for and what else it asks, and the
thresholds looked at. ``REPRODUCTION``: a mean life left of ``REPRODUCED``; ``SAMPLING``: no gap of a thin sample."""
CHOSEN, CONTRACT = "prominence, sampling", "mean life left"
GOAL_CASE, GOAL_FALSE, GOAL_POWER = ("circle, noise .2", 300), 0.05, 0.8
NULL_ALONE_SIZE, NULL_ALONE_REPETITIONS = 300, 20
"""The size, and the first repetitions, at which clouds are rotated whatever their reproduction."""

Task = tuple[str, int, int]
Numbers = Mapping[str, Any]
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def summarize(done: Mapping[Task, Numbers]) -> Tables:
    """Table -> rows, of all cases with two repetitions or more."""
    cases: dict[tuple[str, int], list[Numbers]] = {}
    for (population, n_points, _), numbers in sorted(done.items()):
        cases.setdefault((population, n_points), []).append(numbers)
    order = list(LOOP_POPULATIONS)
    of_clouds = {case: all_of for case, all_of in cases.items() if case[0] in LOOP_POPULATIONS and len(all_of) > 1}
    of_clouds = dict(sorted(of_clouds.items(), key=lambda item: (order.index(item[0][0]), item[0][1])))
    families = {case: all_of for case, all_of in cases.items() if case[0] not in LOOP_POPULATIONS and len(all_of) > 1}
    return {
        "claims": [_claims_row(*case, all_of) for case, all_of in of_clouds.items()],
        "thresholds": _threshold_rows(of_clouds),
        "family": [_family_row(*case, all_of) for case, all_of in families.items()],
    }


def truth_of(population: str) -> str:
    """``loop-free``, ``looped`` or ``in between``."""
    groups = {"loop-free": LOOP_FREE, "looped": LOOPED, "in between": IN_BETWEEN}
    return next(name for name, members in groups.items() if population in members)


def claimed(numbers: Numbers, rule: str, threshold: float) -> np.ndarray:
    """Which of a cloud's bars are claimed by a rule: shape (n_bars,), in falling order of lifetime."""
    if numbers.get("draws", 0) < DRAWS:
        return np.zeros(len(numbers["lifetime"]), dtype=bool)
    p = (1 + np.array(numbers["exceed"])) / (DRAWS + 1)
    return (p <= LEVEL) & _meets(numbers, rule, threshold)


def _meets(numbers: Numbers, rule: str, threshold: float) -> np.ndarray:
    """Which bars meet a rule but for the rotation null; none where its statistic was not worth measuring."""
    (statistic, *more), _ = RULES[rule]
    if statistic not in numbers:
        return np.zeros(len(numbers["left_mean"]), dtype=bool)
    met = np.array(numbers[statistic]) >= threshold
    if REPRODUCTION in more:
        met &= np.array(numbers["left_mean"]) >= REPRODUCED
    if SAMPLING in more:
        met &= (np.array(numbers["dimension"]) >= FEW_DIMENSIONS) | (np.array(numbers["p_noise"]) <= LEVEL)
    return met


def _claims_row(population: str, n_points: int, clouds: Sequence[Numbers]) -> dict[str, Any]:
    """Reproduction of the longest bar, and how often the rule and its parts claim a loop."""
    longest = np.array([numbers["left_mean"][0] if numbers["left_mean"] else 0.0 for numbers in clouds])
    chosen = [claimed(numbers, CHOSEN, PROMINENT) for numbers in clouds]
    mean_only = [claimed(numbers, CONTRACT, REPRODUCED) for numbers in clouds]
    rotated = clouds[:NULL_ALONE_REPETITIONS] if n_points == NULL_ALONE_SIZE else []
    low, middle, high = np.quantile(longest, [0.05, 0.5, 0.95])
    return {
        "truth": truth_of(population),
        "population": population,
        "n_points": n_points,
        "repetitions": len(clouds),
        "reproduction": [round(float(value), 3) for value in (low, middle, high)],
        "null_alone": _share([_longer(numbers) for numbers in rotated]) if rotated else None,
        "mean_only": _share([bool(bars[:1].any()) for bars in mean_only]),
        "longest": _share([bool(bars[:1].any()) for bars in chosen]),
        "any": _share([bool(bars.any()) for bars in chosen]),
    }


def _longer(numbers: Numbers) -> bool:
    """Whether the longest bar is longer than the covariance explains, whatever its reproduction."""
    return bool(numbers["lifetime"]) and numbers["draws"] == DRAWS and numbers["exceed"][0] + 1 <= LEVEL * (DRAWS + 1)


def _threshold_rows(cases: Mapping[tuple[str, int], Sequence[Numbers]]) -> Rows:
    """For every rule: the loop-free case with most false claims, how many are above the goal, and the power."""
    rows: Rows = []
    for rule, (_, thresholds) in RULES.items():
        for threshold in thresholds:
            for bars in BARS:
                shares = {case: _share(_any(clouds, rule, threshold, bars)) for case, clouds in cases.items()}
                false = {case: share for case, share in shares.items() if case[0] in LOOP_FREE}
                power = [share for case, share in shares.items() if case[0] in LOOPED]
                if not false or not power:
                    continue
                worst = max(false, key=lambda case: false[case])
                rows.append({
                    "rule": rule, "threshold": threshold, "bars": bars,
                    "worst": false[worst], "worst_case": list(worst),
                    "above_goal": sum(share > GOAL_FALSE for share in false.values()),
                    "power": shares.get(GOAL_CASE), "mean_power": round(float(np.mean(power)), 4),
                })  # fmt: skip
    return rows


def _any(clouds: Sequence[Numbers], rule: str, threshold: float, bars: str) -> list[bool]:
    looked_at = 1 if bars == BARS[0] else None
    return [bool(claimed(numbers, rule, threshold)[:looked_at].any()) for numbers in clouds]


def _family_row(kind: str, n_points: int, families: Sequence[Numbers]) -> dict[str, Any]:
    """Share of families of layers without a loop in which one is claimed in any layer."""

    def claims(rule: str, threshold: float, n_bars: int | None) -> float:
        return _share([
            any(_layer_claims(layer, rule, threshold)[:n_bars].any() for layer in numbers["layers"])
            for numbers in families
        ])  # fmt: skip

    return {
        "family": kind,
        "n_points": n_points,
        "repetitions": len(families),
        "mean_only": claims(CONTRACT, REPRODUCED, 1),
        "longest": claims(CHOSEN, PROMINENT, 1),
        "any": claims(CHOSEN, PROMINENT, None),
    }


def _layer_claims(layer: Numbers, rule: str, threshold: float) -> np.ndarray:
    return (np.array(layer["p"]) <= LEVEL) & _meets(layer, rule, threshold)


def _share(claims: Sequence[bool]) -> float:
    return round(float(np.mean(claims)), 4)
