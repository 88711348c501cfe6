"""The options of an analysis on a console, made from the settings' own names, defaults and help."""

import os
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from todacomm.settings.analysis import AUTO, OPTIONS, AnalysisConfig, load_config, option_type

Command = TypeVar("Command", bound=Callable[..., Any])


def analysis_options(command: Command) -> Command:
    """Give a click command one option for each setting; those not given arrive as None."""
    return options_without()(command)


def options_without(
    *names: str, spellings: Mapping[str, tuple[str, ...]] | None = None, notes: Mapping[str, str] | None = None
) -> Callable[[Command], Command]:
    """:func:`analysis_options` without those that mean nothing to a command.

    Parameters
    ----------
    spellings : mapping
        Other ways to type an option, such as ``-m`` for ``model``; ``config`` is one of them.
    notes : mapping
        What a command's help adds to that of an option.
    """
    others, added = spellings or {}, notes or {}

    def add(command: Command) -> Command:
        for name in reversed([name for name in OPTIONS if name not in names]):
            ways = (*others.get(name, ()), f"--{kebab(name)}")
            told = "; ".join(filter(None, (_help(name), added.get(name))))
            command = click.option(*ways, name, metavar=_metavar(name), help=told)(command)
        ways = (*others.get("config", ()), "--config")
        return click.option(*ways, "config", metavar="FILE", help="YAML file of options; those given here win")(command)

    return add


def parse_options(config: str | None, **options: str | None) -> AnalysisConfig:
    """Settings from what a command was given.

    Under ``mlflow run`` every option arrives, also those that nobody gave: beside a protocol, one that stands at its
    default counts as not given.

    Raises
    ------
    click.UsageError
        A value that the settings refuse: the command ends with exit code 2.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if "MLFLOW_RUN_ID" in os.environ:
        given = {name: value for name, value in given.items() if value != shown_default(name)}
    try:
        return load_config(config, given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def kebab(name: str) -> str:
    """An option's name as it is typed.

    >>> kebab("max_length")
    'max-length'
    """
    return name.replace("_", "-")


def shown_default(name: str) -> str:
    """An option's default as the console and the MLproject spell it.

    >>> shown_default("max_length"), shown_default("keep_clouds"), shown_default("pca")
    ('auto', 'true', '50')
    """
    return spelled(OPTIONS[name].default)


def spelled(default: Any) -> str:
    """A default as it is typed.

    >>> spelled(True), spelled(None), spelled(1.0)
    ('true', 'auto', '1')
    """
    if default is None:
        return AUTO
    if isinstance(default, float):
        return f"{default:g}"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _metavar(name: str) -> str:
    choices: tuple[str, ...] = OPTIONS[name].metadata.get("choices", ())
    if choices:
        return "|".join(choices)
    kind = option_type(name)
    if isinstance(kind, types.UnionType):
        return f"N|{AUTO}"
    return {bool: "true|false", int: "N"}.get(kind, "TEXT")


def _help(name: str) -> str:
    shown = shown_default(name)
    return OPTIONS[name].metadata["help"] + (f"  [{shown}]" if shown else "")
