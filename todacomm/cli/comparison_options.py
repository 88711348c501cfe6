"""The options of a comparison on a console."""

from dataclasses import replace

import click

from todacomm.cli.options import Command, kebab, spelled
from todacomm.settings.comparison import COMPARISON_OPTIONS, ComparisonConfig, words


def comparison_options(command: Command) -> Command:
    """Give a click command one option for each setting; those not given arrive as None."""
    for name, field in reversed(COMPARISON_OPTIONS.items()):
        shown = spelled(field.default)
        told = field.metadata["help"] + (f"  [{shown}]" if shown else "")
        choices = [choice for choice in field.metadata.get("choices", ()) if choice]
        metavar = "|".join(choices) or {bool: "true|false", int: "N"}.get(type(field.default), "TEXT")
        command = click.option(f"--{kebab(name)}", name, metavar=metavar, help=told)(command)
    return command


def parse_comparison(runs: str | None = None, **options: str | None) -> ComparisonConfig:
    """Settings from what a command was given; ``runs`` names them by id, a beginning of it, name, or model.

    Raises
    ------
    click.UsageError
        A value that the settings refuse, or a run that is not there.
    """
    try:
        config = ComparisonConfig.from_flat({name: value for name, value in options.items() if value is not None})
        if not runs:
            return config
        return replace(config, run_ids=",".join(find_run(name, config) for name in words(runs)))
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def find_run(name: str, config: ComparisonConfig) -> str:
    """Id of the analysis that a name means; a model's name, where no run has it, means its newest with trained weights.

    Raises
    ------
    ValueError
        Nothing fits, or several do.
    """
    from todacomm.tracking import find_analysis, search_analyses

    found = search_analyses(
        config.experiment or None,
        model=name,
        dataset=config.dataset or None,
        revision=config.revision or None,
        weights=config.weights or "trained",
    )
    if found.empty or name in set(search_analyses()["run_name"]):
        return find_analysis(name)
    return str(found["run_id"].iloc[0])
