"""What follows from the tables of a comparison, as data: kinds, labels and numbers, no words."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from todacomm.comparison.differences import by_pair
from todacomm.comparison.result import Comparison
from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.loops.verdict import LOOP, NOT_TESTED
from todacomm.core.nulls import ROTATION
from todacomm.results.findings.finding import Finding
from todacomm.results.findings.judgement import smallest_separated
from todacomm.results.table import records

HEADLINE_METRICS = ("h0_total_norm", "h1_max_norm")
"""Metrics that the headline speaks of."""
FEW = 3
"""Pairs up to which each has a finding of its own."""


def findings(comparison: Comparison) -> list[Finding]:
    """What a comparison says, the main things first.

    Two models of the same texts are compared by their paired differences alone; intervals of single models decide only
    where the texts differ or no half-samples were taken.
    """
    made = [finding for metric in HEADLINE_METRICS for finding in largest(comparison, metric)]
    made += [finding for metric in HEADLINE_METRICS for finding in pairs(comparison, metric)]
    made += loops(comparison)
    made += [finding for metric in HEADLINE_METRICS for finding in training(comparison, metric)]
    return [*made, *nearest(comparison), *likelihood(comparison)]


def largest(comparison: Comparison, metric: str) -> Iterator[Finding]:
    """Which trained model has the largest mean over its blocks, and which others are not distinguished from it.

    ``decided_by`` is ``paired``, ``intervals`` or ``nothing``, and ``without`` are then those that have no interval;
    ``tied`` are those not distinguished, and ``smallest_difference`` is the smallest difference from the first of them
    that would have been; ``of_trained`` says that there are random weights besides, which are left out.
    """
    rows = [row for row in records(comparison.tables["ranking"]) if row["metric"] == metric]
    trained = set(comparison.gathered.runs.loc[comparison.gathered.runs["weights"] == "trained", "label"])
    of_trained = len(trained) > 1 and not trained.issuperset(row["label"] for row in rows)
    if of_trained:
        rows = [row for row in rows if row["label"] in trained]
    if len(rows) < 2:
        return
    first, *others = rows
    paired = _of(comparison.tables["mean_differences"], metric)
    tied: list[str] = []
    without: list[str] = []
    smallest, decided_by = math.nan, "paired"
    for other in others:
        row = _between(paired, first["label"], other["label"])
        if row is not None:
            stands = row["p_adjusted"] <= LEVEL
            if not stands and not tied:
                smallest = row["smallest_difference"]
        elif np.isfinite(first["lo"]) and np.isfinite(other["hi"]):
            stands, decided_by = other["hi"] < first["lo"], "intervals"
            if not stands and not tied:
                smallest = smallest_separated(*((row["hi"] - row["lo"]) / 2 for row in (first, other)))
        else:
            stands, decided_by = False, "nothing"
            without = [row["label"] for row in (first, other) if not np.isfinite([row["lo"], row["hi"]]).all()]
        tied += [] if stands else [other["label"]]
        if decided_by == "nothing":
            break
    yield Finding(
        "largest",
        labels=(first["label"],),
        values={
            "metric": metric, "value": first["value"], "half_width": (first["hi"] - first["lo"]) / 2, "tied": tied,
            "smallest_difference": smallest, "decided_by": decided_by, "blocks": first["blocks"],
            "others": [row["label"] for row in others], "without": without, "of_trained": of_trained,
        },
    )  # fmt: skip


def pairs(comparison: Comparison, metric: str) -> Iterator[Finding]:
    """In how many layers every two trained models differ: one finding a pair of a few, else one for all."""
    rows = _of(trained_pairs(comparison), metric)
    every = [(pair, _layers(own)) for pair, own in by_pair(rows)]
    if 0 < len(every) <= FEW:
        yield from (Finding("pair", labels=pair, values={"metric": metric, **values}) for pair, values in every)
    elif every:
        differ = [values["standing"] > 0 for _, values in every]
        alike = [pair for (pair, _), stands in zip(every, differ, strict=True) if not stands]
        smallest = [own["smallest_difference"] for (_, own), stands in zip(every, differ, strict=True) if not stands]
        values = {"metric": metric, "standing": sum(differ), "pairs": len(every), "alike": alike}
        yield Finding("pairs", values=values | {"smallest_difference": max(smallest, default=math.nan)})


def training(comparison: Comparison, metric: str) -> Iterator[Finding]:
    """In how many layers each trained model differs from the same one with random weights."""
    rows = _of(comparison.tables["controls"], metric)
    for label, own in rows.groupby("label_a", sort=False):
        yield Finding("training", labels=(str(label),), values={"metric": metric, **_layers(own)})


def loops(comparison: Comparison) -> Iterator[Finding]:
    """In how many layers of each analysis H1's longest bar exceeds its rotation null, where the draws could show it.

    ``claimed`` is in how many of them there is a loop, of the analyses that have verdicts on record; ``alone`` how many
    of the counted layers were tested by themselves beside others, since some of their texts share a point; ``untested``
    are the analyses whose draws could show nothing.
    """
    rows = _of(comparison.tables["depth_curves"], "h1_max_norm")
    by_label = rows.groupby("label", sort=False)["p_adjusted"]
    analyses = comparison.gathered.analyses
    counts = {
        str(label): (int((p <= LEVEL).sum()), len(p))
        for label, p in by_label
        if 1 / (_rotated(analyses[str(label)].nulls)["draws"].max() + 1) <= LEVEL
    }
    if counts:
        layers = {label: rows.loc[rows["label"] == label, "layer"] for label in counts}
        verdicts = {label: _among(analyses[label].loops, layers[label]) for label in counts}
        claimed = {
            label: int(table.loc[table["verdict"] == LOOP, "layer"].nunique())
            for label, table in verdicts.items()
            if not table["verdict"].isin(("", NOT_TESTED)).all()
        }
        alone = {label: _tested_alone(_among(analyses[label].nulls, layers[label])) for label in counts}
        untested = [label for label in comparison.labels if label not in counts]
        values = {"layers": counts, "claimed": claimed, "alone": alone, "untested": untested}
        yield Finding("loops", labels=tuple(counts), values=values)


def _among(table: pd.DataFrame, layers: pd.Series) -> pd.DataFrame:
    """The rows of some layers: those of other streams are not counted."""
    return table[table["layer"].astype(str).isin(layers.astype(str))]


def _rotated(nulls: pd.DataFrame) -> pd.DataFrame:
    """The rows of the longest H1 bar against the rotations."""
    return nulls[(nulls["metric"] == "h1_max_norm") & (nulls["null"] == ROTATION)]


def _tested_alone(nulls: pd.DataFrame) -> int:
    """Layers whose longest H1 bar is beyond the rotation null by a p that is not adjusted for the others."""
    rows = _rotated(nulls)
    return int(((rows["family"] == 1) & (rows["p_adjusted"] <= LEVEL)).sum()) if len(rows) > 1 else 0


def nearest(comparison: Comparison) -> Iterator[Finding]:
    """Which two models are nearest and which furthest from each other, text by text.

    ``chance`` is the mean distance of texts paired at random, ``closer`` the number of ``layers`` at matched depth that
    are closer than that. Where no two models of several are, the finding is ``not_nearest``.
    """
    matrix = comparison.tables.get("model_distances", pd.DataFrame()).to_numpy(dtype=float)
    if not len(matrix):
        return
    known = [
        (float(matrix[i, j]), a, b)
        for (i, a), (j, b) in combinations(enumerate(comparison.labels), 2)
        if np.isfinite(matrix[i, j])
    ]
    beside = {(a, b): _chance(comparison, a, b) for _, a, b in known}
    tested = [pair for pair in known if beside[pair[1:]]["layers"]]
    if len(tested) > 1 and not any(beside[pair[1:]]["closer"] for pair in tested):
        yield Finding("not_nearest", values={"pairs": len(tested)})
    elif len(known) > 1:
        closer = [pair for pair in tested if beside[pair[1:]]["closer"]] or known
        for kind, (value, a, b) in (("nearest", min(closer)), ("furthest", max(known))):
            yield Finding(kind, labels=(a, b), values={"value": value, **beside[a, b]})


def likelihood(comparison: Comparison) -> Iterator[Finding]:
    """Which metric goes with likelihood; why there is no saying stands under its table."""
    rows = [row for row in records(comparison.tables["correlates"]) if np.isfinite(row["spearman"])]
    if rows:
        strongest = max(rows, key=lambda row: abs(row["spearman"]))
        names = ("likelihood", "metric", "models", "spearman", "p")
        yield Finding("likelihood", values={name: strongest[name] for name in names})


def trained_pairs(comparison: Comparison, name: str = "paired_differences") -> pd.DataFrame:
    """The rows of a table of differences between models with trained weights; all, where there are none."""
    runs, table = comparison.gathered.runs, comparison.tables[name]
    trained = runs.loc[runs["weights"] == "trained", "label"]
    between = table[table["label_a"].isin(trained) & table["label_b"].isin(trained)]
    return between if len(between) else table


def standing(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose difference, or similarity, stands after adjustment."""
    return rows[rows["p_adjusted"] <= LEVEL]


def clearest(rows: pd.DataFrame) -> dict[str, Any]:
    """The difference that is largest in units of its standard error; the larger one where there is no error."""
    with np.errstate(divide="ignore"):
        size = np.abs(rows["difference"].to_numpy()) / rows["se"].to_numpy()
    return records(rows.iloc[[int(np.lexsort((np.abs(rows["difference"]), size))[-1])]])[0]


def _layers(rows: pd.DataFrame) -> dict[str, Any]:
    """In how many layers a difference stands, the clearest of them, and what could have been detected in the others."""
    stands = standing(rows)
    values: dict[str, Any] = {"standing": len(stands), "layers": len(rows)}
    values["smallest_difference"] = float(rows["smallest_difference"].median())
    if len(stands):
        row = clearest(stands)
        half = (row["hi_family"] - row["lo_family"]) / 2
        values |= {"layer": row["layer_a"], "difference": row["difference"], "half_width": half}
    return values


def _of(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows of a metric that were tested."""
    return table[(table["metric"] == metric) & np.isfinite(table["p_adjusted"].astype(float))]


def _between(rows: pd.DataFrame, a: str, b: str) -> dict[str, Any] | None:
    """The row of two analyses, whichever stands first."""
    labels = rows[["label_a", "label_b"]]
    at = labels.isin([a]).any(axis=1) & labels.isin([b]).any(axis=1)
    return next(iter(records(rows[at])), None)


def _chance(comparison: Comparison, a: str, b: str) -> dict[str, Any]:
    """Procrustes distances of two analyses with their texts paired at random, and how many layers are closer."""
    rows = comparison.tables["similarity"]
    rows = rows[(rows["measure"] == "procrustes") & (rows["label_a"] == a) & (rows["label_b"] == b)]
    rows = rows[np.isfinite(rows["p_adjusted"].astype(float))]
    return {"chance": float(rows["chance"].mean()), "closer": len(standing(rows)), "layers": len(rows)}
