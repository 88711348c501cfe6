"""How many points are enough for one model and one set of texts: ``python -m entrypoints.convergence --help``."""

import click

from todacomm.console import converge_and_tell, exit_code
from todacomm.convergence.config import MEANINGLESS, PCAS, REPEATS, SIZES, ConvergenceConfig, parse_numbers
from todacomm.options import options_without, parse_options


@click.command()
@options_without(*MEANINGLESS)
@click.option(
    "--sizes", default=SIZES, show_default=True, metavar="N,N,...", help="numbers of points; the largest is all"
)
@click.option("--pcas", default=PCAS, show_default=True, metavar="N,N,...", help="principal components; 0: no PCA")
@click.option("--repeats", type=int, default=REPEATS, show_default=True, help="random subsets of each size")
def main(config: str | None, sizes: str, pcas: str, repeats: int, **options: str | None) -> None:
    """Measure how metrics settle as points and principal components are added, and record it in MLflow."""
    analysis = parse_options(config, **options)
    try:
        settings = ConvergenceConfig(analysis, parse_numbers("sizes", sizes), parse_numbers("pcas", pcas), repeats)
    except ValueError as error:
        raise click.UsageError(str(error)) from error

    raise SystemExit(exit_code(lambda: converge_and_tell(settings)))


if __name__ == "__main__":
    main()
