"""The options of a convergence on a console: those of an analysis, and what is varied."""

from collections.abc import Callable, Mapping

import click

from todacomm.cli.options import Command, options_without, parse_options
from todacomm.settings.convergence import MEANINGLESS, PCAS, REPEATS, SIZES, ConvergenceConfig, parse_numbers


def convergence_options(spellings: Mapping[str, tuple[str, ...]] | None = None) -> Callable[[Command], Command]:
    """Give a click command the options of a convergence; see :func:`todacomm.cli.options.options_without`."""
    varied = (
        click.option(
            "--sizes", default=SIZES, show_default=True, metavar="N,N,...", help="numbers of points; the largest is all"
        ),
        click.option("--pcas", default=PCAS, show_default=True, metavar="N,N,...", help="components kept; 0: no PCA"),
        click.option("--repeats", type=int, default=REPEATS, show_default=True, help="random subsets of each size"),
    )

    def add(command: Command) -> Command:
        for option in reversed(varied):
            command = option(command)
        return options_without(*MEANINGLESS, spellings=spellings)(command)

    return add


def parse_convergence(
    config: str | None, sizes: str, pcas: str, repeats: int, **options: str | None
) -> ConvergenceConfig:
    """Settings from what a command was given.

    Raises
    ------
    click.UsageError
        A value that the settings refuse.
    """
    analysis = parse_options(config, **options)
    try:
        return ConvergenceConfig(analysis, parse_numbers("sizes", sizes), parse_numbers("pcas", pcas), repeats)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
