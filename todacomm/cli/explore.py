"""``todacomm explore``: the interactive page of an analysis or of a comparison."""

import webbrowser
from pathlib import Path

import click

from todacomm.cli import JobCommand


@click.command(cls=JobCommand)
@click.argument("name", metavar="RUN")
@click.option("-o", "--output", metavar="FILE", help="write the page to this file and open nothing")
@click.option("--browser/--no-browser", default=True, help="open it in the browser  [--browser]")
def explore(name: str, output: str | None, browser: bool) -> None:
    """Open the interactive page of an analysis or of a comparison.

    Of an analysis: cloud, diagram, barcode, spanning tree and texts of every layer, linked. Of a comparison: two models
    side by side on the same texts. A run that was recorded without a page gets one now, from the stored clouds.

    RUN is the id of its run, a beginning of it that no other has, the run's name, its model, or `latest`.
    """
    from todacomm import tracking
    from todacomm.explorer.of_analysis import page_of
    from todacomm.explorer.of_comparison import page_of_comparison

    run_id, path = tracking.find_recorded(name), Path(output) if output else None
    comparison = tracking.load_comparison(run_id)
    page = page_of_comparison(comparison, path) if comparison else page_of(tracking.load_analysis(run_id), path)
    click.echo(page)
    if browser and not output:
        webbrowser.open(page.absolute().as_uri())
