"""The figure of docs/gate-doses.md: a panel a model and kind of change, doses along x, verdicts as marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from benchmarks.gate_doses_page import perplexity_changed, shape_starred
from benchmarks.gate_dosing import DOSES
from todacomm.figures.gate import LOOKS
from todacomm.figures.panels import panel
from todacomm.figures.style import DPI, FAINT, drawing, titled

KINDS = {"bits": "bits a weight", "noise": "noise, % of sd", "pruned": "% of weights pruned", "steps": "training steps"}
LINES = ("perplexity", "shape, any change", "places", "shape")
NOTE = "square: a change is seen, or different     circle: no change is seen, or same     triangle: not enough texts"


def draw(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Write the figure as PNG."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    sizes = sorted({row["texts"] for row in rows})
    panel_height = 0.75 + 0.75 * len(sizes)
    height = 1.3 + (panel_height + 1.0) * len(models)
    with drawing():
        figure = titled("What is seen at which dose", "Lines: what is asked, by number of texts", 14.6, height, NOTE)
        grid = figure.subplots(len(models), len(KINDS), squeeze=False)
        figure.subplots_adjust(
            left=0.11, right=0.99, bottom=0.8 / height, top=1 - 1.1 / height, wspace=0.1, hspace=1.0 / panel_height
        )
        for model, line in zip(models, grid, strict=True):
            for kind, axes in zip(KINDS, line, strict=True):
                own = [row for row in rows if row["model"] == model and DOSES[row["dose"]].kind == kind]
                _draw_kind(axes, own, sizes, model if kind == "bits" else "", kind)
        figure.savefig(file, dpi=DPI)


def _draw_kind(axes: Axes, rows: Sequence[Mapping[str, Any]], sizes: Sequence[int], title: str, kind: str) -> None:
    panel(axes, title, KINDS[kind], "")
    doses = [name for name, dose in DOSES.items() if dose.kind == kind]
    labels = [f"{line}, {n:,}" for line in LINES for n in sizes]
    for row in rows:
        changes = {"perplexity": perplexity_changed(row), "shape, any change": shape_starred(row)}
        marks = {name: "different" if changed else "same" for name, changed in changes.items()}
        marks |= {name: asked["verdict"] for name, asked in row["aspects"].items()}
        for line, verdict in marks.items():
            color, marker = LOOKS[verdict]
            y = labels.index(f"{line}, {row['texts']:,}")
            axes.plot(doses.index(row["dose"]), y, color=color, marker=marker, markersize=7, linestyle="")
    for place in range(1, len(LINES)):
        axes.axhline(place * len(sizes) - 0.5, color=FAINT, linewidth=1.6)
    axes.set_xticks(range(len(doses)), [f"{DOSES[dose].size:g}" for dose in doses])
    axes.set_yticks(range(len(labels)), labels if kind == "bits" else [])
    axes.set_xlim(-0.5, len(doses) - 0.5)
    axes.set_ylim(len(labels) - 0.5, -0.5)
