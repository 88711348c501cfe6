"""``todacomm sweep``: every combination of models, revisions, weights and data sets."""

import click

from todacomm.cli import EXIT_CODES
from todacomm.cli.sweep_options import parse_sweep, sweep_options


@click.command(epilog=EXIT_CODES)
@sweep_options
def sweep(config: str | None, **options: str | None) -> None:
    """Analyse many models on many texts, none of them twice.

    The plan with its time, memory and downloads is printed first; a sweep that was stopped goes on where it was.

    \b
    todacomm sweep --models gpt2,pythia-70m --datasets wikitext2,squad --weights trained,random
    todacomm sweep --models @models.txt --runner processes --workers 2 --dry-run true
    """
    from todacomm.cli.list_configs import config_path

    settings = parse_sweep(config_path(config), **options)

    from todacomm.cli.console import exit_code, sweep_and_tell

    raise SystemExit(exit_code(lambda: sweep_and_tell(settings)))
