"""Compare analyses that are in the tracking store: ``python -m entrypoints.compare --help``."""

import click

from todacomm.comparison.config import ComparisonConfig
from todacomm.console import compare_and_tell, exit_code
from todacomm.options import comparison_options


@click.command()
@comparison_options
def main(**options: str | None) -> None:
    """Compare analyses of the tracking store with each other, and record the comparison there."""
    try:
        settings = ComparisonConfig.from_flat({name: value for name, value in options.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error

    raise SystemExit(exit_code(lambda: compare_and_tell(settings)))


if __name__ == "__main__":
    main()
