"""A convergence from settings to its record: measure, draw, report, write once."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from todacomm.convergence.measure import Tell, measure_convergence
from todacomm.convergence.result import Convergence
from todacomm.settings.convergence import MEANINGLESS, ConvergenceConfig
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import JobRun

KIND = "convergence"


def converge(
    config: ConvergenceConfig, progress: Progress = silent, tell: Tell = lambda _: None
) -> tuple[Convergence, "JobRun"]:
    """Measure how metrics converge, and record it in MLflow.

    Returns
    -------
    Convergence, JobRun
        The tables, and the finished run they are recorded in.

    Raises
    ------
    ValueError
        A setting, the model or the texts cannot be used; the run ends as FAILED.
    """
    from todacomm import tracking
    from todacomm.figures.convergence import draw_convergence
    from todacomm.reports.convergence import describe_convergence, write_convergence_reports

    record = config.analysis.record
    name = record.run_name or f"{KIND} {tracking.run_name(config.analysis)}"
    with tracking.job_run(KIND, name, record.experiment_name, record.output_dir) as run:
        result = measure_convergence(config, progress, tell)
        with TemporaryDirectory(prefix="todacomm-") as folder:
            write_tables(result, Path(folder))
            draw_convergence(result, Path(folder))
            write_convergence_reports(result, Path(folder))
            run.write_folder(
                Path(folder),
                metrics=series(result),
                params=params(config),
                tags=tags(result),
                note=describe_convergence(result),
            )
    return result, run


def write_tables(result: Convergence, folder: Path) -> None:
    """``tables/convergence.csv``, ``tables/recommended.csv``, and both in ``tables/convergence.json``."""
    from todacomm.tracking.files import strict

    (folder / "tables").mkdir(parents=True, exist_ok=True)
    frames = {"convergence": result.table, "recommended": result.recommended}
    for name, frame in frames.items():
        frame.to_csv(folder / f"tables/{name}.csv", index=False)
    content = {name: {"columns": list(f), "rows": f.to_numpy(dtype=object)} for name, f in frames.items()}
    facts = {"options": result.config.to_flat(), "sizes": result.sizes, "pca": result.pca, "repeats": result.repeats}
    text = json.dumps(strict(content | facts | {"warnings": result.warnings}), allow_nan=False, ensure_ascii=False)
    (folder / "tables/convergence.json").write_text(text + "\n", encoding="utf-8")


def series(result: Convergence) -> list[tuple[str, float, int]]:
    """Metrics of the run as key, value and step: recommended sizes with the layer's index as step, and seconds."""
    rows = result.recommended
    points = [
        (f"recommended_n/{metric}", float(n), result.layers[layer])
        for metric, layer, n in zip(rows["metric"], rows["layer"], rows["recommended_n"], strict=True)
    ]
    return points + [(f"summary/seconds_{stage}", seconds, 0) for stage, seconds in result.seconds.items()]


def params(config: ConvergenceConfig) -> dict[str, Any]:
    """The options by name, those without a meaning here left out."""
    options = {name: value for name, value in config.analysis.to_flat().items() if name not in MEANINGLESS}
    return options | {
        "sizes": ",".join(map(str, config.sizes)) or None,
        "pcas": ",".join(map(str, config.pcas)),
        "repeats": config.repeats,
    }


def tags(result: Convergence) -> dict[str, str]:
    """What was measured, and the warnings."""
    model, texts = result.model, result.texts
    return {
        "model": model["name"],
        "revision": model["revision"],
        "weights": model["weights"],
        "family": model["family"],
        "dataset": texts["name"],
        "texts_digest": texts["digest"],
        "warnings": "\n".join(map(str, result.warnings)),
    }
