"""``todacomm compare``: analyses of the store beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.figures import DRAWS_COMPARISON
from todacomm.settings.comparison import ComparisonConfig
from todacomm.system.side_process import start_ahead


@click.command(cls=SectionedCommand)
@click.argument("runs", required=False, metavar="[RUN,RUN,...]")
@settings_options(ComparisonConfig)
@click.option("-o", "--output", metavar="FILE", help="also write the report to FILE.md or FILE.html")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON on stdout")
def compare(runs: str | None, config: str | None, output: str | None, as_json: bool, **options: str | None) -> None:
    """Compare analyses that are recorded.

    All of the store, those that the options choose, or the runs named: by id, a beginning of it, the run's name, or
    the name of a model, which means its newest analysis.

    \b
    todacomm compare gpt2,bert,pythia-70m
    todacomm compare --models "gpt2*,pythia-*" --dataset wikitext2
    todacomm compare "gpt2 wikitext2 500,bert wikitext2 500" -o report.md
    """
    settings = parse(ComparisonConfig, config, options)
    start_ahead(DRAWS_COMPARISON, unless="matplotlib")  # before the imports of the store, which take as long
    if runs is not None:
        try:
            settings = with_runs(settings, runs)
        except ValueError as error:
            raise click.UsageError(str(error)) from error

    from todacomm.cli.running import run_comparison

    run_comparison(settings, Path(output) if output else None, as_json)


def with_runs(config: ComparisonConfig, runs: str) -> ComparisonConfig:
    """Settings that choose the runs named, with commas between the names.

    Raises
    ------
    ValueError
        No run is named, none fits a name, or several do.
    """
    names = [name.strip() for name in runs.split(",") if name.strip()]
    if not names:
        raise ValueError(f"RUN is {runs!r}, an empty list: name at least one, or leave it out for all")
    return replace(config, run_ids=tuple(run_ids(names, config)))


def run_ids(names: Sequence[str], config: ComparisonConfig) -> Iterator[str]:
    """Ids of the analyses that names mean, from two looks into the store however many they are.

    A model's name, where no run has it, means its newest analysis with trained weights.

    Raises
    ------
    ValueError
        No run fits, or several do.
    """
    from todacomm.comparison.gathering import fitting
    from todacomm.tracking import find_analysis, fits_model, full_first, search_analyses

    every = search_analyses()
    wanted = replace(config, weights=config.weights or "trained")
    chosen = fitting(search_analyses(config.experiment or None), wanted)
    for name in names:
        rows = full_first(chosen[[fits_model(model, name) for model in chosen["model"]]])
        named = rows.empty or name in set(every["run_name"])
        yield find_analysis(name, every) if named else str(rows["run_id"].iloc[0])
