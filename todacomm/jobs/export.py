"""An analysis in the files of todacomm 0.1.0: its folders, names and keys, with the numbers measured here."""

import math
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from todacomm.results.result import Result
from todacomm.results.table import by_layer
from todacomm.system.scratch import scratch_folder

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

RUN = "run_0"
VISUALIZATIONS = f"runs/{RUN}/visualizations"
FIGURES = {"plots/summary.png": "tda_summary.png"}
"""Figures that the published package called otherwise; the others keep the name of their file."""
KEYS = {
    f"H{degree}_{theirs}": f"h{degree}_{ours}"
    for degree in (0, 1)
    for theirs, ours in (
        ("count", "count"), ("total_persistence", "total_persistence"), ("max_lifetime", "max_lifetime")
    )
}  # fmt: skip
"""Key in ``tda_summaries.json`` -> metric. H0 counts finite bars only: one less than in 0.1.0."""
Summaries = dict[str, dict[str, float | None]]


def write_published(analysis: "Analysis", folder: Path) -> None:
    """Write ``runs/run_0``, ``artifacts`` and ``reports`` into a folder, all of them or none.

    Raises
    ------
    ValueError
        The folder is there and not empty, or a file of the run is gone.
    """
    from todacomm.tracking.files import write_json
    from todacomm.tracking.write import check_output_dir, copy_whole

    check_output_dir(str(folder))
    with scratch_folder() as target:
        result = analysis.outline()
        for name in (VISUALIZATIONS, "artifacts", "reports"):
            (target / name).mkdir(parents=True)
        summaries, metrics = tda_summaries(result), performance(analysis.run)
        write_json(target / f"runs/{RUN}/tda_summaries.json", summaries)
        write_json(target / f"runs/{RUN}/metrics.json", metrics)
        (target / f"runs/{RUN}/tda_interpretation.md").write_text(interpretation(result), encoding="utf-8")
        experiment_data(result, summaries, metrics).to_csv(target / "artifacts/experiment_data.csv", index=False)
        report = analysis.artifact("report.md").read_text(encoding="utf-8")
        moved = {file: f"{VISUALIZATIONS}/{picture_name(file)}" for file in pictures(report)}
        for file, place in moved.items():
            shutil.copy(analysis.artifact(file), target / place)
            report = report.replace(file, f"../{place}")
        (target / "reports/experiment_report.md").write_text(report, encoding="utf-8")
        copy_whole(target, folder)


def tda_summaries(result: Result) -> Summaries:
    """Counts, totals and longest lifetimes by layer and key of the published package; None where undefined."""
    layers = by_layer(result.table)
    return {
        str(layer): {key: _known(row.get(metric, math.nan)) for key, metric in KEYS.items()}
        for layer, row in layers.iterrows()
    }


def performance(run: dict[str, float]) -> dict[str, float | None]:
    """The published package's ``metrics.json``; accuracy is None, as it is not measured.

    >>> performance({"perplexity": 21.5}), performance({})
    ({'perplexity': 21.5, 'accuracy': None}, {'perplexity': None, 'accuracy': None})
    """
    return {"perplexity": _known(run.get("perplexity", math.nan)), "accuracy": None}


def experiment_data(result: Result, summaries: Summaries, metrics: dict[str, float | None]) -> pd.DataFrame:
    """One row a layer: run, model, layer, performance, summaries."""
    rows = [
        {"run_id": RUN, "model": result.model.name, "layer": layer, **metrics, **summary}
        for layer, summary in summaries.items()
    ]
    return pd.DataFrame(rows)


def interpretation(result: Result) -> str:
    """The headline and the interpretation as markdown."""
    from todacomm.reports import headline
    from todacomm.reports import interpretation as sentences

    parts = [f"# {result.model.name} on {result.dataset.name}", headline(result)]
    for topic, lines in sentences(result).items():
        parts += [f"## {topic}", "\n".join(f"- {line}" for line in lines)]
    return "\n\n".join(parts) + "\n"


def pictures(report: str) -> list[str]:
    """The pictures that a report names, each once.

    >>> pictures("`plots/summary.png` and `plots/diagrams/04_layer_3.png`")
    ['plots/summary.png', 'plots/diagrams/04_layer_3.png']
    """
    return list(dict.fromkeys(re.findall(r"plots/[\\\w/]{1,200}\.png", report)))


def picture_name(file: str) -> str:
    """What the published package called a picture; one that it did not draw is named after its path.

    >>> picture_name("plots/summary.png"), picture_name("plots/diagrams/04_layer_3.png")
    ('tda_summary.png', 'diagrams_04_layer_3.png')
    """
    return FIGURES.get(file, file.removeprefix("plots/").replace("/", "_"))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
