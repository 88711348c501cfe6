"""The ``todacomm`` command: a table of its commands, each imported when it is asked for."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

COMMANDS = {
    "Analyse": ("run", "sweep", "compare", "gate", "convergence"),
    "Look": ("show", "explore", "export", "ui"),
    "Prepare": ("init", "list-configs", "list-models", "cache", "doctor"),
}
"""Section of the help -> its commands, each the function of its name in the module of its name."""
EXIT_CODES = {
    0: "done",
    1: "a failure, its reason on stderr",
    2: "wrong usage of an option",
    130: "ended by Ctrl-C",
    143: "ended by SIGTERM",
}
"""Of every command."""

COMPLETION = """\b
Shell completion
  bash  eval "$(_TODACOMM_COMPLETE=bash_source todacomm)"
  zsh   eval "$(_TODACOMM_COMPLETE=zsh_source todacomm)"
  fish  _TODACOMM_COMPLETE=fish_source todacomm | source

NO_COLOR is respected; without a terminal tables are lines of fields with tabs between them.
"""


def exit_codes(further: Mapping[int, str] | None = None) -> str:
    """The exit codes of a command, those of its own among them, as its help ends."""
    lines = (f"  {code:<3}  {meaning}" for code, meaning in sorted({**EXIT_CODES, **(further or {})}.items()))
    return "\n".join(["\b", "Exit codes", *lines, ""])


class JobCommand(click.Command):
    """A command whose function does a job: it ends with the code of :func:`todacomm.cli.console.exit_code`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"epilog": exit_codes(), **kwargs})

    def invoke(self, ctx: click.Context) -> Any:
        from todacomm.cli.console import exit_code
        from todacomm.system.garbage_collection import collect_rarely

        collect_rarely()
        call = super().invoke
        raise SystemExit(exit_code(lambda: call(ctx), log=not ctx.params.get("quiet")))


class LazyGroup(click.Group):
    """A group whose commands stand in :data:`COMMANDS`."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command, with streams where the process has none."""
        from todacomm.system.system_errors import open_missing_streams

        open_missing_streams()
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        return getattr(import_module(f"todacomm.cli.{name}"), name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in names:
            close = get_close_matches(args[0], names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"choose {', '.join(names)}"
            ctx.fail(f"unknown command {args[0]!r}: {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in COMMANDS.items():
            with formatter.section(title):
                commands = [(name, self.get_command(ctx, name)) for name in section]
                formatter.write_dl([(name, command.get_short_help_str(70)) for name, command in commands if command])


def show_version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:
    """Print the version and leave."""
    if asked:
        from todacomm.system.installed import own_version

        click.echo(f"todacomm {own_version()}")
        ctx.exit()


@click.group(
    cls=LazyGroup, epilog=f"{exit_codes()}\n{COMPLETION}", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Language models compared by the topology of their activations, recorded in MLflow.

    \b
    todacomm run                              the bundled model, offline
    todacomm run --model gpt2 --samples 500   one model
    todacomm show latest                      its numbers and what follows from them
    todacomm ui                               MLflow's interface on the store in use
    """
