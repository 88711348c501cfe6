"""An analysis in words: markdown, self-contained HTML, and the sentences that follow from the numbers."""

from todacomm.reports.model import describe_run, headline, interpretation, report_context, warnings, write_reports
from todacomm.reports.page import inline_svg, render_html
from todacomm.reports.render import Markdown, render_markdown
