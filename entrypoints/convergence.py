"""How many points are enough for one model and one set of texts: ``python -m entrypoints.convergence --help``."""

import click

from todacomm.cli.console import converge_and_tell, exit_code
from todacomm.cli.convergence_options import convergence_options, parse_convergence


@click.command()
@convergence_options()
def main(config: str | None, sizes: str, pcas: str, repeats: int, **options: str | None) -> None:
    """Measure how metrics settle as points and principal components are added, and record it in MLflow."""
    settings = parse_convergence(config, sizes, pcas, repeats, **options)

    raise SystemExit(exit_code(lambda: converge_and_tell(settings)))


if __name__ == "__main__":
    main()
