"""The tables of a gate's report."""

from todacomm.core.equivalence import UNDECIDED
from todacomm.gates.parts import PLACES, SHAPE
from todacomm.gates.result import Gate, metric_label
from todacomm.reports.blocks import Table
from todacomm.reports.formats import listing, share
from todacomm.reports.gate_cells import WORDS, judged_words, margin_words, size_words, texts_words
from todacomm.reports.settings_table import half_samples_words
from todacomm.results.cloud import cloud_words
from todacomm.results.table import records

TITLES = {SHAPE: "Shape", PLACES: "Places"}
CAPTIONS = {
    SHAPE: "Candidate less base ± half of an interval that holds for all cells of this report together with 95 %.",
    PLACES: "How differently the same texts lie in the two, 0 for equal clouds, ± half of the same intervals.",
}


def verdict_table(result: Gate) -> Table:
    """One row a layer: its verdicts."""
    aspects = list(result.aspects)
    undecided = result.table[result.table["verdict"] == UNDECIDED]
    settled_by_texts = set(zip(undecided["layer"], undecided["aspect"], strict=True))

    def words(layer: str, aspect: str, verdict: str) -> str:
        of_one = verdict == UNDECIDED and (layer, aspect) not in settled_by_texts
        return "defined in one only" if of_one else WORDS[verdict]

    rows = [[layer, *(words(layer, name, own[name]) for name in aspects)] for layer, own in result.layers.items()]
    return Table("Verdicts by layer", "", ["Layer", *(TITLES[name] for name in aspects)], rows)


def cells_table(result: Gate, aspect: str) -> Table:
    """Differences with their intervals and verdicts, layer by layer."""
    rows = result.table[result.table["aspect"] == aspect]
    metrics = list(dict.fromkeys(rows["metric"]))
    cells = {(row["layer"], row["metric"]): row for row in records(rows)}
    body = [
        [layer, *(judged_words(cells[layer, metric], result.config.permutations) for metric in metrics)]
        for layer in result.layers
    ]
    caption = CAPTIONS[aspect]
    if "p_labels" in rows and rows["p_labels"].notna().any():
        caption += " In brackets p against permuted labels, adjusted over all cells."
    return Table(TITLES[aspect], caption, ["Layer", *map(metric_label, metrics)], body)


def power_table(result: Gate) -> Table:
    """What so many texts could show, metric by metric: the largest over the layers."""
    body = []
    for metric, rows in result.table.groupby("metric", sort=False):
        relative, n_open = bool(rows["relative"].iloc[0]), int((rows["verdict"] == UNDECIDED).sum())
        sizes = rows[["margin", "smallest_difference", "smallest_margin"]].max()
        texts = texts_words(rows["texts_to_settle"].max()) if n_open else "none is open"
        body.append([metric_label(str(metric)), *(size_words(size, relative) for size in sizes), str(n_open), texts])
    caption = (
        f"With {result.n_texts} texts and a power of 80 %, in the layer where each is largest: the smallest true "
        "difference that is distinguished from none, and the smallest margin at which a candidate without any "
        "difference is called the same. Then the layers that are open, and the texts that would settle them."
    )
    header = ["Metric", "Margin", "Smallest difference", "Smallest margin", "Open layers", "Texts to settle"]
    return Table("What so many texts can show", caption, header, body)


def changed_table(result: Gate) -> Table:
    """The texts whose neighbours changed most."""
    body = [
        [str(row["ending"] or row["id"]), share(row["lost"]), f"{row['layer']}: {share(row['lost_in_layer'])}"]
        for row in records(result.changed)
    ]
    caption = (
        "The ends of the texts that lost the largest share of their 10 nearest neighbours: mean over the layers, and "
        "the layer where they lost most."
    )
    return Table("Texts whose neighbours changed most", caption, ["Text", "Neighbours lost", "Most in"], body)


def settings(result: Gate) -> list[tuple[str, str]]:
    """Pairs of a setting and its value."""
    first = result.analyses[0]
    given, cells = result.config.margins(), {row["metric"]: row for row in records(result.table)}
    shown = [f"{metric_label(name)} {margin_words(given[name], row)}" for name, row in cells.items()]
    return [
        *zip(("Base", "Candidate"), result.names, strict=True),
        *([("Model", ", ".join(result.models))] if result.models != result.names else []),
        ("Texts", f"{result.n_texts} of {', '.join(dict.fromkeys(one.dataset.name for one in result.analyses))}"),
        ("Cloud", cloud_words(first.config.topology, [one.model.width for one in result.analyses])),
        ("Intervals", half_samples_words(first.config)),
        ("Margins", listing(shown)),
        ("Runs", ", ".join(one.run_id for one in result.analyses)),
    ]
