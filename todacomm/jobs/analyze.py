"""One analysis from beginning to end: observe the clouds, measure their shape, infer the uncertainty, record it."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.analysis.observe import Observe, check_points, observe, run_model
from todacomm.figures import DRAWS_ANALYSIS
from todacomm.results.result import Result
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.settings.base import with_options
from todacomm.settings.values import parse_value
from todacomm.system.progress import Clock, Progress, silent
from todacomm.system.scratch import scratch_folder
from todacomm.system.side_process import SideProcess, side_process

if TYPE_CHECKING:
    from pandas import DataFrame

    from todacomm.tracking import Analysis


@with_options(AnalysisConfig)
def analyze(
    config: AnalysisConfig | None = None,
    *,
    progress: Progress = silent,
    parent: str | None = None,
    tokenizer: Any = None,
    texts: Any = None,
    **options: Any,
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
    tokenizer : PreTrainedTokenizerBase, optional
        Of a ``model`` that is an object: a ``transformers.PreTrainedModel``, on its device and in its precision. It is
        not changed, and not read from the cache; the digest of its parameters is on record.
    texts : sequence of str, Series, DataFrame or datasets.Dataset, optional
        Texts in place of ``dataset``; all of them without ``samples``. Of a table ``text_column`` is read.

    Returns
    -------
    Analysis
        What :func:`todacomm.load_analysis` returns for the finished run.

    Raises
    ------
    ValueError
        A setting, the model or the texts cannot be used; there is no run then.
    """
    if isinstance(options.get("model", ""), str) and tokenizer is None and texts is None:
        return _record(AnalysisConfig.given(config, options), progress, parent)
    if config is not None:
        raise ValueError("got a config beside objects: give the options by name")
    from todacomm.analysis.given import given_objects

    config, observe = given_objects(tokenizer, texts, options)
    return _record(config, progress, parent, observe, observe)


@with_options(AnalysisConfig)
def analyze_clouds(
    clouds: Any,
    labels: "DataFrame | Mapping[str, Any] | None" = None,
    *,
    name: str = "clouds",
    progress: Progress = silent,
    parent: str | None = None,
    **options: Any,
) -> "Analysis":
    """Analyse clouds that are arrays in memory, and record it in MLflow, as :func:`analyze` does.

    Parameters
    ----------
    clouds : mapping or list of array, shape (n_points, n_dims), or array
        By layer in the order of depth, row i being text i in every layer; an array of two dimensions is one layer, one
        of three a layer each. Tensors will do. With ``distances=True`` each is a square matrix of distances.
    labels : DataFrame or mapping of array, shape (n_points,), optional
        Columns that are recorded with each point; ``texts`` holds the texts themselves.
    name : str
        What tables and pages call them.

    Raises
    ------
    ValueError
        They are no clouds of the same rows, or a setting cannot be used.
    """
    from todacomm.analysis.given import given_clouds
    from todacomm.settings.values import OBJECT, OWN_CLOUDS

    if "model" in options:
        raise ValueError(f"model is {options['model']!r}: clouds have no model to run, name= says what they are called")
    asked = {
        option: parse_value(option, options.get(option, row.default), row.kind, row.checks)
        for option, row in ((one, OPTIONS[one]) for one in ("distances", "layers"))
    }
    layers = () if asked["layers"] == ("all",) else asked["layers"]
    observed = given_clouds(clouds, labels, name, asked["distances"], layers)
    given = {"model": f"{OWN_CLOUDS}{OBJECT}{name}", "samples": len(observed.dataset.ids), **options}
    config = AnalysisConfig.given(None, given)
    check_points(config, observed)
    return _record(config, progress, parent, lambda *_, **__: observed)


def _record(
    config: AnalysisConfig, progress: Progress, parent: str | None, observe: Observe = observe, run: Observe = run_model
) -> "Analysis":
    """Measure, draw and record one analysis."""
    from todacomm.analysis.preflight import check_inputs

    check_inputs(config)
    drawn = config.record.figures != "none"
    with side_process(DRAWS_ANALYSIS, unless="mlflow") if drawn else nullcontext() as artist:
        from todacomm import tracking
        from todacomm.analysis.cache import inputs_digest
        from todacomm.figures.registry import drawn_parts
        from todacomm.reports import describe_run, report_context

        with tracking.analysis_run(config, parent) as recorded:
            progress = recorded.run.watched(progress)
            inputs = inputs_digest(config)
            result = measure(config, progress, observe, run)
            with scratch_folder() as folder:
                if artist:
                    artist.begin("draw_shared", drawn_parts(result), folder)
                report = report_context(result)
                draw = partial(draw_and_report, result, report, folder, progress, artist)
                inputs = inputs or inputs_digest(config) or ""
                recorded.write(result, folder, describe_run(report), inputs, draw, headline=report["headline"])
    return tracking.load_analysis(recorded.run_id)


def measure(
    config: AnalysisConfig, progress: Progress = silent, observe: Observe = observe, run: Observe = run_model
) -> Result:
    """The numbers of one analysis, nothing recorded.

    Parameters
    ----------
    observe, run : callable
        What gives the clouds, and what gives those of controls that cost a forward pass.
    """
    from todacomm.analysis.assembly import assemble
    from todacomm.analysis.inference import infer_uncertainty
    from todacomm.analysis.shape import Shapes

    clock = Clock()
    with Shapes(config) as measuring:
        with clock("extraction"):  # layers that are finished are measured beside it
            observed = observe(config, progress, finished=measuring.begin)
        with clock("homology"):
            shapes = measuring.of(observed.clouds, progress)
    with clock("inference"):
        uncertainty = infer_uncertainty(config, observed, shapes, progress, run)
    return assemble(config, observed, shapes, uncertainty, clock.seconds)


def draw_and_report(
    result: Result,
    report: Mapping[str, Any],
    folder: Path,
    progress: Progress = silent,
    artist: SideProcess | None = None,
) -> None:
    """Draw the figures of a result, and write its reports and its interactive page into a folder.

    Parameters
    ----------
    report : mapping
        From :func:`todacomm.reports.report_context`.
    artist : SideProcess, optional
        A process that has begun to draw.
    """
    from todacomm.explorer.of_analysis import MOST_POINTS, page_html
    from todacomm.explorer.page import PAGE
    from todacomm.figures.registry import draw_all
    from todacomm.reports import write_reports

    progress("figures", 0, 1)
    if result.config.record.explorer and result.clouds and result.dataset.samples <= MOST_POINTS:
        (folder / PAGE).write_text(page_html(result), encoding="utf-8")
    if artist:
        artist.finish()
    else:
        draw_all(result, folder)
    write_reports(report, folder)
    progress("figures", 1, 1)
