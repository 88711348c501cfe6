"""``todacomm convergence``: how many points are enough."""

import click

from todacomm.cli import EXIT_CODES
from todacomm.cli.convergence_options import convergence_options, parse_convergence
from todacomm.cli.list_configs import config_path
from todacomm.cli.run import SPELLINGS
from todacomm.cli.sections import SectionedCommand


@click.command(cls=SectionedCommand, epilog=EXIT_CODES)
@convergence_options(SPELLINGS)
def convergence(config: str | None, sizes: str, pcas: str, repeats: int, **options: str | None) -> None:
    """Measure how many points are enough for a model.

    Every metric against the number of points and of principal components, recorded in MLflow.
    """
    settings = parse_convergence(config_path(config), sizes, pcas, repeats, **options)

    from todacomm.cli.console import converge_and_tell, exit_code

    raise SystemExit(exit_code(lambda: converge_and_tell(settings)))
