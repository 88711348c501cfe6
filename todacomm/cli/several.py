"""Several analyses one after the other, and then beside each other."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from todacomm.cli.console import analyze_and_tell, compare_and_tell, print_json
from todacomm.settings.analysis import AnalysisConfig

if TYPE_CHECKING:
    from todacomm.settings.comparison import ComparisonConfig
    from todacomm.tracking import Analysis


def analyze_each(configs: Sequence[AnalysisConfig], style: str, bars: bool, comparing: bool) -> None:
    """Analyses, each a run of its own, and a comparison of several; one that fails does not keep the others away.

    Parameters
    ----------
    configs : sequence of AnalysisConfig
        They differ in their models and texts alone; a name and a folder given for several become one for each.
    style : str
        A key of :data:`todacomm.cli.console.STYLES`.
    bars : bool
        Show the progress on stderr, where that is a terminal.
    comparing : bool
        Compare those that were made: models on each set of texts, or one model over its sets.

    Raises
    ------
    ValueError
        At least one of them failed.
    """
    from todacomm.tracking import run_name

    if len(configs) == 1:
        try:
            analyze_and_tell(configs[0], style, bars)
        except ValueError as error:
            tell_failure(error, style, **who(configs[0]))
            raise
        return
    made, failed, missing = [], [], []
    for index, config in enumerate(map(apart, configs), start=1):
        name = run_name(config)
        if style == "text":
            print(f"\n[{index} of {len(configs)}] {name}", file=sys.stderr)
        try:
            made.append(analyze_and_tell(config, style, bars))
        except ValueError as error:
            tell_failure(error, style, **who(config))
            print(f"error: {name}: {error}", file=sys.stderr)
            failed.append(name)
    for asked in comparisons(made, configs[0]) if comparing else ():
        try:
            compare_one(asked, style)
        except ValueError as error:
            tell_failure(error, style, comparison=asked.run_name)
            print(f"error: {asked.run_name}: {error}", file=sys.stderr)
            missing.append(asked.run_name)
    said = [f"{len(failed)} of {len(configs)} analyses failed: {', '.join(failed)}"] if failed else []
    said += [f"not made: {', '.join(missing)}"] if missing else []
    if said:
        raise ValueError("; ".join(said))


def comparisons(analyses: "Sequence[Analysis]", given: AnalysisConfig) -> "list[ComparisonConfig]":
    """A comparison for each set of texts that several models read, or one over the sets of a single model."""
    from todacomm.settings.comparison import ComparisonConfig
    from todacomm.sweeps.comparing import groups
    from todacomm.tracking import search_analyses

    record, asked = given.record, []
    for dataset, run_ids in groups(search_analyses(run_ids=[analysis.run_id for analysis in analyses])).items():
        folder = Path(record.output_dir) / "-".join(filter(None, ["comparison", Path(dataset).name]))
        settings = ComparisonConfig(
            run_ids=",".join(run_ids),
            over="models" if dataset else "datasets",
            run_name=f"{record.run_name or 'comparison'} {f'on {dataset}' if dataset else 'over data sets'}",
            experiment_name=record.experiment_name,
            output_dir=str(folder) if record.output_dir else "",
            threads=given.topology.threads,
            seed=record.seed,
        )
        asked.append(settings)
    return asked


def compare_one(config: "ComparisonConfig", style: str) -> None:
    """One comparison: in full, as a line of JSON, or without a word where the ids of analyses are asked for."""
    from todacomm import tracking
    from todacomm.jobs.compare import compare
    from todacomm.reports.comparison_words import headline

    if style == "text":
        print(f"\n{config.run_name}", file=sys.stderr)
        compare_and_tell(config)
        return
    with redirect_stdout(sys.stderr):
        found, run = compare(config)
    if style == "json":
        where = {"link": tracking.run_link(run), "report": tracking.report_path(run)}
        said = {"headline": " ".join(headline(found)), "warnings": list(map(str, found.warnings))}
        print_json(run_id=run.run_id, comparison=config.run_name, **where, **said)


def apart(config: AnalysisConfig) -> AnalysisConfig:
    """Settings of one of several analyses: a name and a folder given for all become its own."""
    record = config.record
    own = f"{Path(config.model.model).name}-{Path(config.texts.dataset).name}"
    name = f"{record.run_name} {own}" if record.run_name else ""
    folder = str(Path(record.output_dir) / own) if record.output_dir else ""
    return replace(config, record=replace(record, run_name=name, output_dir=folder))


def who(config: AnalysisConfig) -> dict[str, str]:
    """The model and the texts that were asked for."""
    return {"model": config.model.model, "dataset": config.texts.dataset}


def tell_failure(error: ValueError, style: str, **facts: str) -> None:
    """What failed and why as a line of JSON on stdout, where that is asked for."""
    if style == "json":
        print_json(run_id=None, **facts, error=str(error))
