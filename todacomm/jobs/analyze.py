"""One analysis from beginning to end: observe the clouds, measure their shape, infer the uncertainty, record it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from todacomm.analysis.observe import observe
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import with_options
from todacomm.system.progress import Clock, Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


@with_options(AnalysisConfig)
def analyze(
    config: AnalysisConfig | None = None, *, progress: Progress = silent, parent: str | None = None, **options: Any
) -> "Analysis":
    """Analyse one model on one set of texts and record it in MLflow.

    Parameters
    ----------
    config : AnalysisConfig, optional
        Settings; or give them as ``options`` by name: ``analyze(model="gpt2", samples=300)``.
    progress : callable
        Called with stage, steps done and steps in all.
    parent : str, optional
        Id of the run that this one is a part of.

    Returns
    -------
    Analysis
        What :func:`todacomm.load_analysis` returns for the finished run.

    Raises
    ------
    ValueError
        A setting, the model or the texts cannot be used; there is no run then.
    """
    from todacomm import tracking
    from todacomm.analysis.cache import inputs_digest
    from todacomm.reports import describe_run, report_context

    config = AnalysisConfig.given(config, options)
    with tracking.analysis_run(config, parent) as run:
        progress = run.run.watched(progress)
        inputs = inputs_digest(config)
        result = measure(config, progress)
        report = report_context(result)
        with TemporaryDirectory(prefix="todacomm-") as folder:
            draw = partial(draw_and_report, result, report, Path(folder), progress)
            inputs = inputs or inputs_digest(config) or ""
            run.write(result, Path(folder), describe_run(report), inputs, draw, headline=report["headline"])
    return tracking.load_analysis(run.run_id)


def measure(config: AnalysisConfig, progress: Progress = silent) -> Result:
    """The numbers of one analysis, nothing recorded."""
    from todacomm.analysis.assembly import assemble
    from todacomm.analysis.inference import infer_uncertainty
    from todacomm.analysis.shape import measure_shape

    clock = Clock()
    with clock("extraction"):
        observed = observe(config, progress)
    with clock("homology"):
        shapes = measure_shape(config, observed.clouds, progress)
    with clock("inference"):
        uncertainty = infer_uncertainty(config, observed, shapes, progress)
    return assemble(config, observed, shapes, uncertainty, clock.seconds)


def draw_and_report(result: Result, report: Mapping[str, Any], folder: Path, progress: Progress = silent) -> None:
    """Draw the figures of a result, and write its reports and its interactive page into a folder.

    Parameters
    ----------
    report : mapping
        From :func:`todacomm.reports.report_context`.
    """
    from todacomm.explorer.of_analysis import MOST_POINTS, PAGE, write_page
    from todacomm.figures import draw_all
    from todacomm.reports import write_reports

    progress("figures", 0, 1)
    draw_all(result, folder)
    write_reports(report, folder)
    if result.config.record.explorer and result.dataset.samples <= MOST_POINTS:
        write_page(result, folder / PAGE)
    progress("figures", 1, 1)
