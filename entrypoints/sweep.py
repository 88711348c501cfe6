"""Many analyses, none done twice: ``python -m entrypoints.sweep --help``."""

import click

from todacomm.cli.console import exit_code, sweep_and_tell
from todacomm.cli.sweep_options import parse_sweep, sweep_options


@click.command()
@sweep_options
def main(config: str | None, **options: str | None) -> None:
    """Analyse every combination of models, revisions, weights and data sets, and compare them."""
    settings = parse_sweep(config, **options)

    raise SystemExit(exit_code(lambda: sweep_and_tell(settings)))


if __name__ == "__main__":
    main()
