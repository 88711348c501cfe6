"""What may be said of a comparison: sentences that follow from its tables."""

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

from todacomm.comparison.overview import correlates_refused
from todacomm.comparison.result import Comparison
from todacomm.figures.comparison.overlays import name_of
from todacomm.reports.comparison_blocks import clearest, standing
from todacomm.reports.formats import count, listing, number, p_value, plus_minus, signed
from todacomm.results.table import records

SAID = ("h0_total_norm", "h1_max_norm")


def headline(found: Comparison) -> list[str]:
    """Who leads and by how much, what training did, who is nearest to whom, and what cannot be said."""
    said = [sentence for metric in SAID if (sentence := leader(found, metric))]
    said += loops(found)
    said += [sentence for metric in SAID if (sentence := trained(found, metric))]
    said += nearest(found)
    said += likelihood(found)
    return said


def leader(found: Comparison, metric: str) -> str:
    """Which analysis has the largest value, and whether its interval tells it from the next."""
    rows = records(found.tables["ranking"])
    rows = [row for row in rows if row["metric"] == metric]
    if len(rows) < 2:
        return ""
    first, second = rows[:2]
    value = plus_minus(first["value"], (first["hi"] - first["lo"]) / 2)
    text = f"{name_of(metric)} is largest in {first['label']} ({value}, mean over its blocks)"
    if not np.isfinite(first["lo"]) or not np.isfinite(second["hi"]):
        return f"{text}; without intervals there is no saying how sure that is."
    if tied := [row["label"] for row in rows[1:] if row["hi"] >= first["lo"]]:
        return f"{text}, but its interval overlaps with that of {listing(tied)}: they are not told apart."
    return f"{text}, above the interval of every other."


def loops(found: Comparison) -> list[str]:
    """In which analyses a loop is detected against the rotation null."""
    rows = found.tables["depth_curves"]
    rows = rows[(rows["metric"] == "h1_max_norm") & np.isfinite(rows["p_adjusted"])]
    if not len(rows):
        return []
    tested = list(dict.fromkeys(rows["label"]))
    detected = Counter(standing(rows)["label"])
    if not detected:
        return [f"No loop is detected in any of {count(len(tested), 'analysis').replace('analysiss', 'analyses')}."]
    parts = [
        f"{label} ({number(n)} of {number((rows['label'] == label).sum())} layers)" for label, n in detected.items()
    ]
    rest = [label for label in tested if label not in detected]
    said = f"Loops longer than the covariance explains are detected in {listing(parts)}"
    return [said + (f"; not detected in {listing(rest)}." if rest else ".")]


def trained(found: Comparison, metric: str) -> str:
    """What training did to a metric, model by model."""
    rows = found.tables["controls"]
    rows = rows[(rows["metric"] == metric) & np.isfinite(rows["p_adjusted"])]
    parts = []
    for label, own in rows.groupby("label_a", sort=False):
        stand = standing(own)
        if len(stand):
            clear = clearest(stand)
            change = signed(clear["difference"], (clear["hi"] - clear["lo"]) / 2)
            parts.append(f"in {len(stand)} of {len(own)} layers of {label} (clearest in {clear['layer_a']}: {change})")
        else:
            parts.append(f"in none of {len(own)} layers of {label}")
    return f"{name_of(metric)}: training made a difference {listing(parts)}." if parts else ""


def nearest(found: Comparison) -> list[str]:
    """Which two models are nearest and which furthest, text by text."""
    matrix = found.tables.get("model_distances", pd.DataFrame()).to_numpy(dtype=float)
    apart = [
        (float(matrix[i, j]), a, b)
        for (i, a), (j, b) in combinations(enumerate(found.labels), 2)
        if len(matrix) and np.isfinite(matrix[i, j])
    ]
    if len(apart) < 2:
        return []
    (near, a, b), (far, c, d) = min(apart), max(apart)
    return [
        f"Nearest by geometry are {a} and {b} (Procrustes distance {number(near)} of at most 1.57), furthest {c} and "
        f"{d} ({number(far)})."
    ]


def likelihood(found: Comparison) -> list[str]:
    """Whether topology goes with likelihood, or why that is not said."""
    rows = found.tables["correlates"]
    if not len(rows):
        reason = correlates_refused(found.gathered)
        return [f"No correlation with likelihood is given: {reason}."] if reason else []
    clear = max(records(rows), key=lambda row: abs(row["spearman"]))
    return [
        f"Closest to {clear['likelihood'].replace('_', ' ')} comes {name_of(clear['metric'])} (Spearman "
        f"{number(clear['spearman'])} over {clear['models']} models, p = {p_value(clear['p'])}, not adjusted)."
    ]
