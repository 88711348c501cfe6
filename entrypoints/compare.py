"""Compare analyses that are in the tracking store: ``python -m entrypoints.compare --help``."""

import click

from todacomm.cli.comparison_options import comparison_options, parse_comparison
from todacomm.cli.console import compare_and_tell, exit_code


@click.command()
@comparison_options
def main(**options: str | None) -> None:
    """Compare analyses of the tracking store with each other, and record the comparison there."""
    settings = parse_comparison(**options)

    raise SystemExit(exit_code(lambda: compare_and_tell(settings)))


if __name__ == "__main__":
    main()
