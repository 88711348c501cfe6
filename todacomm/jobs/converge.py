"""A convergence from settings to its record: measure, draw, report, write once."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.convergence.measure import measure_convergence
from todacomm.convergence.result import Convergence
from todacomm.settings.base import with_options
from todacomm.settings.convergence import ConvergenceConfig
from todacomm.settings.values import as_lines
from todacomm.system.progress import Progress, silent
from todacomm.system.scratch import scratch_folder

if TYPE_CHECKING:
    from todacomm.tracking import JobRun

KIND = "convergence"


@with_options(ConvergenceConfig)
def converge(
    config: ConvergenceConfig | None = None,
    *,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
    **options: Any,
) -> tuple[Convergence, "JobRun"]:
    """Measure how metrics converge, and record it in MLflow.

    Parameters
    ----------
    config : ConvergenceConfig, optional
        Settings; or give them as ``options`` by name: ``converge(model="gpt2", sizes="50,100,200")``.
    progress : callable
        Called with stage, steps done and steps in all.
    announce : callable
        Called beforehand with what it will take.

    Returns
    -------
    Convergence, JobRun
        The tables, and the finished run that they are recorded in.

    Raises
    ------
    ValueError
        A setting, the model or the texts cannot be used; there is no run then.
    """
    from todacomm import tracking
    from todacomm.figures.convergence import draw_convergence
    from todacomm.reports.convergence import write_convergence_reports

    config = ConvergenceConfig.given(config, options)
    record = config.analysis.record
    name = record.run_name or f"{KIND} {tracking.run_name(config.analysis)}"
    with tracking.job_run(KIND, name, record.experiment_name, record.output_dir) as run:
        result = measure_convergence(config, run.run.watched(progress), announce)
        with scratch_folder() as folder:
            write_tables(result, folder)
            draw_convergence(result, folder)
            note = write_convergence_reports(result, folder)
            run.write_folder(
                folder,
                metrics=series(result),
                params=config.changed(),
                tags={**tags(result), "settings": as_lines(params(config))},
                note=note,
            )
    return result, run


def write_tables(result: Convergence, folder: Path) -> None:
    """``tables/convergence.csv``, ``tables/recommended.csv``, and both in ``tables/convergence.json``."""
    from todacomm.tracking.files import write_json

    (folder / "tables").mkdir(parents=True, exist_ok=True)
    frames = {"convergence": result.table, "recommended": result.recommended}
    for name, frame in frames.items():
        frame.to_csv(folder / f"tables/{name}.csv", index=False)
    content = {name: {"columns": list(f), "rows": f.to_numpy(dtype=object)} for name, f in frames.items()}
    facts = {"options": result.config.to_flat(), "sizes": result.sizes, "pca": result.pca, "repeats": result.repeats}
    write_json(folder / "tables/convergence.json", content | facts | {"warnings": result.warnings}, indent=None)


def series(result: Convergence) -> list[tuple[str, float, int]]:
    """Metrics of the run as key, value and step: recommended sizes with the layer's index as step, and seconds."""
    from todacomm.tracking.entries import seconds_points

    rows = result.recommended
    points = [
        (f"recommended_n/{metric}", float(n), result.layers[layer])
        for metric, layer, n in zip(rows["metric"], rows["layer"], rows["recommended_n"], strict=True)
    ]
    return [*points, *seconds_points(result.seconds)]


def params(config: ConvergenceConfig) -> dict[str, Any]:
    """The options by name, those without a meaning here left out."""
    options = config.options()
    return {name: value for name, value in config.to_flat().items() if options[name].offered}


def tags(result: Convergence) -> dict[str, str]:
    """What was measured, and the warnings."""
    from todacomm.tracking.entries import warning_lines

    model, texts = result.model, result.dataset
    return {
        "model": model.name,
        "revision": model.revision,
        "weights": model.weights,
        "family": model.family,
        "dataset": texts.name,
        "texts_digest": texts.digest,
        "warnings": warning_lines(result.warnings),
    }
