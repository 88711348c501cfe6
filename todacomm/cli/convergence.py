"""``todacomm convergence``: how many points are enough."""

import click

from todacomm.cli import EXIT_CODES
from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.cli.run import SPELLINGS
from todacomm.settings.convergence import ConvergenceConfig


@click.command(cls=SectionedCommand, epilog=EXIT_CODES)
@settings_options(ConvergenceConfig, spellings=SPELLINGS)
def convergence(config: str | None, **options: str | None) -> None:
    """Measure how many points are enough for a model.

    Every metric against the number of points and of principal components, recorded in MLflow.
    """
    settings = parse(ConvergenceConfig, config, options)

    from todacomm.cli.console import exit_code
    from todacomm.cli.running import run_convergence

    raise SystemExit(exit_code(lambda: run_convergence(settings)))
