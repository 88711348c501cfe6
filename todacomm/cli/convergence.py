"""``todacomm convergence``: how many points are enough."""

import click

from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.cli.run import SPELLINGS
from todacomm.settings.convergence import ConvergenceConfig


@click.command(cls=SectionedCommand)
@settings_options(ConvergenceConfig, spellings=SPELLINGS)
def convergence(config: str | None, **options: str | None) -> None:
    """Measure how many points are enough for a model.

    Every metric against the number of points and of principal components, recorded in MLflow.
    """
    settings = parse(ConvergenceConfig, config, options)

    from todacomm.cli.running import run_convergence

    run_convergence(settings)
