"""``todacomm export``: an analysis as the files that the published package wrote."""

from pathlib import Path

import click

from todacomm.cli import JobCommand


@click.command(cls=JobCommand)
@click.argument("analysis", metavar="RUN")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def export(analysis: str, folder: Path) -> None:
    """Write an analysis as the files of todacomm 0.1.0.

    Scripts that were written for those files go on working. Names and keys are those of 0.1.0, numbers those of this
    version: what is unknown is null, `accuracy` always.

    RUN is the id of its run, a beginning of it that no other has, the run's name, its model, or `latest`; DIR is new or
    empty.
    """
    from todacomm import tracking
    from todacomm.jobs.export import write_published

    write_published(tracking.load_analysis(tracking.find_analysis(analysis)), folder)
    print(folder)
