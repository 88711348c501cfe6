"""``todacomm doctor``: is everything there that an analysis needs?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from todacomm.cli import JobCommand
from todacomm.cli.printing import print_styled
from todacomm.system.printable import say

if TYPE_CHECKING:
    from todacomm.system.checkup import Finding

STYLES = {"ok": "green", "note": "yellow", "problem": "bold red"}


@click.command(cls=JobCommand)
@click.option("--fix", is_flag=True, help="end runs, and remove temporary folders, of processes that are gone")
def doctor(fix: bool) -> None:
    """Check the installation and the store.

    Python, packages, shipped files, accelerators, what `mlflow run` needs, hub, cache, tracking store: each with what
    was seen and what to do. A note costs speed or an option; a problem stops an analysis, and makes the exit code 1.
    """
    from todacomm.system.checkup import PROBLEM, check_machine
    from todacomm.system.scratch import remove_left

    if fix:
        remove_left()
    problems = 0
    for findings in (check_machine(), look_at_store(fix)):
        for finding in findings:
            print_styled(f"{finding.level:<8} {finding.subject:<10} {finding.fact}", STYLES[finding.level])
            if finding.advice:
                say(f"{'':<19} -> {finding.advice}")
            problems += finding.level == PROBLEM
    raise SystemExit(1 if problems else 0)


def look_at_store(fix: bool = False) -> "Iterator[Finding]":
    """The findings about the tracking store, or that MLflow cannot be used at all."""
    from todacomm.system.checkup import PROBLEM, Finding

    try:
        from todacomm.tracking import check_store
    except ImportError as error:
        yield Finding("store", PROBLEM, f"MLflow cannot be imported ({error})", "pip install --force-reinstall mlflow")
        return
    yield from check_store(fix)
