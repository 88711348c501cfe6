"""``todacomm sweep``: every combination of models, revisions, weights and data sets."""

import click

from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.settings.sweep import SweepConfig


@click.command(cls=SectionedCommand)
@settings_options(SweepConfig)
def sweep(config: str | None, **options: str | None) -> None:
    """Analyse many models on many texts, none of them twice.

    The plan with its time, memory and downloads is printed first; a sweep that was stopped goes on where it was.

    \b
    todacomm sweep --models gpt2,pythia-70m --datasets wikitext2,squad --weights trained,random
    todacomm sweep --models @models.txt --runner processes --workers 2 --dry-run true
    """
    settings = parse(SweepConfig, config, options)

    from todacomm.cli.running import run_sweep

    run_sweep(settings)
