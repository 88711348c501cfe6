"""``todacomm show``: an analysis on the terminal."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from todacomm.cli import JobCommand
from todacomm.cli.printing import print_heading, print_styled, print_table
from todacomm.system.printable import say

if TYPE_CHECKING:
    from todacomm.results.depth import Depth
    from todacomm.results.result import Result
    from todacomm.settings.analysis import AnalysisConfig

TITLES = {
    "n_distinct": "distinct",
    "h0_total_norm": "H0 / median",
    "h1_max_norm": "H1 / median",
    "p_adjusted": "p",
    "h0_total_persistence": "H0 sum",
    "h1_total_persistence": "H1 sum",
    "h1_count": "H1 bars",
}
"""Columns of the short table, which fits into 80 characters, and what a terminal calls them; p is that of H1."""


@click.command(cls=JobCommand)
@click.argument("analysis", metavar="RUN")
@click.option("--full", is_flag=True, help="every table of the report instead of the short one")
@click.option(
    "--loops", is_flag=True, help="the longest H1 bars with their verdicts, and the texts on those that stand out"
)
def show(analysis: str, full: bool, loops: bool) -> None:
    """Show the numbers and findings of an analysis.

    RUN is the id of its run, a beginning of it that no other has, the run's name, its model, or `latest`.
    """
    if loops:
        print_loops(analysis)
    else:
        print_analysis(analysis, full)


def print_analysis(text: str, full: bool = False) -> None:
    """Print headline, tables and findings of the analysis that ``text`` names.

    Raises
    ------
    ValueError
        There is no such analysis, or it cannot be read.
    """
    from todacomm import tracking
    from todacomm.reports import headline, interpretation, warnings
    from todacomm.reports.blocks import layer_tables, run_table

    analysis = tracking.load_analysis(tracking.find_analysis(text))
    result = analysis.outline()
    print_styled(f"{analysis.run_name}  {analysis.run_id}", "bold")
    for warning in warnings(result):
        print_styled(f"warning: {warning}", "yellow")
    print_styled(f"\n{headline(result)}")

    print_heading("The whole run")
    print_table(["name", "value"], [[name, value] for name, value, _ in run_table(result)])
    if full:
        for table in layer_tables(result):
            print_heading(table.title)
            print_table(table.header, table.rows)
    else:
        print_heading("By layer")
        print_table(*short_table(result), titles=TITLES)
    for topic, lines in interpretation(result).items():
        print_heading(topic)
        for line in lines:
            print_styled(f"- {line}")
    say(f"\nrun      {tracking.run_link(analysis)}")
    say(f"report   {tracking.report_path(analysis)}")


def print_loops(text: str) -> None:
    """Print the longest H1 bars of the analysis that ``text`` names, and the texts on those that stand out.

    Raises
    ------
    ValueError
        There is no such analysis, it cannot be read, or it has no loops on record.
    """
    from todacomm import tracking
    from todacomm.reports.loops import gap_sentences, loop_blocks, loop_table, not_shown

    analysis = tracking.load_analysis(tracking.find_analysis(text))
    result = replace(analysis.outline(), loop_points=analysis.loop_points, texts=analysis.texts)
    table = loop_table(result)
    if table is None:
        raise ValueError(f"{analysis.run_name} {why_no_loops(analysis.config)}")
    print_styled(f"{analysis.run_name}  {analysis.run_id}", "bold")
    print_table(table.header, table.rows)
    for block in loop_blocks(result):
        print_heading(block.title)
        if block.sentence:
            print_styled(block.sentence)
        for place, (identifier, ending) in enumerate(block.texts, start=1):
            print_styled(f"{place:>3}. {ending or identifier}")
    if more := not_shown(result):
        print_styled(f"\n{more}")
    if sentences := gap_sentences(result):
        print_heading("Gaps")
        for sentence in sentences:
            print_styled(f"- {sentence}")


def why_no_loops(config: "AnalysisConfig") -> str:
    """Why an analysis has no table of loops."""
    if config.topology.distances:
        return "is of distances alone, which have no rotation null: none of its bars is tested"
    if config.inference.loops and config.topology.maxdim and config.rotations:
        return "has no H1 bar in any layer"
    return "has no loops on record: analyse again with loops=5, maxdim=1, nulls=39 and no landmarks"


def short_table(result: "Result") -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table by layer, those of each stream after the residual stream's.

    Intervals are half-widths; columns without a number are left out.
    """
    from todacomm.reports.formats import UNDEFINED

    lines = [_cells(depth) for depth in result.depth.all()]
    columns = {name: [cell for cells in lines for cell in cells[name]] for name in lines[0]}
    defined = {name: cells for name, cells in columns.items() if set(cells) != {UNDEFINED}}
    return list(defined), [list(row) for row in zip(*defined.values(), strict=True)]


def _cells(depth: "Depth") -> dict[str, list[str]]:
    """The columns of the short table for the layers of one stream."""
    from todacomm.reports.formats import number, p_value, plus_minus

    columns = {"layer": list(depth.names)}
    for name in TITLES:
        curve = depth.curve(name)
        if name == "p_adjusted":
            pairs = zip(*(depth.against("h1_max_norm", column) for column in (name, "draws")), strict=True)
            columns[name] = [p_value(*pair) for pair in pairs]
        elif name.endswith("_norm"):
            columns[name] = [plus_minus(*cell) for cell in zip(curve.value, curve.half_width, strict=True)]
        else:
            columns[name] = [number(value) for value in curve.value]
    return columns
