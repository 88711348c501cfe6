"""Analyse one model on one set of texts: ``python -m entrypoints.analyze --help``."""

import click

from todacomm.cli.console import analyze_and_tell, exit_code
from todacomm.cli.options import analysis_options, parse_options


@click.command()
@analysis_options
def main(config: str | None, **options: str | None) -> None:
    """Analyse the topology of one model's activations on one set of texts, and record it in MLflow."""
    settings = parse_options(config, **options)

    raise SystemExit(exit_code(lambda: analyze_and_tell(settings)))


if __name__ == "__main__":
    main()
