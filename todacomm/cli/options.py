"""Options of a command, made from the settings of any job: names, defaults, help, sections."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, get_args, get_origin

import click

from todacomm.cli import JobCommand
from todacomm.cli.list_configs import config_path
from todacomm.settings.base import Option, Settings
from todacomm.settings.values import AUTO

Command = TypeVar("Command", bound=Callable[..., Any])
Job = TypeVar("Job", bound=Settings)


class SettingsOption(click.Option):
    """An option of a command that is one of a job's settings; its help is written when it is asked for."""

    def __init__(self, *args: Any, setting: Option, note: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setting, self.note, self.section = setting, note, setting.section

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        default = f"  [{self.setting.default_text}]" if self.setting.default_text else ""
        self.help = "; ".join(filter(None, (self.setting.help + default, self.note)))
        self.metavar = metavar(self.setting)
        return super().get_help_record(ctx)


class SectionedCommand(JobCommand):
    """A command whose help has sections: what is no setting first, then the settings by what they are about."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                sections.setdefault(getattr(parameter, "section", "Options"), []).append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class EntryPoint(SectionedCommand):
    """The command of an entry point of MLproject, with the settings that it reads and the job that takes them."""

    settings: type[Settings]
    job: Callable[[Any], Any]

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _refusal_in_run():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _refusal_in_run():
            return super().invoke(ctx)


@contextmanager
def _refusal_in_run() -> Iterator[None]:
    """What is wrong with an option stands in the run of ``mlflow run`` too."""
    from todacomm.cli.console import say_in_run

    try:
        yield
    except click.UsageError as error:
        say_in_run(error.format_message())
        raise


def settings_options(
    settings: type[Settings],
    spellings: Mapping[str, tuple[str, ...]] | None = None,
    notes: Mapping[str, str] | None = None,
) -> Callable[[Command], Command]:
    """Give a click command one option for each setting, and ``--config``; those not given arrive as None.

    Parameters
    ----------
    spellings : mapping
        Other ways to type an option, such as ``-m`` for ``model``; ``config`` is one of them.
    notes : mapping
        What this command's help adds to that of an option.
    """
    others, added = spellings or {}, notes or {}

    def add(command: Command) -> Command:
        for one in reversed(settings.options().values()):
            if one.offered:
                ways = (*others.get(one.name, ()), f"--{kebab(one.name)}")
                extra: dict[str, Any] = {"setting": one, "note": added.get(one.name, "")}
                command = click.option(*ways, one.name, cls=SettingsOption, **extra)(command)
        ways = (*others.get("config", ()), "--config")
        return click.option(*ways, "config", metavar="FILE", help="YAML file of options; those given here win")(command)

    return add


def parse(settings: type[Job], config: str | None, given: Mapping[str, Any]) -> Job:
    """Settings from what a command was given; None is what was not.

    Parameters
    ----------
    config : str or None
        Path of a file of options, or its name where it is in configs/ or shipped.

    Raises
    ------
    click.UsageError
        A value that the settings refuse: the command ends with exit code 2.
    """
    try:
        return settings.load(config_path(config), {name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def entry_point(settings: type[Job], job: Callable[[Job], Any], help: str) -> EntryPoint:
    """The command of an entry point: ``mlflow run`` fills in every option, and an empty one counts as not given."""

    def run(config: str | None, **options: str | None) -> Any:
        return command.job(parse(settings, config or None, {name: value or None for name, value in options.items()}))

    command = click.command("main", cls=EntryPoint, help=help, epilog=None)(settings_options(settings)(run))
    command.settings, command.job = settings, job
    return command


def kebab(name: str) -> str:
    """An option's name as it is typed.

    >>> kebab("max_length")
    'max-length'
    """
    return name.replace("_", "-")


def metavar(one: Option) -> str:
    """What an option's help calls its value."""
    if get_origin(one.kind) is tuple:
        return "N,N,..." if get_args(one.kind)[0] is int else "A,B,..."
    if one.choices:
        return "|".join(one.choices)
    if one.default is None:
        return f"N|{AUTO}"
    return {bool: "true|false", int: "N", float: "N"}.get(one.kind, "TEXT")
