"""What the repetitions of a calibration amount to: standard errors, coverage, uniformity, errors and power."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from todacomm.core.inference import INTERVAL_METRICS, TESTED_METRICS
from todacomm.core.inference.uncertainty import GROWS, Z

LEVEL = 0.05
DRAWS = 39
REGIONS = {"body": (0.2, 1.0), "flank": (0.05, 0.2), "tail": (0.0, 0.05)}
"""Parts of a Betti curve by its height in units of its peak."""

Repetitions = list[dict[str, Any]]
Case = Mapping[str, Any]
Rows = list[dict[str, Any]]
Tables = dict[str, Rows]


def summarize(done: Mapping[tuple[str, int, int], dict[str, Any]], cases: Mapping[str, Sequence[Case]]) -> Tables:
    """Every case with two repetitions or more: table -> its rows."""
    tables: Tables = {}
    for name, settings in cases.items():
        table, rows_of = SUMMARIES[name]
        for index, case in enumerate(settings):
            repetitions = [numbers for task, numbers in sorted(done.items()) if task[:2] == (name, index)]
            if len(repetitions) > 1:
                rows = [{**case, "repetitions": len(repetitions), **row} for row in rows_of(repetitions)]
                tables.setdefault(table, []).extend(rows)
    return tables


def summarize_intervals(repetitions: Repetitions) -> Rows:
    """Standard errors against the true spread, and how often the interval holds the expectation at this size."""
    value, mean, sd = (np.array([numbers[key] for numbers in repetitions]) for key in ("value", "half_mean", "half_sd"))
    rows: Rows = []
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.abs(value / mean) * sd
    for m, metric in enumerate(INTERVAL_METRICS):
        spread = value[:, m].std(ddof=1)
        if spread < 1e-9 * np.abs(value[:, m]).mean():  # always the same: nothing to be unsure of
            continue
        rule = {"plain": sd[:, m], "rescaled": grown[:, m]}
        rule["used"] = rule["rescaled" if GROWS[m] else "plain"]
        row = {"metric": metric, "half_over_full": float(mean[:, m].mean() / value[:, m].mean())}
        for name, se in rule.items():
            row[f"ratio_{name}"] = float(np.sqrt(np.mean(se**2)) / spread)
            row[f"coverage_{name}"] = float(np.mean(np.abs(value[:, m] - value[:, m].mean()) <= Z * se))
        rows.append(row)
    return rows + [{"curve": f"betti_{degree}", **_band_coverage(repetitions, f"betti_{degree}")} for degree in (0, 1)]


def _band_coverage(repetitions: Repetitions, curve: str) -> dict[str, float]:
    """Share of clouds and scales at which the band holds the expected curve to half a bar, where it is not certain.

    Betti numbers are whole: a band without a width around 199 bars is right about an expected 198.8.
    """
    middle, lo, hi = (np.array([numbers[curve + end] for numbers in repetitions]) for end in ("", "_lo", "_hi"))
    expected = middle.mean(axis=0)
    height = expected / expected.max()
    unsure = middle.std(axis=0) > 0.0
    inside = (lo - 0.5 <= expected) & (expected <= hi + 0.5)
    return {
        region: float(inside[:, where].mean())
        for region, (low, high) in REGIONS.items()
        if (where := unsure & (height > low) & (height <= high)).any()
    }


def summarize_ranks(repetitions: Repetitions) -> Rows:
    """Kolmogorov-Smirnov test of the upper p, spread evenly over its cells, against the uniform distribution."""
    ranks = np.array([numbers["rank"] for numbers in repetitions])
    spread = (ranks - np.random.default_rng(0).uniform(size=ranks.shape)) / (DRAWS + 1)
    return [
        {
            "metric": metric,
            "ks_p": float(stats.kstest(spread[:, m], "uniform").pvalue),
            "share_upper": float(np.mean(ranks[:, m] <= LEVEL * (DRAWS + 1))),
            "share_lower": float(np.mean(ranks[:, m] > (1 - LEVEL) * (DRAWS + 1))),
        }
        for m, metric in enumerate(TESTED_METRICS)
    ]


def summarize_family(repetitions: Repetitions, metrics: Sequence[str] = TESTED_METRICS) -> Rows:
    """Share of families without any effect in which something is found, with the binomial bounds of that share."""
    smallest = np.array([numbers["smallest"] for numbers in repetitions])
    low, high = stats.binom.ppf([0.005, 0.995], len(repetitions), LEVEL) / len(repetitions)
    shares = np.mean(smallest <= LEVEL, axis=0)
    return [
        {"metric": metric, "error": float(share), "low": float(low), "high": float(high)}
        for metric, share in zip(metrics, shares, strict=True)
    ]


def summarize_circle(repetitions: Repetitions) -> Rows:
    p = np.array([numbers["p"] for numbers in repetitions])
    return [{"metric": m, "power": float(x)} for m, x in zip(TESTED_METRICS, np.mean(p <= LEVEL, axis=0), strict=True)]


def summarize_planted(repetitions: Repetitions) -> Rows:
    p = np.array([numbers["p_adjusted"] for numbers in repetitions])
    others = summarize_family(repetitions)
    return [
        {"metric": metric, "power": float(np.mean(p[:, m] <= LEVEL)), "error_elsewhere": others[m]["error"]}
        for m, metric in enumerate(TESTED_METRICS)
    ]


def summarize_paired(repetitions: Repetitions) -> Rows:
    difference, se = (np.array([numbers[key] for numbers in repetitions]) for key in ("difference", "se"))
    rows = []
    for m, error in enumerate(summarize_family(repetitions, INTERVAL_METRICS)):
        spread = difference[..., m].std()
        if spread > 1e-9:
            ratio = float(np.sqrt(np.mean(se[..., m] ** 2)) / spread)
            coverage = float(np.mean(np.abs(difference[..., m]) <= Z * se[..., m]))
            rows.append({**error, "ratio": ratio, "coverage": coverage})
    return rows


SUMMARIES = {
    "intervals": ("intervals", summarize_intervals),
    "rotation": ("rotation", summarize_ranks),
    "rotation of 500": ("rotation", summarize_ranks),
    "family": ("family", summarize_family),
    "circle": ("circle", summarize_circle),
    "planted": ("planted", summarize_planted),
    "paired": ("paired", summarize_paired),
}
"""Experiment -> table it belongs to, and the function from its repetitions to rows."""
