"""The tables of a comparison's report; each with a caption that says what it means and how sure it is."""

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from todacomm.comparison.overview import COMPARED, RANKED
from todacomm.comparison.result import Comparison
from todacomm.core.similarity import matched_layers
from todacomm.figures.comparison.overlays import name_of
from todacomm.figures.panels import short_layer
from todacomm.reports.blocks import Table
from todacomm.reports.formats import UNDEFINED, number, p_value, plus_minus, share, signed
from todacomm.results.findings.judgement import LEVEL
from todacomm.results.table import records

MOST_ROWS = 60
"""Rows of a table in the report; the rest stands in its CSV file."""
SHORT = {
    "h0_total_norm": "H0 mean / median distance", "h1_total_norm": "H1 total, scale-free",
    "h1_max_norm": "H1 longest / median distance", "twonn_dimension": "TwoNN dimension",
    "effective_rank": "Effective rank", "mean_cosine": "Mean cosine", "expansion_ratio_norm": "Scale-free expansion",
}  # fmt: skip
"""Heads of columns by metric."""


class Origin(NamedTuple):
    """Where an analysis of the comparison is recorded."""

    label: str
    run_id: str
    link: str


def sources(found: Comparison) -> list[Origin]:
    """The runs that were compared, with the addresses of their pages."""
    from todacomm.tracking import run_link

    return [Origin(label, a.run_id, run_link(a)) for label, a in found.gathered.analyses.items()]


def compared(found: Comparison) -> list[tuple[str, str]]:
    """What the analyses have in common, as pairs of a setting and its value."""
    first = next(iter(found.gathered.analyses.values()))
    runs, differ = found.gathered.runs, set(found.gathered.differing["setting"])
    topology, inference = first.config.topology, first.config.inference
    components = f"{topology.pca} principal components" if topology.pca else "no PCA"
    kept = {
        "points": ("Points", ", ".join(number(n) for n in dict.fromkeys(runs["points"]))),
        "dataset": ("Texts", f"{first.texts.name}, digest {first.texts.digest}"),
        "unit": ("Unit", str(first.texts.unit)),
        "pca": ("Cloud", f"{components}, {topology.metric}" + (", z-scored" if topology.standardize else "")),
        "pooling": ("Pooling", ", ".join(sorted(set(runs["pooling"].astype(str))))),
        "protocol": ("Protocol", first.tags.get("todacomm.protocol", inference.protocol)),
    }
    said = [pair for name, pair in kept.items() if name not in differ and pair[1]]
    if found.over == "datasets":
        said = [pair for pair in said if pair[0] != "Texts"]
    return [("Analyses", str(len(runs))), *said]


def runs_table(found: Comparison) -> Table | None:
    """What was compared: one row an analysis."""
    columns: list[tuple[str, str, Callable[[Any], str]]] = [
        ("dataset", "Data set", str), ("kind", "Kind", str), ("family", "Family", str), ("weights", "Weights", str),
        ("n_layers", "Layers", number), ("width", "Width", number), ("n_parameters", "Parameters", number),
        ("bits_per_byte", "Bits per byte", number), ("perplexity", "Perplexity", number),
        ("pseudo_perplexity", "Pseudo-perplexity", number),
    ]  # fmt: skip
    runs = found.gathered.runs
    kept = [column for column in columns if column[0] in runs and runs[column[0]].notna().any()]
    if runs["dataset"].nunique() == 1:
        kept = kept[1:]
    rows = []
    for _, run in runs.iterrows():
        cells = [write(run[name]) if pd.notna(run[name]) else "" for name, _, write in kept]
        rows.append([run["label"], *cells])
    caption = (
        "Facts of each analysis. Perplexities compare within one tokenizer only, bits per byte between them; an empty "
        "cell: it has no language-model head, or none was measured."
    )
    return Table("What was compared", caption, ["Analysis", *(head for _, head, _ in kept)], rows)


def ranking_table(found: Comparison) -> Table | None:
    """Means over the blocks with their intervals and the ranks they leave open."""
    placed = {(row["label"], row["metric"]): row for row in records(found.tables["ranking"])}
    rows = [[label, *(_ranked(placed.get((label, metric))) for metric in RANKED)] for label in found.labels]
    caption = (
        "Mean over the blocks (for the expansion: of the whole run), ± half of its 95 % interval; in brackets the "
        "ranks that the intervals leave open, 1 being the largest. The interval of a mean is the widest it can be, for "
        "the blocks share their texts; it speaks of the texts, not of other seeds or trainings. Large is not better."
    )
    return Table("Side by side", caption, ["Analysis", *(SHORT[metric] for metric in RANKED)], rows)


def _ranked(row: dict[str, Any] | None) -> str:
    """A value with its interval and the ranks that it leaves open."""
    if row is None:
        return UNDEFINED
    ranks = f"{row['rank_lo']}" + (f" to {row['rank_hi']}" if row["rank_hi"] > row["rank_lo"] else "")
    return f"{plus_minus(row['value'], (row['hi'] - row['lo']) / 2)} (rank {ranks})"


def controls_table(found: Comparison) -> Table | None:
    """Trained less random weights: where the difference stands."""
    return _differences(
        found.tables["controls"],
        "What training did",
        "Each model less the same model with random weights, layer by layer on the same half-samples: at how many "
        f"layers the difference stands (p ≤ {LEVEL} after adjustment over the layers), and the layer where it is "
        "clearest, ± half of its 95 % interval. It takes this one set of random weights as given; another may differ.",
    )


def differences_table(found: Comparison) -> Table | None:
    """Every two models with trained weights (or all, where none has): at how many matched layers they differ."""
    runs = found.gathered.runs
    trained = runs.loc[runs["weights"] == "trained", "label"]
    table = found.tables["paired_differences"]
    between = table[table["label_a"].isin(trained) & table["label_b"].isin(trained)]
    return _differences(
        between if len(between) else table,
        "Differences between the models",
        "The first less the second, at layers of the same relative depth and on the same half-samples: at how many of "
        f"them the difference stands (p ≤ {LEVEL}, adjusted over the layers of that pair and metric, not over the rows "
        "of this table), and where it is clearest, ± half of its 95 % interval.",
    )


def similarity_table(found: Comparison) -> Table | None:
    """Geometry text by text, at matched depth."""
    table = found.tables.get("similarity", pd.DataFrame())
    if not len(table):
        return None
    apart = found.tables["divergences"]
    rows = []
    for (a, b), pair in table.groupby(["label_a", "label_b"], sort=False):
        wide = pair.pivot(index=["layer_a", "layer_b"], columns="measure", values="value")
        at = matched(pair)
        means = wide.loc[at].mean()
        alike = [row for row in records(pair) if row["measure"] == "cka" and np.isfinite(row["value"])]
        best = max(alike, key=lambda row: row["value"], default=None)
        both = apart[(apart["label_a"] == a) & (apart["label_b"] == b)]
        rows.append([
            f"{a} and {b}", *(number(means.get(name, np.nan)) for name in ("cka", "procrustes", "knn_overlap")),
            f"{best['layer_a']} and {best['layer_b']} ({number(best['value'])})" if best else "",
            number(both["rtd"].mean()) if len(both) else "", number(both["null"].mean()) if len(both) else "",
        ])  # fmt: skip
    points = int(found.gathered.runs["points"].min())
    caption = (
        "Means over layers at matched depth, from the stored clouds. CKA is debiased: 0 for unrelated clouds, 1 for "
        "equal ones up to rotation and scale. Procrustes distance: 0 to 1.57, lower is more alike. Common neighbours: "
        f"of the ten nearest; chance gives {share(10 / max(points - 1, 1))}. Divergence (RTD): lower is more alike, "
        "beside it the same with texts paired at random. None of these has an interval: read small differences as none."
    )
    header = [
        "Models",
        "CKA",
        "Procrustes",
        "Common neighbours",
        "Most alike layers (CKA)",
        "Divergence",
        "of random pairs",
    ]
    return _cut(Table("Geometry, text by text", caption, header, rows), "similarity")


def shapes_table(found: Comparison) -> Table | None:
    """Distances between diagrams at matched depth."""
    table = found.tables.get("diagram_distances", pd.DataFrame())
    if not len(table):
        return None
    degrees = sorted(set(table["degree"]))
    measures = ("bottleneck", "wasserstein")
    rows = []
    for (a, b), pair in table.groupby(["label_a", "label_b"], sort=False):
        means = pair.groupby("degree")[list(measures)].mean()
        rows.append([f"{a} and {b}", *(number(means[m].get(k, np.nan)) for k in degrees for m in measures)])
    caption = (
        "Means over layers at matched depth of the distances between persistence diagrams, each divided by its layer's "
        "median distance: shape alone, whatever text is where. Bottleneck: the largest change of one bar; Wasserstein: "
        "the sum of all changes. Without an interval: diagrams of two samples of one cloud differ too."
    )
    header = ["Analyses", *(f"H{degree} {measure}" for degree in degrees for measure in measures)]
    return _cut(Table("Shape, diagram by diagram", caption, header, rows), "diagram_distances")


def nearest_table(found: Comparison) -> Table | None:
    """Which layer of one model has the shape of which of another."""
    table = found.tables.get("nearest_layers", pd.DataFrame())
    if not len(table):
        return None
    order = {(a, b) for a, b in combinations(found.labels, 2)}
    rows = []
    for (a, b), pair in table.groupby(["label_a", "label_b"], sort=False):
        if (a, b) in order:
            steps = [f"{short_layer(row['layer_a'])} to {short_layer(row['layer_b'])}" for row in records(pair)]
            rows.append([f"{a} to {b}", ", ".join(steps), number(pair["landscape_distance"].mean())])
    caption = (
        "For each layer of the first the layer of the second whose H1 landscape is nearest, in units of each layer's "
        "median distance, and the mean of those distances. Alike in loops only, and without an interval; both ways, "
        "and with persistence images beside them, in tables/nearest_layers.csv."
    )
    return _cut(Table("Nearest layers by shape", caption, ["Analyses", "Layer to layer", "Mean distance"], rows),
                "nearest_layers")  # fmt: skip


def families_table(found: Comparison) -> Table | None:
    """Spread within groups against between them."""
    table = found.tables["families"]
    if not len(table):
        return None
    rows = [
        [
            f"{row['grouping']}: {row['groups']}",
            name_of(row["metric"]),
            share(row["within"]),
            share(row["between"]),
            number(row["ratio"]),
            p_value(row["p"]) if np.isfinite(row["p"]) else "too few models to decide",
        ]
        for row in records(table)
    ]
    caption = (
        "Mean distance between the curves over depth of two analyses of one group and of different groups, relative "
        "to the metric's mean; a ratio under 1: groups hold together. p: the share of all ways to deal out the groups "
        "that do as well; not adjusted over the rows."
    )
    header = ["Group", "Metric", "Within", "Between", "Within / between", "p"]
    return Table("Families", caption, header, rows)


def correlates_table(found: Comparison) -> Table | None:
    """Topology against likelihood."""
    table = found.tables["correlates"]
    if not len(table):
        return None
    rows = [
        [
            name_of(row["metric"]),
            row["likelihood"].replace("_", " "),
            number(row["models"]),
            number(row["spearman"]),
            p_value(row["p"]),
        ]
        for row in records(table)
    ]
    caption = (
        "Spearman's rank correlation over trained models, one point a model, with its permutation p; not adjusted over "
        "the rows. Models of one family are not independent: read it as a description of these models."
    )
    return Table("Topology and likelihood", caption, ["Metric", "Likelihood", "Models", "Spearman", "p"], rows)


TABLES: dict[str, Callable[[Comparison], Table | None]] = {
    "runs": runs_table,
    "ranking": ranking_table,
    "controls": controls_table,
    "paired_differences": differences_table,
    "similarity": similarity_table,
    "diagram_distances": shapes_table,
    "nearest_layers": nearest_table,
    "families": families_table,
    "correlates": correlates_table,
}
"""The tables of the report by the name of the frame they show."""


def matched(pair: pd.DataFrame) -> list[tuple[str, str]]:
    """Layers of a similarity grid that stand beside each other, see :func:`todacomm.core.similarity.matched_layers`."""
    sides = [pair.drop_duplicates(f"layer_{side}").set_index(f"layer_{side}")[f"depth_{side}"] for side in ("a", "b")]
    return [(sides[0].index[i], sides[1].index[j]) for i, j in matched_layers(*(list(side) for side in sides))]


def standing(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose difference stands after adjustment."""
    return rows[rows["p_adjusted"] <= LEVEL]


def clearest(rows: pd.DataFrame) -> dict[str, Any]:
    """The difference that is largest in units of its error."""
    return max(records(rows), key=lambda row: abs(row["difference"]) / row["se"])


def _differences(table: pd.DataFrame, title: str, caption: str) -> Table | None:
    if not len(table):
        return None
    rows = []
    for (a, b), pair in table.groupby(["label_a", "label_b"], sort=False):
        cells = [_clearest(pair[pair["metric"] == metric]) for metric in COMPARED]
        rows.append([f"{a} less {b}", *cells])
    return _cut(
        Table(title, caption, ["Analyses", *(SHORT[metric] for metric in COMPARED)], rows), "paired_differences"
    )


def _clearest(rows: pd.DataFrame) -> str:
    tested = rows[np.isfinite(rows["p_adjusted"])]
    if not len(tested):
        return UNDEFINED
    found = standing(tested)
    said = f"{len(found)} of {len(tested)}"
    if not len(found):
        return said
    clear = clearest(found)
    return f"{said}; {clear['layer_a']}: {signed(clear['difference'], (clear['hi'] - clear['lo']) / 2)}"


def _cut(table: Table, file: str) -> Table:
    """A table short enough to be read; what is left out is said."""
    if len(table.rows) <= MOST_ROWS:
        return table
    caption = (
        f"{table.caption} Shown are {MOST_ROWS} of {len(table.rows)} pairs; the others stand in tables/{file}.csv."
    )
    return Table(table.title, caption, table.header, table.rows[:MOST_ROWS])
