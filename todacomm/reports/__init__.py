"""An analysis in words: markdown, self-contained HTML, and the sentences that follow from the numbers."""

from todacomm.reports.findings import findings, headline
from todacomm.reports.model import describe_run, report_context, warnings, write_reports
from todacomm.reports.render import Markdown, inline_svg, render_html, render_markdown, templates_folder

__all__ = [
    "Markdown",
    "describe_run",
    "findings",
    "headline",
    "inline_svg",
    "render_html",
    "render_markdown",
    "report_context",
    "templates_folder",
    "warnings",
    "write_reports",
]
