"""What every command does around its job: exit codes, errors on one screen, links at the end."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.config import AnalysisConfig

if TYPE_CHECKING:
    from todacomm.comparison.config import ComparisonConfig
    from todacomm.convergence import ConvergenceConfig

FAILED = 1
INTERRUPTED = 130


def exit_code(job: Callable[[], Any]) -> int:
    """Run a job; 0, or 1 with the error's text where the user can mend it, 130 after Ctrl-C and 143 after SIGTERM.

    An error that is no ``ValueError`` is a defect of the program and keeps its traceback.
    """
    show_log()
    try:
        job()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt as interrupt:
        print("interrupted", file=sys.stderr)
        return getattr(interrupt, "exit_code", INTERRUPTED)
    return 0


def show_log() -> None:
    """Let what the library logs, such as the size of a model before its download, be seen on stderr."""
    logger = logging.getLogger("todacomm")
    if not logger.handlers:
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)


def analyze_and_tell(config: AnalysisConfig) -> None:
    """Analyse, then say where the run is, what the headline is and how to look at it."""
    from todacomm import tracking
    from todacomm.pipeline import analyze
    from todacomm.progress import Bars
    from todacomm.reports import headline, warnings

    bars = Bars()
    try:
        analysis = analyze(config, progress=bars)
    finally:
        bars.close()
    result = analysis.result()
    for warning in warnings(result):
        print(f"warning: {warning}", file=sys.stderr)
    print(f"\n{headline(result)}")
    for name, value in analysis.run.items():
        print(f"  {name:<26} {value:.4g}")
    print(f"\nrun      {tracking.run_link(analysis)}")
    print(f"report   {tracking.report_path(analysis)}")
    opener = "make ui" if Path("MLproject").is_file() and Path("Makefile").is_file() else tracking.ui_command()
    print(f'look     {opener}, then press "Model training" on the experiment\'s page')


def compare_and_tell(config: "ComparisonConfig") -> None:
    """Compare, then say what stands out and where the report is."""
    from todacomm import tracking
    from todacomm.comparison import compare
    from todacomm.progress import Bars
    from todacomm.reports.comparison_words import headline

    bars = Bars()
    try:
        found, run = compare(config, progress=bars)
    finally:
        bars.close()
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n" + "\n".join(headline(found)))
    print(f"\nrun      {tracking.run_link(run)}")
    print(f"report   {tracking.report_path(run)}")
    print(f'look     {tracking.ui_command()}, then press "Model training"')


def converge_and_tell(config: "ConvergenceConfig") -> None:
    """Measure convergence, saying first what it will take, then what was found and where it is."""
    from todacomm import tracking
    from todacomm.convergence import converge
    from todacomm.progress import Bars
    from todacomm.reports.convergence import headline

    bars = Bars()

    def tell(text: str) -> None:
        bars.close()
        print(text, file=sys.stderr, flush=True)

    try:
        result, run = converge(config, bars, tell)
    finally:
        bars.close()
    for warning in result.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print("\n" + "\n".join(headline(result)))
    print(f"\nrun      {tracking.run_link(run)}")
    print(f"report   {tracking.report_path(run)}")
    print(f'look     {tracking.ui_command()}, then press "Model training"')
