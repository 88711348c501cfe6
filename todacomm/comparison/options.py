"""The options of a comparison on a console."""

from dataclasses import replace

import click

from todacomm.comparison.config import COMPARISON_OPTIONS, ComparisonConfig, words
from todacomm.options import Command, kebab, spelled


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
    """Settings from what a command was given; ``runs`` names them by id, a beginning of it, or name.

    Raises
    ------
    click.UsageError
        A value that the settings refuse, or a run that is not there.
    """
    try:
        config = ComparisonConfig.from_flat({name: value for name, value in options.items() if value is not None})
        if not runs:
            return config
        from todacomm.tracking import find_analysis

        return replace(config, run_ids=",".join(find_analysis(name) for name in words(runs)))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
