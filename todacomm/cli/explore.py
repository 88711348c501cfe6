"""``todacomm explore``: the interactive page of an analysis."""

import webbrowser
from pathlib import Path

import click

from todacomm.cli import EXIT_CODES


@click.command(epilog=EXIT_CODES)
@click.argument("analysis", metavar="RUN")
@click.option("-o", "--output", metavar="FILE", help="write the page to this file and open nothing")
@click.option("--browser/--no-browser", default=True, help="open it in the browser  [--browser]")
def explore(analysis: str, output: str | None, browser: bool) -> None:
    """Open the interactive page of an analysis.

    Cloud, diagram, barcode, spanning tree and texts of every layer, linked. A run that was recorded without a page
    gets one now, from its stored clouds.

    RUN is the id of its run, a beginning of it that no other has, the run's name, its model, or `latest`.
    """
    from todacomm.cli.console import exit_code

    def job() -> None:
        from todacomm import tracking
        from todacomm.explorer.of_analysis import page_of

        page = page_of(tracking.load_analysis(tracking.find_analysis(analysis)), Path(output) if output else None)
        click.echo(page)
        if browser and not output:
            webbrowser.open(page.absolute().as_uri())

    raise SystemExit(exit_code(job))
