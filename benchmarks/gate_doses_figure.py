"""The figure of docs/gate-doses.md: a panel a model and kind of change, doses along x, verdicts as marks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from benchmarks.gate_doses_page import perplexity_changed
from benchmarks.gate_dosing import DOSES
from todacomm.figures.gate import LOOKS
from todacomm.figures.panels import panel
from todacomm.figures.style import DPI, FAINT, drawing, titled

KINDS = {"bits": "bits a weight", "noise": "noise, % of sd", "pruned": "% of weights pruned", "steps": "training steps"}
LINES = ("perplexity", "places", "shape")
NOTE = (
    "circle: same; of perplexity, no change within its interval     triangle: not enough texts     square: different; "
    "of perplexity, its interval excludes no change"
)


def draw(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Write the figure as PNG."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    height = 1.3 + 2.9 * len(models)
    with drawing():
        figure = titled("What is seen at which dose", "Lines: what is asked, by number of texts", 14.6, height, NOTE)
        grid = figure.subplots(len(models), len(KINDS), squeeze=False)
        figure.subplots_adjust(
            left=0.09, right=0.99, bottom=0.95 / height, top=1 - 1.05 / height, wspace=0.12, hspace=0.45
        )
        for model, line in zip(models, grid, strict=True):
            for kind, axes in zip(KINDS, line, strict=True):
                own = [row for row in rows if row["model"] == model and DOSES[row["dose"]].kind == kind]
                _draw_kind(axes, own, model if kind == "bits" else "", kind)
        figure.savefig(file, dpi=DPI)


def _draw_kind(axes: Axes, rows: Sequence[Mapping[str, Any]], title: str, kind: str) -> None:
    panel(axes, title, KINDS[kind], "")
    sizes = sorted({row["texts"] for row in rows})
    doses = [name for name, dose in DOSES.items() if dose.kind == kind]
    labels = [f"{line}, {n:,}" for line in LINES for n in sizes]
    for row in rows:
        marks = {"perplexity": "different" if perplexity_changed(row) else "same"}
        marks |= {name: asked["verdict"] for name, asked in row["questions"].items()}
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
