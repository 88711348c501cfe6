"""What every command does around its job: exit codes, errors on one screen, links at the end."""

import json
import logging
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.settings.analysis import AnalysisConfig

if TYPE_CHECKING:
    from todacomm.settings.comparison import ComparisonConfig
    from todacomm.settings.convergence import ConvergenceConfig
    from todacomm.settings.sweep import SweepConfig
    from todacomm.tracking import Analysis

FAILED = 1
INTERRUPTED = 130


def exit_code(job: Callable[[], Any], log: bool = True) -> int:
    """Run a job; 0, or 1 with the error's text where the user can mend it, 130 after Ctrl-C and 143 after SIGTERM.

    An error that is no ``ValueError`` is a defect of the program and keeps its traceback.

    Parameters
    ----------
    log : bool
        Show what the library logs, such as the size of a model before its download, on stderr.
    """
    with shown_log() if log else nullcontext():
        try:
            job()
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt as interrupt:
            print("interrupted", file=sys.stderr)
            return getattr(interrupt, "exit_code", INTERRUPTED)
    return 0


@contextmanager
def shown_log() -> Iterator[None]:
    """Let what the library logs be seen on stderr."""
    logger, handler = logging.getLogger("todacomm"), logging.StreamHandler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def analyze_and_tell(config: AnalysisConfig, style: str = "text", bars: bool = True) -> "Analysis":
    """Analyse, then say where the run is, what the headline is and how to look at it.

    Parameters
    ----------
    style : str
        A key of :data:`STYLES`.
    bars : bool
        Show the progress on stderr, where that is a terminal.
    """
    from todacomm.jobs.analyze import analyze
    from todacomm.system.progress import Bars, silent

    shown = Bars() if bars else None
    try:
        with redirect_stdout(sys.stderr):  # what libraries have to say is no result
            analysis = analyze(config, progress=shown or silent)
    finally:
        if shown:
            shown.close()
    STYLES[style](analysis)
    return analysis


def tell_text(analysis: "Analysis") -> None:
    """Warnings, headline, numbers of the run, and where to look."""
    from todacomm.reports import headline, warnings

    outline = analysis.outline()
    for warning in warnings(outline):
        print(f"warning: {warning}", file=sys.stderr)
    print(f"\n{headline(outline)}")
    for name, value in analysis.run.items():
        print(f"  {name:<26} {value:.4g}")
    tell_where(analysis)


def tell_id(analysis: "Analysis") -> None:
    """The run's id alone."""
    print(analysis.run_id, flush=True)


def tell_json(analysis: "Analysis") -> None:
    """One line of JSON: the run, its links, its headline, its numbers (null where undefined) and its warnings."""
    from todacomm import tracking
    from todacomm.reports import headline

    told = {
        "run_id": analysis.run_id,
        "run_name": analysis.run_name,
        "model": analysis.model.name,
        "dataset": analysis.texts.name,
        "link": tracking.run_link(analysis),
        "report": tracking.report_path(analysis),
        "headline": headline(analysis.outline()),
        "numbers": {name: value if math.isfinite(value) else None for name, value in analysis.run.items()},
        "warnings": list(map(str, analysis.warnings)),
    }
    print_json(**told)


def print_json(**told: Any) -> None:
    """One line of JSON on stdout."""
    print(json.dumps(told, ensure_ascii=False, allow_nan=False), flush=True)


STYLES: dict[str, Callable[["Analysis"], None]] = {"text": tell_text, "id": tell_id, "json": tell_json}
"""How a finished analysis is told on stdout."""


def compare_and_tell(config: "ComparisonConfig", output: Path | None = None) -> None:
    """Compare, then say what stands out and where the report is, a copy of which may go to ``output``."""
    from todacomm.jobs.compare import compare
    from todacomm.reports.comparison_words import headline
    from todacomm.system.progress import Bars

    check_output(output)
    bars = Bars()
    try:
        found, run = compare(config, progress=bars, tell=bars.tell)
    finally:
        bars.close()
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n" + "\n".join(headline(found)))
    tell_where(run)
    if output:
        run.fetch(f"report{output.suffix}", output)
        print(f"copy     {output}")


def check_output(output: Path | None) -> None:
    """Whether a report can be written to a file, known before any work.

    Raises
    ------
    ValueError
        It is neither markdown nor HTML, or its folder is not there.
    """
    if output is None:
        return
    if output.suffix not in (".md", ".html"):
        raise ValueError(f"output is {output}: expected a file that ends in .md or .html")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"output {output} has no folder to stand in: make {output.absolute().parent} first")


def converge_and_tell(config: "ConvergenceConfig") -> None:
    """Measure convergence, saying first what it will take, then what was found and where it is."""
    from todacomm.jobs.converge import converge
    from todacomm.reports.convergence import headline
    from todacomm.system.progress import Bars

    bars = Bars()
    try:
        result, run = converge(config, bars, bars.tell)
    finally:
        bars.close()
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n" + "\n".join(headline(result)))
    tell_where(run)


def sweep_and_tell(config: "SweepConfig") -> None:
    """Print the plan, then work through it, a line an analysis; ``dry_run`` stops after the plan.

    Raises
    ------
    ValueError
        Something failed: the text says what, and where the run is.
    """
    from todacomm.jobs.sweep import SweepFailed, plan_sweep, sweep
    from todacomm.system.progress import Bars

    if config.dry_run:
        from todacomm.reports.sweep_words import describe_plan

        print(describe_plan(config, plan_sweep(config)))
        return
    bars = Bars()
    try:
        found, run = sweep(config, progress=bars, tell=bars.tell)
    except SweepFailed as failed:
        bars.close()
        tell_where(failed.run)
        raise
    finally:
        bars.close()
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"\n{found.headline()}")
    tell_where(run)


def tell_where(run: Any) -> None:
    """Where a finished run and its report are, and how to look at them."""
    from todacomm import tracking

    print(f"\nrun      {tracking.run_link(run)}")
    print(f"report   {tracking.report_path(run)}")
    print(f'look     {_opener()}, then press "Model training" on the experiment\'s page', flush=True)


def _opener() -> str:
    """The shortest command that opens MLflow's interface here."""
    from todacomm import tracking

    if Path("MLproject").is_file() and Path("Makefile").is_file():
        return "make ui"
    return "todacomm ui" if shutil.which("todacomm") else tracking.ui_command()
