"""What the calibration of loops amounts to: the share of clouds with a claim, for every choice of thresholds."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from benchmarks.loop_populations import FAMILIES, IN_BETWEEN, LOOP_FREE, LOOP_POPULATIONS, LOOPED
from todacomm.core.loops.verdict import LEVEL, PROMINENT, REPRODUCED

DRAWS = 39
GATE, LEAST_PROMINENT = 0.4, 0.6
"""Reproduction and prominence under which no rule looked at makes a claim: what costs more is not measured there."""
IN_GROUPS, REPRODUCTIONS, PROMINENCES = (
    (0.0, REPRODUCED),
    (GATE, REPRODUCED, 0.6),
    (LEAST_PROMINENT, 0.8, PROMINENT, 0.95),
)
"""Thresholds looked at: of what is left on halves of the groups (0: not asked), on halves, and of the prominence."""
GOAL_CASE, GOAL_FALSE, GOAL_POWER = ("circle, noise .2", 300), 0.05, 0.8
NULL_ALONE_SIZE, NULL_ALONE_REPETITIONS = 300, 30
"""The size, and the first repetitions, at which clouds are rotated whatever their reproduction."""
RULE_ALONE_SIZE = 1000
"""From this size on other thresholds are not looked at."""

Task = tuple[str, int, int]
Numbers = Mapping[str, Any]
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]
CASES = ("claims", "family")
"""Tables of one row a case."""


def summarize(done: Mapping[Task, Numbers]) -> Tables:
    """Table -> rows, of all cases with two repetitions or more."""
    cases: dict[tuple[str, int], list[Numbers]] = {}
    for (population, n_points, _), numbers in sorted(done.items()):
        cases.setdefault((population, n_points), []).append(numbers)
    order = [*LOOP_POPULATIONS, *FAMILIES]
    known = sorted((case for case, numbers in cases.items() if case[0] in order and len(numbers) > 1), key=_place)
    of_clouds = {case: cases[case] for case in known if case[0] in LOOP_POPULATIONS}
    return {
        "claims": [_claims_row(*case, clouds) for case, clouds in of_clouds.items()],
        "thresholds": _threshold_rows({case: of_clouds[case] for case in of_clouds if case[1] < RULE_ALONE_SIZE}),
        "family": [_family_row(*case, cases[case]) for case in known if case[0] in FAMILIES],
    }


def more_of(recorded: Tables, new: Tables) -> Tables:
    """Of every case the row with more repetitions; the table of thresholds that rests on more clouds."""
    tables: Tables = {}
    for name in CASES:
        old, rows = by_case(recorded[name]), by_case(new[name])
        tables[name] = [
            max((table[case] for table in (rows, old) if case in table), key=lambda row: int(row["repetitions"]))
            for case in sorted(old | rows, key=_place)
        ]
    thresholds = new["thresholds"], recorded["thresholds"]
    tables["thresholds"] = max(thresholds, key=lambda rows: rows[0]["clouds"] if rows else 0)
    return tables


def by_case(rows: Rows) -> dict[tuple[str, int], dict[str, Any]]:
    """Population or family and number of points -> row."""
    return {(row.get("population") or row["family"], row["n_points"]): row for row in rows}


def _place(case: tuple[str, int]) -> tuple[int, int]:
    return [*LOOP_POPULATIONS, *FAMILIES].index(case[0]), case[1]


def truth_of(population: str) -> str:
    """``loop-free``, ``looped``, ``in between`` or ``family``."""
    groups = {"loop-free": LOOP_FREE, "looped": LOOPED, "in between": IN_BETWEEN, "family": FAMILIES}
    return next(name for name, members in groups.items() if population in members)


def claimed(
    numbers: Numbers, reproduced: float = REPRODUCED, prominent: float = PROMINENT, in_groups: float = REPRODUCED
) -> bool:
    """Whether any of a cloud's bars is called a loop."""
    if numbers.get("draws", 0) < DRAWS:
        return False
    p = (1 + np.array(numbers["exceed"])) / (DRAWS + 1)
    return bool(_meets(p, numbers, reproduced, prominent, in_groups).any())


def _meets(p: np.ndarray, numbers: Numbers, reproduced: float, prominent: float, in_groups: float) -> np.ndarray:
    met: np.ndarray = (
        (p <= LEVEL)
        & (np.array(numbers["reproduction"]) >= reproduced)
        & (np.array(numbers["prominence"]) >= prominent)
        & (np.array(numbers["group_reproduction"]) >= in_groups)
    )
    return met


def _claims_row(population: str, n_points: int, clouds: Sequence[Numbers]) -> dict[str, Any]:
    """Reproduction of the longest bar, and how often the rule and its parts claim a loop."""
    longest = [numbers["reproduction"][0] if numbers["reproduction"] else 0.0 for numbers in clouds]
    rotated = clouds[:NULL_ALONE_REPETITIONS] if n_points == NULL_ALONE_SIZE else []
    longer = [_longer(numbers) for numbers in rotated]
    low, middle, high = np.quantile(longest, [0.05, 0.5, 0.95])
    return {
        "truth": truth_of(population),
        "population": population,
        "n_points": n_points,
        "repetitions": len(clouds),
        "reproduction": [round(float(value), 3) for value in (low, middle, high)],
        "null_alone": _share(longer) if rotated else None,
        "and_reproduced": _share([
            is_longer and numbers["reproduction"][0] >= REPRODUCED
            for is_longer, numbers in zip(longer, rotated, strict=True)
        ]) if rotated else None,
        "loop": _share([claimed(numbers) for numbers in clouds]),
    }  # fmt: skip


def _longer(numbers: Numbers) -> bool:
    """Whether the longest bar is longer than the covariance explains, whatever its reproduction."""
    return bool(numbers["lifetime"]) and numbers["draws"] == DRAWS and numbers["exceed"][0] + 1 <= LEVEL * (DRAWS + 1)


def _threshold_rows(cases: Mapping[tuple[str, int], Sequence[Numbers]]) -> Rows:
    """For every choice of thresholds: the loop-free case with most claims, how many exceed the goal, and the power."""
    rows: Rows = []
    n_clouds = sum(map(len, cases.values()))
    for in_groups, reproduced, prominent in product(IN_GROUPS, REPRODUCTIONS, PROMINENCES):
        shares = {
            case: _share([claimed(numbers, reproduced, prominent, in_groups) for numbers in clouds])
            for case, clouds in cases.items()
        }
        false = {case: share for case, share in shares.items() if case[0] in LOOP_FREE}
        power = [share for case, share in shares.items() if case[0] in LOOPED]
        if false and power:
            worst = max(false, key=lambda case: false[case])
            rows.append({
                "clouds": n_clouds,
                "reproduction": reproduced, "prominence": prominent, "group_reproduction": in_groups,
                "worst": false[worst], "worst_case": list(worst),
                "above_goal": sum(share > GOAL_FALSE for share in false.values()),
                "power": shares.get(GOAL_CASE), "mean_power": round(float(np.mean(power)), 4),
            })  # fmt: skip
    return rows


def _family_row(kind: str, n_points: int, families: Sequence[Numbers]) -> dict[str, Any]:
    """Share of families of layers without a loop in which one is claimed in any layer."""
    claims = [
        any(_meets(np.array(layer["p"]), layer, REPRODUCED, PROMINENT, REPRODUCED).any() for layer in numbers["layers"])
        for numbers in families
    ]
    return {"family": kind, "n_points": n_points, "repetitions": len(families), "loop": _share(claims)}


def _share(claims: Sequence[bool]) -> float:
    return round(float(np.mean(claims)), 4)
