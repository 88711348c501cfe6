"""One row an analysis or a pair of them, one panel a metric: values side by side, and paired differences."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.comparison.findings import trained_pairs
from todacomm.comparison.metrics import ranked_metrics, units_of
from todacomm.comparison.result import Comparison
from todacomm.core.inference.adjustment import LEVEL
from todacomm.figures.comparison.looks import OPEN, looks, panel_rows, subtitle, title_of
from todacomm.figures.panels import plain_number
from todacomm.figures.style import BAND, BLUE, MUTED, Look, shorten, titled
from todacomm.results.table import records

WIDTH = 14.6
MOST_PANELS, MOST_PAIRS = 7, 45


def draw_ranking(comparison: Comparison, title: str) -> Figure:
    """One panel a metric, one row an analysis, the same order in all of them."""
    marks, labels = looks(comparison), comparison.labels
    table = comparison.tables["ranking"]
    metrics = [metric for metric in ranked_metrics() if (table["metric"] == metric).any()]
    figure, panels = _sheet(comparison, title, metrics, [shorten(label, 34) for label in labels])
    for axes, metric in zip(panels, metrics, strict=True):
        for row in records(table[table["metric"] == metric]):
            place, look = labels.index(row["label"]), marks[row["label"]]
            if np.isfinite(row["lo"]):
                axes.hlines(place, row["lo"], row["hi"], color=look.color, linewidth=1.6, alpha=0.7)
            axes.plot(row["value"], place, **_mark(look), markersize=6)
    return figure


def draw_mean_differences(comparison: Comparison, title: str) -> Figure:
    """One panel a metric, one row a pair: the paired difference of the means beside the smallest detectable one."""
    table = trained_pairs(comparison, "mean_differences")
    pairs = list(dict.fromkeys(zip(table["label_a"], table["label_b"], strict=True)))
    metrics = [metric for metric in ranked_metrics() if (table["metric"] == metric).any()]
    names = [f"{shorten(a, 22)} − {shorten(b, 22)}" for a, b in pairs[:MOST_PAIRS]]
    note = f"the first {MOST_PAIRS} of {len(pairs)} pairs     " if len(pairs) > MOST_PAIRS else ""
    note += f"filled: p ≤ {LEVEL}, adjusted     grey: under the smallest detectable difference"
    figure, panels = _sheet(comparison, title, metrics, names, note)
    for axes, metric in zip(panels, metrics, strict=True):
        axes.axvline(0.0, color=MUTED, linewidth=1.0, zorder=1)
        for row in records(table[table["metric"] == metric]):
            place = pairs.index((row["label_a"], row["label_b"]))
            if place >= MOST_PAIRS:
                continue
            small = row["smallest_difference"]
            axes.barh(place, 2 * small, left=-small, height=0.72, color=BAND, alpha=0.45, linewidth=0, zorder=0)
            axes.hlines(place, row["lo_family"], row["hi_family"], color=BLUE, linewidth=1.6, alpha=0.8)
            face = BLUE if row["p_adjusted"] <= LEVEL else "white"
            axes.plot(row["difference"], place, color=BLUE, marker="o", markerfacecolor=face, markersize=5.5)
    return figure


def _sheet(
    comparison: Comparison, title: str, metrics: Sequence[str], names: Sequence[str], note: str = ""
) -> tuple[Figure, list[Axes]]:
    """Panels with one row a name, names at the left of each row of panels."""
    n_rows = -(-len(metrics) // MOST_PANELS)
    left = 0.25 + 0.068 * max(map(len, names))
    height = 1.15 + n_rows * (1.05 + 0.24 * len(names))
    figure = titled(title, subtitle(comparison), WIDTH, height, note)
    rows = panel_rows(figure, len(metrics), MOST_PANELS, (left, 0.15, 0.5, 1.15), (0.16, 1.0))
    panels = [axes for row in rows for axes in row]
    letters = int((WIDTH - left) / len(rows[0]) * 10)
    for row in rows:
        for place, axes in enumerate(row):
            axes.set_yticks(range(len(names)), names if place == 0 else [""] * len(names))
            axes.tick_params(axis="y", length=0)
            axes.set_ylim(len(names) - 0.4, -0.6)
            axes.margins(x=0.12)
            axes.spines["left"].set_visible(False)
            axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(3, steps=(1, 2, 2.5, 5, 10)))
            axes.xaxis.set_major_formatter(plain_number)
    for axes, metric in zip(panels, metrics, strict=True):
        axes.set_title(title_of(metric, letters), pad=5, fontsize=8.5)
        axes.set_xlabel(units_of(metric), fontsize=8, color=MUTED)
    return figure, panels


def _mark(look: Look) -> dict[str, Any]:
    """A mark without its line, open for random weights."""
    face = "white" if look.dash == OPEN else look.color
    return {"color": look.color, "marker": look.marker, "linestyle": "", "markerfacecolor": face}
