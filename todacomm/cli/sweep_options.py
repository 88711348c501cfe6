"""The options of a sweep on a console: those of an analysis, with lists in the place of single names."""

import os

import click

from todacomm.cli.options import Command, kebab, options_without, shown_default, spelled
from todacomm.settings.sweep import REPLACED, SWEEP_OPTIONS, SweepConfig, load_sweep


def sweep_options(command: Command) -> Command:
    """Give a click command one option for each setting; those not given arrive as None."""
    for name, field in reversed(SWEEP_OPTIONS.items()):
        shown = spelled(field.default)
        told = field.metadata["help"] + (f"  [{shown}]" if shown else "")
        choices = field.metadata.get("choices", ())
        metavar = "|".join(choices) or {bool: "true|false", str: "A,B,..."}.get(type(field.default), "N")
        command = click.option(f"--{kebab(name)}", name, metavar=metavar, help=told)(command)
    return options_without(*REPLACED)(command)


def parse_sweep(config: str | None, **options: str | None) -> SweepConfig:
    """Settings from what a command was given; under ``mlflow run`` what stands at its default counts as not given.

    Raises
    ------
    click.UsageError
        A value that the settings refuse: the command ends with exit code 2.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if "MLFLOW_RUN_ID" in os.environ:
        given = {name: value for name, value in given.items() if value != _default(name)}
    try:
        return load_sweep(config, given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _default(name: str) -> str:
    return spelled(SWEEP_OPTIONS[name].default) if name in SWEEP_OPTIONS else shown_default(name)
