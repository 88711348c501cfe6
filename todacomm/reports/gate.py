"""The report of a gate: the verdict, layer by layer, beside what so many texts could show."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from todacomm.core.equivalence import DIFFERENT, SAME, UNDECIDED, UNDEFINED
from todacomm.figures.gate import NAMES, READING, TITLE
from todacomm.gates.result import FEWEST_TEXTS, Gate, metric_label
from todacomm.reports.files import Picture, shell_command, write_report
from todacomm.reports.formats import UNDEFINED as NOT_DEFINED
from todacomm.reports.formats import layers, listing, number
from todacomm.reports.gate_cells import MOST_TEXTS, WORDS, cell_words, size_words, texts_words
from todacomm.reports.gate_tables import TITLES, cells_table, changed_table, power_table, settings, verdict_table
from todacomm.reports.render import one_line
from todacomm.results.table import records
from todacomm.system.units import count

EXPLORER = "explorer.html"
TEMPLATE, NOTE_TEMPLATE = "gate.md.j2", "gate_note.md.j2"


def write_gate_reports(result: Gate, folder: Path) -> str:
    """``report.md`` and ``report.html`` in ``folder``, which hold the figure in ``plots`` and link to what is there.

    Returns
    -------
    str
        The run's description.
    """
    context = gate_context(result) | {"explorer": (folder / EXPLORER).is_file()}
    return write_report(TEMPLATE, NOTE_TEMPLATE, context, folder)


def gate_context(result: Gate) -> dict[str, Any]:
    """The variables of the template."""
    shown = [cells_table(result, aspect) for aspect in result.aspects]
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
    """The verdict with its reason, a sentence for each aspect, and the perplexities."""
    lines = [verdict_line(result)]
    if len(result.aspects) > 1:
        lines += [f"{TITLES[name]}: {_aspect(result, name)}." for name in result.aspects]
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


def _reason(rows: Sequence[Mapping[str, Any]]) -> str:
    """The clearest of the cells in which a layer differs."""
    defined = [row for row in rows if math.isfinite(row["difference"])]
    if not defined:
        return cell_words(rows[0])
    row = max(defined, key=lambda row: abs(row["difference"]) / row["margin"])
    return f"{metric_label(row['metric'])} {cell_words(row)}, margin {size_words(row['margin'], row['relative'])}"


def _aspect(result: Gate, aspect: str) -> str:
    verdict, rows = result.aspects[aspect], result.table[result.table["aspect"] == aspect]
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
    about = texts_words(texts) if texts > MOST_TEXTS else f"about {texts_words(texts)}"
    whole = texts == result.texts_to_settle
    text = f"{reason}; {about} texts would {'settle all that is open' if whole else 'show a first difference'}"
    never = int(result.open_cells.sum()) - open_cells
    return text + (f"; {count(never, 'more cell')} defined in one of the two only stay open" if never else "")
