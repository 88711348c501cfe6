"""The report of a gate: the verdict, layer by layer, beside what so many texts could show."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from todacomm.core.equivalence import DIFFERENT, SAME, UNDECIDED, UNDEFINED
from todacomm.core.layer import MIN_DISTINCT
from todacomm.figures.gate import NAMES, READING, TITLE
from todacomm.gates.result import FEWEST_TEXTS, Gate, GatePlan, metric_label
from todacomm.reports.blocks import Table
from todacomm.reports.files import Picture, shell_command, write_report
from todacomm.reports.formats import UNDEFINED as NOT_DEFINED
from todacomm.reports.formats import count, layers, listing, number, p_value, share, signed
from todacomm.reports.render import one_line, render_markdown
from todacomm.results.table import records

EXPLORER = "explorer.html"
TEMPLATE, NOTE_TEMPLATE = "gate.md.j2", "gate_note.md.j2"
WORDS = {SAME: "same", DIFFERENT: "different", UNDECIDED: "not enough texts", UNDEFINED: "not defined"}
SHORT = WORDS | {UNDECIDED: "open"}
"""The same within a table."""
QUESTIONS = {"shape": "Shape", "places": "Places"}
CAPTIONS = {
    "shape": "Candidate less base ± half of an interval that holds for all cells of this report together with 95 %.",
    "places": "How differently the same texts lie in the two, 0 for equal clouds, ± half of the same intervals.",
}
ABSENT = {
    "": "", "both": "in either", "base": "in the base", "candidate": "in the candidate",
    "half-samples": "on most half-samples",
}  # fmt: skip
"""Where a value is missing."""
MOST_TEXTS = 1e6
"""Texts beyond which a number says no more."""


def write_gate_reports(result: Gate, folder: Path) -> str:
    """``report.md`` and ``report.html`` in ``folder``, which hold the figure in ``plots`` and link to what is there.

    Returns
    -------
    str
        The run's description.
    """
    context = gate_context(result) | {"explorer": (folder / EXPLORER).is_file()}
    return write_report(TEMPLATE, NOTE_TEMPLATE, context, folder)


def describe_plan(plan: GatePlan) -> str:
    """The run's description of a plan."""
    table = plan_table(plan)
    return render_markdown(NOTE_TEMPLATE, {"warnings": [], "headline": [plan_headline(plan)], "verdicts": table})


def gate_context(result: Gate) -> dict[str, Any]:
    """The variables of the template."""
    shown = [cells_table(result, question) for question in result.questions]
    return {
        "title": one_line(f"Gate: {' and '.join(result.names)}"),
        "warnings": list(map(str, result.warnings)),
        "headline": headline(result),
        "compared": settings(result),
        "verdicts": verdict_table(result),
        "tables": [*shown, power_table(result), *([changed_table(result)] if len(result.changed) else [])],
        "figures": [Picture(TITLE, READING, f"plots/{name}.png") for name in NAMES],
        "mlflow_command": shell_command(result.config.changed(), "gate"),
    }


def headline(result: Gate) -> list[str]:
    """The verdict with its reason, a sentence for each question, and the perplexities."""
    lines = [verdict_line(result)]
    if len(result.questions) > 1:
        lines += [f"{QUESTIONS[name]}: {_question(result, name)}." for name in result.questions]
    if nothing := _undefined(result):
        lines.append(f"Nothing is defined in {layers(list(result.layers), np.isin(list(result.layers), nothing))}.")
    if len(result.analyses) == 2 and (likelihood := likelihood_line(*(side.run for side in result.analyses))):
        lines.append(likelihood)
    return lines


def likelihood_line(base: Mapping[str, float], candidate: Mapping[str, float]) -> str:
    """Perplexities of both, and bits per byte, which compare where tokenizers differ; empty where not measured.

    >>> likelihood_line({"perplexity": 90.0, "bits_per_byte": 1.67}, {"perplexity": 70.0, "bits_per_byte": 3.79})
    'Perplexity: 90 of the base, 70 of the candidate; bits per byte, whatever the tokenizers: 1.670 and 3.790.'
    """
    values = [[side.get(name, math.nan) for side in (base, candidate)] for name in ("perplexity", "bits_per_byte")]
    (ours, theirs), bits = ([number(value, 4) for value in pair] for pair in values)
    if not all(map(math.isfinite, values[0])):
        return ""
    more = f"; bits per byte, whatever the tokenizers: {listing(bits)}" if all(map(math.isfinite, values[1])) else ""
    return f"Perplexity: {ours} of the base, {theirs} of the candidate{more}."


def verdict_line(result: Gate) -> str:
    """The verdict of the run in one sentence."""
    base, candidate = result.names
    if result.verdict == DIFFERENT:
        first = result.different[0]
        own = result.table[(result.table["layer"] == first) & (result.table["verdict"] == DIFFERENT)]
        where = f"{len(result.different)} of {count(len(result.layers), 'layer')}, {first} first"
        return f"{candidate} differs from {base} in {where}: {_reason(records(own))}."
    if result.verdict == SAME:
        return (
            f"{candidate} is the same as {base} in {count(len(result.layers) - len(_undefined(result)), 'layer')}, on "
            f"{result.n_texts} texts: with 95 % no difference exceeds its margin in any of them."
        )
    if math.isnan(result.texts_for_verdict):
        nothing = (result.table["missing"] == "both").all()
        why = "nothing is defined in either" if nothing else "what is open is defined in one of the two only"
        return f"Whether {candidate} is the same as {base} cannot be judged: {why}."
    return f"There are not enough texts to say whether {candidate} is the same as {base}: {_settling(result)}."


def verdict_table(result: Gate) -> Table:
    """One row a layer: its verdicts."""
    questions = list(result.questions)
    undecided = result.table[result.table["verdict"] == UNDECIDED]
    settled_by_texts = set(zip(undecided["layer"], undecided["question"], strict=True))

    def words(layer: str, question: str, verdict: str) -> str:
        of_one = verdict == UNDECIDED and (layer, question) not in settled_by_texts
        return "defined in one only" if of_one else WORDS[verdict]

    rows = [[layer, *(words(layer, name, own[name]) for name in questions)] for layer, own in result.layers.items()]
    return Table("Verdicts by layer", "", ["Layer", *(QUESTIONS[name] for name in questions)], rows)


def cells_table(result: Gate, question: str) -> Table:
    """Differences with their intervals and verdicts, layer by layer."""
    rows = result.table[result.table["question"] == question]
    metrics = list(dict.fromkeys(rows["metric"]))
    cells = {(row["layer"], row["metric"]): row for row in records(rows)}
    body = [
        [layer, *(_judged(cells[layer, metric], result.config.permutations) for metric in metrics)]
        for layer in result.layers
    ]
    caption = CAPTIONS[question]
    if "p_labels" in rows and rows["p_labels"].notna().any():
        caption += " In brackets p against permuted labels, adjusted over all cells."
    return Table(QUESTIONS[question], caption, ["Layer", *map(metric_label, metrics)], body)


def power_table(result: Gate) -> Table:
    """What so many texts could show, metric by metric: the largest over the layers."""
    body = []
    for metric, rows in result.table.groupby("metric", sort=False):
        relative, n_open = bool(rows["relative"].iloc[0]), int((rows["verdict"] == UNDECIDED).sum())
        sizes = rows[["margin", "smallest_difference", "smallest_margin"]].max()
        texts = _texts(rows["texts_to_settle"].max()) if n_open else "none is open"
        body.append([metric_label(str(metric)), *(_size(size, relative) for size in sizes), str(n_open), texts])
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


def plan_table(plan: GatePlan) -> Table:
    """Texts that a candidate without any difference takes, by metric and correlation."""
    rows = {(row["metric"], row["correlation"]): row for row in records(plan.table)}
    metrics, correlations = (list(dict.fromkeys(values)) for values in zip(*rows, strict=True))
    body = [[_planned(metric), *(_texts_shown(rows[metric, one]) for one in correlations)] for metric in metrics]
    caption = (
        "Texts at which a candidate without any difference is called the same in all layers, with 80 %; in brackets "
        f"the smallest difference that {plan.n_texts} texts show. The correlation is that of the candidate's errors "
        "with the base's: 0 for other texts or another model, .9 and more for light changes on the same texts."
    )
    return Table("", caption, ["Metric", *(f"correlation {one:g}" for one in correlations)], body)


def plan_headline(plan: GatePlan) -> str:
    """One sentence: how many texts it takes."""
    every = plan.table[plan.table["metric"] == "all"]
    parts = [
        f"{_texts(texts)} at a correlation of {c:g}"
        for c, texts in zip(every["correlation"], every["texts"], strict=True)
    ]
    return (
        f"Texts to call a candidate of {plan.base.model.name} without any difference the same in shape: "
        f"{listing(parts)}; there are {plan.n_texts}."
    )


def settings(result: Gate) -> list[tuple[str, str]]:
    """Pairs of a setting and its value."""
    first = result.analyses[0]
    topology = first.config.topology
    given, cells = result.config.margins(), {row["metric"]: row for row in records(result.table)}
    shown = [f"{metric_label(name)} {_margin(given[name], row)}" for name, row in cells.items()]
    return [
        *zip(("Base", "Candidate"), result.names, strict=True),
        *([("Model", ", ".join(result.models))] if result.models != result.names else []),
        ("Texts", f"{result.n_texts} of {', '.join(dict.fromkeys(one.dataset.name for one in result.analyses))}"),
        ("Cloud", f"{topology.pca or 'no'} principal components, {topology.metric}"),
        ("Half-samples", str(first.config.inference.replicates)),
        ("Margins", listing(shown)),
        ("Runs", ", ".join(one.run_id for one in result.analyses)),
    ]


def cell_text(row: Mapping[str, Any]) -> str:
    """A cell's difference with its interval, its margin and its verdict in one line."""
    subject = f"{metric_label(row['metric'])} in {row['layer']}"
    if row["verdict"] == UNDEFINED:
        return f"{subject}: {_judged(row)}"
    margin = _size(row["margin"], row["relative"])
    texts = f"; about {_texts(row['texts_to_settle'])} texts would settle it" if row["verdict"] == UNDECIDED else ""
    return f"{subject}: {_cell(row)}, margin {margin}: {WORDS[row['verdict']]}{texts}"


def _reason(rows: Sequence[Mapping[str, Any]]) -> str:
    """The clearest of the cells in which a layer differs."""
    defined = [row for row in rows if math.isfinite(row["difference"])]
    if not defined:
        return _cell(rows[0])
    row = max(defined, key=lambda row: abs(row["difference"]) / row["margin"])
    return f"{metric_label(row['metric'])} {_cell(row)}, margin {_size(row['margin'], row['relative'])}"


def _question(result: Gate, question: str) -> str:
    verdict, rows = result.questions[question], result.table[result.table["question"] == question]
    names = list(result.layers)
    if verdict == SAME and not _undefined(result):
        return "same in every layer"
    where = layers(names, np.isin(names, rows.loc[rows["verdict"] == verdict, "layer"]))
    if where:
        return f"{WORDS[verdict]} in {where}"
    where = layers(names, np.isin(names, rows.loc[result.open_cells[rows.index], "layer"]))
    return f"open in {where}, for want of a value" if where else NOT_DEFINED


def _undefined(result: Gate) -> list[str]:
    """Layers in which neither side has anything to compare."""
    return [layer for layer, own in result.layers.items() if set(own.values()) == {UNDEFINED}]


def _settling(result: Gate) -> str:
    texts = result.texts_for_verdict
    open_cells = int((result.table["verdict"] == UNDECIDED).sum())
    few = f"under {FEWEST_TEXTS} texts no verdict is given, and there are {result.n_texts}"
    reason = few if result.n_texts < FEWEST_TEXTS else f"{open_cells} of {len(result.table)} cells are open"
    about = _texts(texts) if texts > MOST_TEXTS else f"about {_texts(texts)}"
    whole = texts == result.texts_to_settle
    text = f"{reason}; {about} texts would {'settle all that is open' if whole else 'show a first difference'}"
    never = int(result.open_cells.sum()) - open_cells
    return text + (f"; {count(never, 'more cell')} defined in one of the two only stay open" if never else "")


def _planned(metric: str) -> str:
    return "all at once" if metric == "all" else metric_label(metric)


def _texts_shown(row: Mapping[str, Any]) -> str:
    smallest = row["smallest_difference"]
    return _texts(row["texts"]) + (f" ({_size(smallest, row['relative'])})" if math.isfinite(smallest) else "")


def _texts(texts: float) -> str:
    if math.isnan(texts):
        return NOT_DEFINED
    return f"over {number(MOST_TEXTS)}" if texts > MOST_TEXTS else number(texts)


def _judged(row: Mapping[str, Any], permutations: float = math.nan) -> str:
    if row["verdict"] == UNDEFINED:
        return f"{NOT_DEFINED} {ABSENT[row['missing']]}".rstrip()
    p = row.get("p_labels_adjusted", math.nan)
    return f"{_cell(row)}, {SHORT[row['verdict']]}" + (f" ({p_value(p, permutations)})" if math.isfinite(p) else "")


def _cell(row: Mapping[str, Any]) -> str:
    if row["verdict"] == DIFFERENT and row["missing"]:
        return f"the {row['missing']}'s texts lie on fewer than {MIN_DISTINCT} points"
    if row["difference"] == 0.0:
        return "0"
    scale = 100.0 if row["relative"] else 1.0
    text = signed(scale * row["difference"], scale * (row["hi"] - row["lo"]) / 2)
    return f"{text} %" if row["relative"] else text.removeprefix("+") if row["question"] == "places" else text


def _margin(size: float, cell: Mapping[str, Any]) -> str:
    """A margin as it was asked for, with its units."""
    return f"{share(size)} of the variance" if cell["question"] == "places" else _size(size, cell["relative"])


def _size(size: float, relative: bool) -> str:
    return NOT_DEFINED if not math.isfinite(size) else share(size) if relative else number(size, 2)
