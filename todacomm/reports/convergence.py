"""The report of a convergence: how many points each metric needs, and how it moved until then."""

from pathlib import Path
from typing import Any

import numpy as np

from todacomm.convergence.result import Convergence
from todacomm.core.convergence import SCALE_FREE_METRICS, SPREAD, TOLERANCE
from todacomm.core.inference.uncertainty import Z
from todacomm.core.metrics import LAYER_METRICS
from todacomm.figures.convergence import NAME, READING, TITLE
from todacomm.reports.blocks import Table
from todacomm.reports.files import Picture, shell_command, write_report
from todacomm.reports.formats import UNDEFINED, listing, number, plus_minus, share
from todacomm.reports.model import asked_options
from todacomm.reports.render import one_line
from todacomm.reports.settings_table import settings_table

TEMPLATE, NOTE_TEMPLATE = "convergence.md.j2", "convergence_note.md.j2"
HEADLINE_METRICS = ("h0_total_norm", "h1_max_norm")


def write_convergence_reports(result: Convergence, folder: Path) -> str:
    """``report.md`` and ``report.html`` in ``folder``, with the figure in ``folder/plots``; the run's description."""
    return write_report(TEMPLATE, NOTE_TEMPLATE, convergence_context(result), folder)


def convergence_context(result: Convergence) -> dict[str, Any]:
    """The variables of the template: as those of an analysis' report, with ``tolerance`` and ``spread`` in words."""
    model, texts = result.model.name, result.dataset.name
    sizes = (
        "Sizes",
        f"{listing([number(n) for n in result.sizes])}; {result.repeats} random subsets of each but the last",
    )
    return {
        "title": one_line(f"Convergence of {model} on {texts}"),
        "warnings": list(map(str, result.warnings)),
        "analysed": [*settings_table(result), sizes],
        "headline": headline(result),
        "recommended": recommended_table(result),
        "tables": [size_table(result, metric) for metric in HEADLINE_METRICS],
        "figures": [Picture(TITLE, READING, f"plots/{NAME}.png")],
        "tolerance": share(TOLERANCE),
        "spread": share(SPREAD),
        "mlflow_command": again(result),
    }


def headline(result: Convergence) -> list[str]:
    """One sentence for each of the two numbers that everything else is judged by."""
    return [_sentence(result, metric) for metric in HEADLINE_METRICS]


def recommended_table(result: Convergence) -> Table:
    """Recommended number of points by metric and layer; where there is none, how much the metric still moved."""
    rows = [
        [LAYER_METRICS[metric].label, *(_recommended(result, layer, metric) for layer in result.layers)]
        for metric in SCALE_FREE_METRICS
    ]
    caption = (
        "Smallest number of points from which a metric is settled. In brackets where it is not: by how much it moved "
        "from about half of the points to all or, where that is little, its standard deviation at half of them."
    )
    return Table("Recommended number of points", caption, ["Metric", *result.layers], rows)


def size_table(result: Convergence, metric: str) -> Table:
    """A metric by size and layer, with the band of one sample."""
    by_layer = [result.against_size(layer, metric) for layer in result.layers]
    rows = [
        [number(n), *(plus_minus(table["value"].iloc[i], Z * table["sd"].iloc[i]) for table in by_layer)]
        for i, n in enumerate(result.sizes)
    ]
    caption = "Mean over the subsets; ± 1.96 standard deviations from one sample of that size to another."
    return Table(LAYER_METRICS[metric].label, caption, ["Points", *result.layers], rows)


def again(result: Convergence) -> str:
    """The command that measures it again."""
    varied = {
        "sizes": tuple(map(int, result.sizes)), "pcas": tuple(sorted(set(result.table["pca"].astype(int)))),
        "repeats": result.repeats,
    }  # fmt: skip
    return shell_command(asked_options(result.config) | varied, "convergence")


def _sentence(result: Convergence, metric: str) -> str:
    label = LAYER_METRICS[metric].label
    sizes = {layer: result.recommended_size(layer, metric) for layer in result.layers}
    settled = [layer for layer, n in sizes.items() if np.isfinite(n)]
    undefined = [layer for layer in sizes if np.isnan(result.against_size(layer, metric)["value"].iloc[-1])]
    unsettled = [layer for layer in sizes if layer not in (*settled, *undefined)]
    parts = []
    if settled:
        enough = number(max(sizes[layer] for layer in settled))
        parts.append(f"settled from {enough} points on in {listing(settled)}")
    if unsettled and 2 * result.sizes[0] > result.sizes[-1]:
        parts.append(f"no size up to half of the points was measured in {listing(unsettled)}, and none is recommended")
    elif unsettled:
        parts.append(
            f"not settled within {number(result.sizes[-1])} points in {listing(unsettled)}, where only runs with equal "
            "numbers of points compare"
        )
    if undefined:
        parts.append(f"{UNDEFINED} in {listing(undefined)}")
    return f"{label}: {'; '.join(parts)}."


def _recommended(result: Convergence, layer: str, metric: str) -> str:
    n = result.recommended_size(layer, metric)
    if np.isfinite(n):
        return number(n)
    moved = result.last_doubling(layer, metric)
    if not np.isfinite(moved):
        return UNDEFINED
    if abs(moved) > TOLERANCE:
        return f"not reached ({'−' if moved < 0 else '+'}{share(abs(moved))})"
    rows = result.against_size(layer, metric)
    half = rows[2 * rows["n"] <= result.sizes[-1]].iloc[-1]
    return f"not reached (sd {share(abs(half['sd'] / half['value']))})"
