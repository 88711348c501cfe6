"""``todacomm compare``: analyses of the store beside each other."""

from pathlib import Path

import click

from todacomm.cli import EXIT_CODES
from todacomm.cli.comparison_options import comparison_options, parse_comparison


@click.command(epilog=EXIT_CODES)
@click.argument("runs", required=False, metavar="[RUN,RUN,...]")
@comparison_options
@click.option("-o", "--output", metavar="FILE", help="also write the report to FILE.md or FILE.html")
def compare(runs: str | None, output: str | None, **options: str | None) -> None:
    """Compare analyses that are recorded.

    All of the store, those that the options choose, or the runs named: by id, a beginning of it, the run's name, or
    the name of a model, which means its newest analysis.

    \b
    todacomm compare gpt2,bert,pythia-70m
    todacomm compare --models "gpt2*,pythia-*" --dataset wikitext2
    todacomm compare "gpt2 wikitext2 500,bert wikitext2 500" -o report.md
    """
    settings = parse_comparison(runs, **options)

    from todacomm.cli.console import compare_and_tell, exit_code

    raise SystemExit(exit_code(lambda: compare_and_tell(settings, Path(output) if output else None)))
