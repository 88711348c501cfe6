"""A plan in words: how many texts a gate takes."""

import math
from collections.abc import Mapping
from typing import Any

from todacomm.gates.result import GatePlan, metric_label
from todacomm.reports.blocks import Table
from todacomm.reports.formats import listing
from todacomm.reports.gate import NOTE_TEMPLATE
from todacomm.reports.gate_cells import size_words, texts_words
from todacomm.reports.render import render_markdown
from todacomm.results.table import records


def describe_plan(plan: GatePlan) -> str:
    """The run's description of a plan."""
    table = plan_table(plan)
    return render_markdown(NOTE_TEMPLATE, {"warnings": [], "headline": [plan_headline(plan)], "verdicts": table})


def plan_table(plan: GatePlan) -> Table:
    """Texts that a candidate without any difference takes, by metric and correlation."""
    rows = {(row["metric"], row["correlation"]): row for row in records(plan.table)}
    metrics, correlations = (list(dict.fromkeys(values)) for values in zip(*rows, strict=True))
    body = [[_planned(metric), *(_texts_shown(rows[metric, one]) for one in correlations)] for metric in metrics]
    caption = (
        "Texts at which a candidate without any difference is called the same in all layers, with 80 %; in brackets "
        f"the smallest difference that {plan.n_texts} texts show. The correlation is that of the candidate's errors "
        "with the base's: 0 for other texts or another model; light changes on the same texts have .9 and more in "
        "most layers and metrics."
    )
    return Table("", caption, ["Metric", *(f"correlation {one:g}" for one in correlations)], body)


def plan_headline(plan: GatePlan) -> str:
    """One sentence: how many texts it takes."""
    every = plan.table[plan.table["metric"] == "all"]
    parts = [
        f"{texts_words(texts)} at a correlation of {c:g}"
        for c, texts in zip(every["correlation"], every["texts"], strict=True)
    ]
    return (
        f"A candidate that does not differ from {plan.base.model.name} is called the same in shape with "
        f"{listing(parts)}; there are {plan.n_texts} texts."
    )


def _planned(metric: str) -> str:
    return "all at once" if metric == "all" else metric_label(metric)


def _texts_shown(row: Mapping[str, Any]) -> str:
    smallest = row["smallest_difference"]
    in_brackets = f" ({size_words(smallest, row['relative'])})" if math.isfinite(smallest) else ""
    return texts_words(row["texts"]) + in_brackets
