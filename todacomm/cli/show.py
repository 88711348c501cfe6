"""``todacomm show``: an analysis on the terminal."""

from typing import TYPE_CHECKING

import click

from todacomm.cli import EPILOG
from todacomm.cli.printing import print_heading, print_styled, print_table

if TYPE_CHECKING:
    from todacomm.result import Result

COLUMNS = (
    "n_distinct", "h0_total_norm", "h1_max_norm", "h0_total_persistence", "h1_total_persistence", "h1_count",
    "twonn_dimension", "mean_norm",
)  # fmt: skip
"""The metrics of the short table; ``h1_max_norm`` is followed by its adjusted p."""


@click.command(epilog=EPILOG)
@click.argument("analysis", metavar="RUN")
@click.option("--full", is_flag=True, help="every table of the report instead of the short one")
def show(analysis: str, full: bool) -> None:
    """Show the numbers and findings of an analysis.

    RUN is the id of its run, a beginning of it that no other has, the run's name, or `latest`.
    """
    from todacomm.console import exit_code

    raise SystemExit(exit_code(lambda: print_analysis(analysis, full)))


def print_analysis(text: str, full: bool = False) -> None:
    """Print what is worth knowing of the analysis that ``text`` means.

    Raises
    ------
    ValueError
        There is no such analysis, or it cannot be read.
    """
    from todacomm import tracking
    from todacomm.figures.depth import read_depth
    from todacomm.reports import findings, headline
    from todacomm.reports.blocks import headline_table, layer_tables
    from todacomm.reports.model import warnings

    found = tracking.load_analysis(tracking.find_analysis(text))
    result = found.outline()
    print_styled(f"{found.run_name}  {found.run_id}", "bold")
    for warning in warnings(result):
        print_styled(f"warning: {warning}", "yellow")
    print(f"\n{headline(result)}")

    print_heading("The whole run")
    print_table(["name", "value"], [[name, value] for name, value, _ in headline_table(result)])
    if full:
        for table in layer_tables(result, read_depth(result)):
            print_heading(table.title)
            print_table(table.header, table.rows)
    else:
        print_heading("By layer")
        print_table(*short_table(result))
    print_heading("Findings")
    for finding in findings(result):
        print(f"- {finding}")
    print(f"\nrun      {tracking.run_link(found)}")
    print(f"report   {tracking.report_path(found)}")


def short_table(result: "Result") -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table by layer, intervals as half-widths."""
    from todacomm.figures.depth import ROTATION, read_depth
    from todacomm.reports.formats import UNDEFINED, number, p_value, plus_minus

    depth = read_depth(result)
    columns = {"layer": list(depth.names)}
    for name in COLUMNS:
        curve = depth.curve(name)
        halves = (curve.hi - curve.lo) / 2 if name.endswith("_norm") and name != "mean_norm" else None
        columns[name] = [
            number(value) if halves is None else plus_minus(value, halves[row]) for row, value in enumerate(curve.value)
        ]
        if name == "h1_max_norm":
            columns["p_adjusted"] = [p_value(p) for p in depth.against(name, "p_adjusted", ROTATION)]
    kept = {name: cells for name, cells in columns.items() if set(cells) != {UNDEFINED}}
    return list(kept), [list(row) for row in zip(*kept.values(), strict=True)]
