"""The jobs as commands run them: progress on stderr while they work, results on stdout at the end."""

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from todacomm.cli.console import check_output, print_json, print_links, print_warnings
from todacomm.cli.printing import print_table
from todacomm.figures import DRAWS_COMPARISON
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.printable import say
from todacomm.system.side_process import start_ahead

if TYPE_CHECKING:
    from todacomm.comparison.result import Comparison
    from todacomm.settings.comparison import ComparisonConfig
    from todacomm.settings.convergence import ConvergenceConfig
    from todacomm.settings.gate import GateConfig
    from todacomm.settings.sweep import SweepConfig
    from todacomm.sweeps.result import Sweep
    from todacomm.system.progress import Bars
    from todacomm.tracking import Analysis, JobRun


@contextmanager
def bars() -> Iterator["Bars"]:
    """Progress bars on stderr, where that is a terminal."""
    from todacomm.system.progress import Bars

    shown = Bars()
    try:
        yield shown
    finally:
        shown.close()


def run_analysis(config: AnalysisConfig, style: str = "text", quiet: bool = False) -> None:
    """Analyse, then print the run, its headline and where to look.

    Parameters
    ----------
    style : str
        A key of :data:`STYLES`.
    quiet : bool
        Show no progress.
    """
    from todacomm.analysis.preflight import check_inputs
    from todacomm.system.progress import silent

    try:
        check_inputs(config)  # before the imports of the job, for what is refused at once
        from todacomm.jobs.analyze import analyze

        with bars() as shown, redirect_stdout(sys.stderr):  # what libraries print is no result
            analysis = analyze(config, progress=silent if quiet else shown)
    except ValueError as error:
        if style == "json":
            print_failure(config, str(error))
        raise
    STYLES[style](analysis)


def print_text(analysis: "Analysis") -> None:
    """Warnings, headline, numbers of the run, and where to look."""
    from todacomm.reports import headline, warnings

    outline = analysis.outline()
    print_warnings(warnings(outline))
    say(f"\n{headline(outline)}")
    for name, value in analysis.run.items():
        print(f"  {name:<26} {value:.4g}")
    print_links(analysis)


def print_id(analysis: "Analysis") -> None:
    """The run's id alone."""
    print(analysis.run_id, flush=True)


def print_facts(analysis: "Analysis") -> None:
    """One line of JSON: the run, its links, its headline, its numbers (null where undefined) and its warnings."""
    from todacomm import tracking
    from todacomm.reports import headline

    print_json(
        run_id=analysis.run_id,
        run_name=analysis.run_name,
        model=analysis.model.name,
        dataset=analysis.dataset.name,
        link=tracking.run_link(analysis),
        report=tracking.report_path(analysis),
        headline=headline(analysis.outline()),
        numbers={name: value if math.isfinite(value) else None for name, value in analysis.run.items()},
        warnings=[str(warning) for warning in analysis.warnings],
    )


def print_failure(config: AnalysisConfig, reason: str) -> None:
    """One line of JSON: an analysis that has no run, and why."""
    from todacomm.models.names import model_name
    from todacomm.texts.names import dataset_name

    model, dataset = model_name(config.model.model), None if config.idle else dataset_name(config.texts.dataset)
    print_json(run_id=None, model=model, dataset=dataset, error=reason)


STYLES: dict[str, Callable[["Analysis"], None]] = {"text": print_text, "id": print_id, "json": print_facts}
"""How a finished analysis is printed on stdout."""


def run_comparison(config: "ComparisonConfig", output: Path | None = None, as_json: bool = False) -> None:
    """Compare, then print what stands out and where the report is, a copy of which may go to ``output``.

    Parameters
    ----------
    as_json : bool
        Print one line of JSON instead.
    """
    start_ahead(DRAWS_COMPARISON, unless="matplotlib")  # where the command has not: as ``mlflow run`` calls this
    from todacomm.jobs.compare import compare, named

    check_output(output)
    with bars() as shown:
        comparison, run = compare(config, progress=shown, announce=shown.announce)
    if as_json:
        print_comparison_facts(comparison, run, config.run_name or named(comparison.gathered))
    else:
        print_comparison(comparison, run)
    if output:
        run.fetch(f"report{output.suffix}", output)
        print(f"copy     {output}", file=sys.stderr if as_json else sys.stdout)


def print_comparison(comparison: "Comparison", run: "JobRun") -> None:
    """What stands out, and where to look."""
    from todacomm.reports.comparison_words import headline

    print_warnings(comparison.warnings)
    say("\n" + "\n".join(headline(comparison)))
    print_links(run)


def print_comparison_facts(comparison: "Comparison", run: "JobRun", name: str) -> None:
    """One line of JSON: the run of a comparison, its name, links, headline and warnings."""
    from todacomm import tracking
    from todacomm.reports.comparison_words import headline

    print_json(
        run_id=run.run_id,
        comparison=name,
        link=tracking.run_link(run),
        report=tracking.report_path(run),
        headline=" ".join(headline(comparison)),
        warnings=[str(warning) for warning in comparison.warnings],
    )


def run_gate(config: "GateConfig") -> int:
    """Judge, then print the verdict first, its reasons and where they are; the exit code of the verdict."""
    from todacomm import tracking
    from todacomm.gates.result import GatePlan
    from todacomm.jobs.gate import gate
    from todacomm.reports.gate import headline
    from todacomm.reports.gate_cells import WORDS
    from todacomm.reports.gate_plan import plan_headline, plan_table

    with bars() as shown, redirect_stdout(sys.stderr):
        result, run = gate(config, progress=shown)
    if isinstance(result, GatePlan):
        table = plan_table(result)
        say(f"gate: plan\n\n{plan_headline(result)}\n{table.caption}\n")
        print_table(table.header, table.rows)
        if config.candidate:
            say(f"note: a plan is from the base alone: {config.candidate} was not read", file=sys.stderr)
        say(f"\nrun      {tracking.run_link(run)}")
        return 0
    print_warnings(result.warnings)
    say(f"gate: {WORDS[result.verdict]}\n\n" + "\n".join(headline(result)))
    print_links(run)
    return result.exit_code


def run_convergence(config: "ConvergenceConfig") -> None:
    """Measure convergence, announcing first what it will take, then print the result and where it is."""
    from todacomm.analysis.preflight import check_inputs

    check_inputs(config.analysis)
    from todacomm.jobs.converge import converge
    from todacomm.reports.convergence import headline

    with bars() as shown:
        result, run = converge(config, progress=shown, announce=shown.announce)
    print_warnings(result.warnings)
    say("\n" + "\n".join(headline(result)))
    print_links(run)


def run_sweep(config: "SweepConfig") -> None:
    """Print the plan, then work through it, a line an analysis; ``dry_run`` stops after the plan.

    Raises
    ------
    ValueError
        Something failed: the text says what, and where the run is.
    """
    from todacomm.jobs.sweep import SweepFailed, plan_sweep, sweep

    if config.dry_run:
        from todacomm.reports.sweep_words import describe_plan

        say(describe_plan(config, plan_sweep(config)))
        return
    with bars() as shown:
        try:
            result, run = sweep(config, progress=shown, announce=shown.announce)
        except SweepFailed as failed:
            shown.close()
            print_compared(failed.result)
            print_links(failed.run)
            raise
    for note in result.notes:
        say(f"note: {note}", file=sys.stderr)
    print_compared(result)
    say(f"\n{result.headline()}")
    print_links(run)


def print_compared(result: "Sweep") -> None:
    """The findings of a sweep's comparisons, and where each one is."""
    for compared in result.comparisons.values():
        say("\n".join(["", compared.name, *(f"  {line}" for line in compared.headline)]))
        say(f"  run    {compared.link}\n  report {compared.report}")
