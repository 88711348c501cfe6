"""Several analyses of one ``run`` command: a sweep that prints each of them as ``run`` prints one."""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from todacomm.cli.console import print_json
from todacomm.cli.running import STYLES, bars, print_comparison, print_comparison_facts, print_failure
from todacomm.jobs.sweep import SweepFailed, Watcher, work_through_plan
from todacomm.models.names import model_name
from todacomm.settings.analysis import AnalysisConfig, RecordConfig
from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.plan import Item, Plan, make_plan
from todacomm.sweeps.result import Sweep
from todacomm.sweeps.worker import FAILED, Outcome
from todacomm.system.printable import say
from todacomm.system.progress import silent
from todacomm.texts.names import dataset_name
from todacomm.tracking import load_analysis, run_link

if TYPE_CHECKING:
    from todacomm.comparison.result import Comparison
    from todacomm.tracking import JobRun


def run_several(config: SweepConfig, style: str, quiet: bool) -> None:
    """Analyse each model on each set of texts, whatever becomes of the others, and compare them.

    A name and a folder given for all become one for each.

    Parameters
    ----------
    style : str
        A key of :data:`todacomm.cli.running.STYLES`.
    quiet : bool
        Show no progress.

    Raises
    ------
    ValueError
        At least one analysis or comparison failed.
    """
    plan = make_plan(config, own_records(), strict=False)
    folder = config.analysis.record.output_dir
    config = replace(config, analysis=replace(config.analysis, record=replace(config.analysis.record, output_dir="")))
    with bars() as shown:
        printer = Printer(style, shown.announce)
        try:
            with redirect_stdout(sys.stderr):  # what libraries print is no result
                result, run = work_through_plan(config, plan, silent if quiet else shown, printer, folder)
        except SweepFailed as failed:
            raise ValueError(summary(failed.result)) from failed
    if style == "text":
        for note in result.notes:
            say(f"note: {note}", file=sys.stderr)
        print(f"\nall of them are below the run {run_link(run)}", file=sys.stderr)


class Printer(Watcher):
    """Prints what a sweep has done as soon as it is done: results on stdout, everything else on stderr."""

    def __init__(self, style: str, announce: Callable[[str], None]) -> None:
        super().__init__(announce)
        self.style, self.stdout = style, sys.stdout

    def planned(self, config: SweepConfig, plan: Plan) -> None:
        self._print_heading(plan.items, 0)

    def ended(self, items: Sequence[Item], item: Item, outcome: Outcome, n_done: int) -> None:
        with redirect_stdout(self.stdout):
            if outcome.status == FAILED:
                self._print_error(item.name, outcome.reason)
                if self.style == "json":
                    print_failure(item.config, outcome.reason)
            else:
                STYLES[self.style](load_analysis(outcome.run_id))
        self._print_heading(items, n_done)

    def comparing(self, name: str, n_analyses: int) -> None:
        if self.style == "text":
            super().comparing(name, n_analyses)

    def compared(self, name: str, comparison: "Comparison", run: "JobRun") -> None:
        with redirect_stdout(self.stdout):
            if self.style == "text":
                say(f"\n{name}", file=sys.stderr)
                print_comparison(comparison, run)
            elif self.style == "json":
                print_comparison_facts(comparison, run, name)

    def not_compared(self, name: str, reason: str) -> None:
        self._print_error(name, reason)
        if self.style == "json":
            with redirect_stdout(self.stdout):
                print_json(run_id=None, comparison=name, error=reason)

    def _print_heading(self, items: Sequence[Item], n_done: int) -> None:
        if self.style == "text" and n_done < len(items):
            say(f"\n[{n_done + 1} of {len(items)}] {items[n_done].name}", file=sys.stderr)

    def _print_error(self, name: str, reason: str) -> None:
        say(f"error: {name}: {reason}", file=sys.stderr)


def summary(result: Sweep) -> str:
    """What failed, in one sentence."""
    outcomes = zip(result.plan.items, result.outcomes_in_order(), strict=True)
    failed = [item.name for item, outcome in outcomes if outcome.status == FAILED]
    parts = [f"{len(failed)} of {len(result.plan.items)} analyses failed: {', '.join(failed)}"] if failed else []
    return "; ".join(parts + ([f"not made: {', '.join(result.problems)}"] if result.problems else []))


def own_records() -> Callable[[AnalysisConfig], RecordConfig]:
    """The record of each of several analyses: a name and a folder given for all become its own, equal ones numbered."""
    times: Counter[str] = Counter()

    def own_record(config: AnalysisConfig) -> RecordConfig:
        record = config.record
        own = model_name(config.model.model)
        if config.model.clouds_file is None:
            own += f"-{dataset_name(config.texts.dataset)}"
        times[own] += 1
        own += f"-{times[own]}" if times[own] > 1 else ""
        name = f"{record.run_name} {own}" if record.run_name else ""
        folder = str(Path(record.output_dir) / own) if record.output_dir else ""
        return replace(record, run_name=name, output_dir=folder)

    return own_record
