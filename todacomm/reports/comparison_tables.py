"""The tables of a comparison's report; each caption says what the numbers mean and how sure they are."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from todacomm.comparison.differences import by_pair
from todacomm.comparison.findings import clearest, standing, trained_pairs
from todacomm.comparison.metrics import compared_metrics, label_of, ranked_metrics, short_of
from todacomm.comparison.result import Comparison
from todacomm.comparison.similarities import at_matched_depth
from todacomm.core.inference import MIN_DRAWS
from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.similarity import DIAGRAM_DISTANCES, SIMILARITIES
from todacomm.reports.blocks import Table
from todacomm.reports.formats import UNDEFINED, number, p_value, plus_minus, share, signed
from todacomm.results.table import records

MOST_ROWS = 60
"""Rows of a table in the report; the rest stands in its CSV file."""
DETECTABLE = "Where there is none, the smallest difference detected in 80 % of samples stands in brackets."
NO_P = f"There is no p: it takes {MIN_DRAWS} random pairings (rtd_permutations={MIN_DRAWS})."
_ADJUSTED = f"p ≤ {LEVEL} after adjustment over all layers, metrics and pairs of this table together"


def runs_table(comparison: Comparison) -> Table | None:
    """What was compared: one row an analysis."""
    columns: list[tuple[str, str, Callable[[Any], str]]] = [
        ("dataset", "Data set", str), ("kind", "Kind", str), ("family", "Family", str), ("weights", "Weights", str),
        ("n_layers", "Layers", number), ("width", "Width", number), ("n_parameters", "Parameters", number),
        ("bits_per_byte", "Bits per byte", number), ("perplexity", "Perplexity", number),
        ("pseudo_perplexity", "Pseudo-perplexity", number),
    ]  # fmt: skip
    runs = comparison.gathered.runs
    shown = [column for column in columns if column[0] in runs and runs[column[0]].notna().any()]
    if runs["dataset"].nunique() == 1:
        shown = shown[1:]
    rows = []
    for _, run in runs.iterrows():
        cells = [write(run[name]) if pd.notna(run[name]) else "" for name, _, write in shown]
        rows.append([run["label"], *cells])
    caption = (
        "Perplexities compare within one tokenizer only, bits per byte between tokenizers. An empty cell: the model "
        "has no language-model head, or none was measured."
    )
    return Table("", caption, ["Analysis", *(head for _, head, _ in shown)], rows)


def ranking_table(comparison: Comparison) -> Table | None:
    """Means over the blocks with their intervals and the ranks that are left open."""
    placed = {(row["label"], row["metric"]): row for row in records(comparison.tables["ranking"])}
    metrics = [metric for metric in ranked_metrics() if any(metric == known for _, known in placed)]
    rows = [[label, *(_ranked(placed.get((label, metric))) for metric in metrics)] for label in comparison.labels]
    decided = "paired differences on the same texts" if len(comparison.tables["mean_differences"]) else "intervals"
    caption = (
        "Mean over the blocks (expansion: of the run) ± half of its 95 % interval; in brackets the ranks that the "
        f"{decided} leave open; rank 1 is the largest value, which need not be the best. The interval is about other "
        "texts of the same kind, not about other seeds or trainings, and takes the errors of all blocks as one."
    )
    return _cut(Table("", caption, ["Analysis", *map(short_of, metrics)], rows), "ranking", "analyses")


def means_table(comparison: Comparison) -> Table | None:
    """Paired differences of the means of every two trained models."""
    table = trained_pairs(comparison, "mean_differences")
    metrics = [metric for metric in ranked_metrics() if (table["metric"] == metric).any()]
    rows = []
    for (a, b), pair in by_pair(table):
        by_metric = {row["metric"]: row for row in records(pair)}
        rows.append([f"{a} − {b}", *(_difference(by_metric.get(metric)) for metric in metrics)])
    caption = (
        "The first less the second, mean over the blocks, paired on the same texts; ± half of an interval that holds "
        f"for all differences of this table together. A star: p ≤ {LEVEL} adjusted over all metrics and pairs of this "
        f"table together. {DETECTABLE}"
    )
    header = ["Models", *map(short_of, metrics)]
    return _cut(Table("", caption, header, rows), "mean_differences", "pairs")


def controls_table(comparison: Comparison) -> Table | None:
    """Trained less random weights: where the difference stands."""
    caption = (
        "Each model less the same model with random weights, layer by layer on the same texts: the number of layers "
        f"with a difference ({_ADJUSTED}), and the layer where it is clearest, ± half of an interval that holds for "
        f"all of them together. {DETECTABLE} One set of random weights was drawn; another may differ."
    )
    table = _layer_table(comparison.tables["controls"], caption, lambda a, b: a, "Model")
    return _cut(table, "controls", "models")


def differences_table(comparison: Comparison) -> Table | None:
    """Every two models with trained weights (or all, where none has): at how many matched layers they differ."""
    caption = (
        "The first less the second, at layers of the same relative depth and on the same texts: the number of layers "
        f"with a difference ({_ADJUSTED}), and the layer where it is clearest, ± half of an interval that holds for "
        f"all of them together. {DETECTABLE}"
    )
    table = _layer_table(trained_pairs(comparison), caption, "{} − {}".format, "Models")
    return _cut(table, "paired_differences", "pairs")


def similarity_table(comparison: Comparison) -> Table | None:
    """Geometry text by text, at matched depth, each measure beside chance."""
    table = comparison.tables["similarity"]
    matched = at_matched_depth(comparison.gathered, table)
    rows = []
    best = next(iter(SIMILARITIES))
    for (a, b), pair in by_pair(table):
        own = matched[(matched["label_a"] == a) & (matched["label_b"] == b)]
        means = own.groupby("measure")[["value", "chance"]].mean()
        cells = [
            f"{number(means['value'].get(name, np.nan))} ({number(means['chance'].get(name, np.nan))})"
            for name in SIMILARITIES
        ]
        grid = pair[pair["measure"] == best]
        rows.append([f"{a} and {b}", *cells, *_beyond_chance(own[own["measure"] == best], grid, best)])
    measures = [f"{one.short}: {_reading(name)}" for name, one in SIMILARITIES.items()]
    short = SIMILARITIES[best].short
    caption = (
        "Means over layers at matched depth, from the stored clouds; in brackets the same with the texts paired at "
        f"random. {'; '.join(measures)}. Beyond chance: at how many of these layers {short} is higher than with the "
        f"texts paired at random (p ≤ {LEVEL} after adjustment over all layers and models of this table together, "
        "each with each); the most alike layers are named where they are. None of these has an interval: small "
        "differences between pairs mean nothing."
    )
    header = [
        "Models",
        *(one.short for one in SIMILARITIES.values()),
        f"Beyond chance ({short})",
        f"Most alike layers ({short})",
    ]
    return _cut(Table("", caption, header, rows), "similarity", "pairs")


def divergences_table(comparison: Comparison) -> Table | None:
    """Representation topology divergence, both directions, beside random pairings."""
    table = comparison.tables["divergences"]
    columns = {"rtd": "RTD", "rtd_ab": "far in a, near in b", "rtd_ba": "far in b, near in a"}
    by_chance, tested = (bool(table[name].notna().any()) for name in ("null", "p"))
    if by_chance:
        columns["null"] = "texts paired at random"
    rows = []
    for (a, b), pair in by_pair(table):
        p = [f"{p_value(pair['p'].min())} to {p_value(pair['p'].max())}"] if tested else []
        rows.append([f"{a} and {b}", *(number(mean) for mean in pair[list(columns)].mean()), *p])
    header = ["Models (a and b)", *columns.values(), *(["p"] if tested else [])]
    caption = (
        "Representation topology divergence, means over layers at matched depth: 0 where the shapes agree text by "
        "text. It is the mean of its two directions, which may differ: the first is large where texts that are far "
        "from each other in a are near in b. "
        + ("Beside it the divergence with the texts paired at random. " if by_chance else "")
        + ("p: the smallest and the largest over the layers, lower tail." if tested else NO_P)
    )
    return _cut(Table("", caption, header, rows), "divergences", "pairs")


def shapes_table(comparison: Comparison) -> Table | None:
    """Distances between diagrams at matched depth."""
    table = comparison.tables["diagram_distances"]
    degrees = sorted(set(table["degree"]))
    rows_of = DIAGRAM_DISTANCES.values()
    readings = [f"{row.short.capitalize()}: {row.reading[0].lower()}{row.reading[1:]}" for row in rows_of]
    rows = []
    for (a, b), pair in by_pair(table):
        means = pair.groupby("degree")[list(DIAGRAM_DISTANCES)].mean()
        rows.append([f"{a} and {b}", *(number(means[m].get(k, np.nan)) for k in degrees for m in DIAGRAM_DISTANCES)])
    caption = (
        "Means over layers at matched depth of the distances between persistence diagrams, each diagram in units of "
        f"its layer's median distance: shape alone, whichever text is where. {' '.join(readings)} Without an interval: "
        "diagrams of two samples of one cloud differ too."
    )
    header = ["Analyses", *(f"H{degree} {measure}" for degree in degrees for measure in DIAGRAM_DISTANCES)]
    return _cut(Table("", caption, header, rows), "diagram_distances", "pairs")


def nearest_table(comparison: Comparison) -> Table | None:
    """Which layer of one model has the shape of which of another."""
    table = comparison.tables["nearest_layers"]
    order = set(combinations(comparison.labels, 2))
    rows = []
    for (a, b), pair in by_pair(table):
        if (a, b) in order:
            steps = [f"{_short_layer(row['layer_a'])} → {_short_layer(row['layer_b'])}" for row in records(pair)]
            rows.append([f"{a} to {b}", ", ".join(steps), number(pair["landscape_distance"].mean())])
    caption = (
        "For each layer of the first the layer of the second whose H1 landscape is nearest, in units of each layer's "
        "median distance, and the mean of those distances. Of loops only, and without an interval."
    )
    header = ["Analyses", "Layer to layer", "Mean distance"]
    return _cut(Table("", caption, header, rows), "nearest_layers", "pairs")


def families_table(comparison: Comparison) -> Table | None:
    """Spread within groups against between them, of groupings that can be tested."""
    table = comparison.tables["families"]
    rows = [
        [
            f"{row['grouping']}: {row['groups']}", label_of(row["metric"]), share(row["within"]), share(row["between"]),
            number(row["ratio"]), p_value(row["p"]),
        ]
        for row in records(table[np.isfinite(table["p"])])
    ]  # fmt: skip
    caption = (
        "Mean distance between the curves over depth of two analyses of one group and of different groups, relative "
        "to the metric's mean; a ratio under 1 says that a group has similar curves. p: the share of all ways to "
        "assign the groups that separate them as well; not adjusted over the rows."
    )
    header = ["Group", "Metric", "Within", "Between", "Within / between", "p"]
    return Table("", caption, header, rows) if rows else None


def correlates_table(comparison: Comparison) -> Table | None:
    """Topology against likelihood."""
    rows = [
        [
            label_of(row["metric"]), row["likelihood"].replace("_", " "), number(row["models"]),
            number(row["spearman"]), p_value(row["p"]),
        ]
        for row in records(comparison.tables["correlates"])
    ]  # fmt: skip
    caption = (
        "Spearman's rank correlation over trained models, one point a model, with its permutation p; not adjusted over "
        "the rows. Models of one family are not independent: it describes these models and no others."
    )
    return Table("", caption, ["Metric", "Likelihood", "Models", "Spearman", "p"], rows)


def _ranked(row: dict[str, Any] | None) -> str:
    """A value with its interval and the ranks that are left open."""
    if row is None:
        return UNDEFINED
    ranks = f"{row['rank_lo']}" + (f"\u2011{row['rank_hi']}" if row["rank_hi"] > row["rank_lo"] else "")
    return f"{plus_minus(row['value'], (row['hi'] - row['lo']) / 2)} ({ranks})"


def _difference(row: dict[str, Any] | None) -> str:
    """A difference with a star where it stands, else with the smallest that would have been detected."""
    if row is None:
        return UNDEFINED
    text = signed(row["difference"], (row["hi_family"] - row["lo_family"]) / 2)
    stands = row["p_adjusted"] <= LEVEL
    return f"{text}*" if stands else f"{text} ({number(row['smallest_difference'], 2)})"


def _layer_table(table: pd.DataFrame, caption: str, name: Callable[[str, str], str], head: str) -> Table:
    """One row a pair, one column a metric: at how many layers it differs."""
    metrics = compared_metrics()
    rows = []
    for (a, b), pair in by_pair(table):
        rows.append([name(a, b), *(_by_layer(pair[pair["metric"] == metric]) for metric in metrics)])
    return Table("", caption, [head, *map(short_of, metrics)], rows)


def _by_layer(rows: pd.DataFrame) -> str:
    tested = rows[np.isfinite(rows["p_adjusted"])]
    if not len(tested):
        return UNDEFINED
    stands = standing(tested)
    count = f"{len(stands)} of {len(tested)}"
    if not len(stands):
        return f"{count} ({number(float(tested['smallest_difference'].median()), 2)})"
    row = clearest(stands)
    return f"{count}; {row['layer_a']}: {signed(row['difference'], (row['hi_family'] - row['lo_family']) / 2)}"


def _beyond_chance(matched: pd.DataFrame, grid: pd.DataFrame, measure: str) -> tuple[str, str]:
    """At how many matched layers a measure beats chance; the most alike layers of the grid, if they do."""
    known = grid[np.isfinite(grid["value"])]
    tested = bool(grid["p_adjusted"].notna().any())
    count = f"{len(standing(matched))} of {matched['p_adjusted'].notna().sum()}" if tested else "not tested"
    known = standing(known) if tested else known
    if not len(known):
        return count, "none beyond chance" if tested else ""
    row = max(records(known), key=lambda row: SIMILARITIES[measure].alike * row["value"])
    return count, f"{row['layer_a']} and {row['layer_b']} ({number(row['value'])})"


def _reading(measure: str) -> str:
    low, high = SIMILARITIES[measure].range
    return f"{number(low)} to {number(high)}, {'higher' if SIMILARITIES[measure].alike > 0 else 'lower'} is more alike"


def _short_layer(name: str) -> str:
    """A layer's name where many stand in one cell."""
    return name.removeprefix("layer_")


def _cut(table: Table, file: str, noun: str) -> Table:
    """A table short enough to be read; its caption says what is left out."""
    if len(table.rows) <= MOST_ROWS:
        return table
    caption = (
        f"{table.caption} Shown are {MOST_ROWS} of {len(table.rows)} {noun}; all of them are in tables/{file}.csv."
    )
    return Table(table.title, caption, table.header, table.rows[:MOST_ROWS])
