"""A page for every metric, written from its row in the registry and the docstring of the function in that row."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS, Metric, RunMetric, metric_key

METRICS: dict[str, Metric | RunMetric] = {**LAYER_METRICS, **RUN_METRICS}


@dataclass(frozen=True)
class Definition:
    """What the docstring of a metric's function says.

    Attributes
    ----------
    text : str
        The definition, with the formula in backticks.
    example : str
        The doctest; empty without.
    """

    text: str
    example: str


def sections() -> dict[str, list[str]]:
    """Names of the metrics by the title of the part of the table in which they stand."""
    names: dict[str, list[str]] = {}
    for name, metric in METRICS.items():
        names.setdefault(metric.section, []).append(name)
    return names


def pages() -> dict[str, str]:
    """Markdown by path under ``docs``: the table of all metrics, and a page for each."""
    return {"metrics/index.md": index(), **{f"metrics/{name}.md": page(name) for name in METRICS}}


def index() -> str:
    """Every metric in one table a section."""
    parts = ["# Metrics", INTRODUCTION]
    for title, names in sections().items():
        rows = [f"| [{name}]({name}.md) | {METRICS[name].meaning} | {units(name)} |" for name in names]
        parts += [f"## {title}", "\n".join(["| name | meaning | units |", "| --- | --- | --- |", *rows])]
    return "\n\n".join(parts) + "\n"


def page(name: str) -> str:
    """One metric: meaning, definition, how it behaves, a known value, where it stands in the record, sources."""
    metric, defined = METRICS[name], definition(name)
    parts = [f"# {metric.label}", f"`{name}`", metric.meaning]
    if metric.reading:
        parts.append(metric.reading)
    parts += ["## Definition", defined.text]
    if isinstance(metric, RunMetric) and metric.peak_of:
        parts.append(f"`T` is [`{metric.peak_of}`]({metric.peak_of}.md), the start is `{metric.start}`.")
    if isinstance(metric, Metric) and metric.degree is not None:
        parts.append(NOTATION)
    parts.append(f"Computed by `{metric.compute.__module__}.{metric.compute.__name__}`.")
    parts += ["## How it behaves", "\n".join(f"* {fact}" for fact in facts(name))]
    if defined.example:
        parts += ["## A known value", f"```pycon\n{defined.example}\n```"]
    parts += ["## In the record", record(name)]
    if metric.source:
        parts += ["## Sources", "\n".join(f"* [{source}]({address(source)})" for source in metric.source)]
    return "\n\n".join(parts) + "\n"


def units(name: str) -> str:
    """Units, or nothing for a plain number."""
    return METRICS[name].units if METRICS[name].units != "-" else ""


def facts(name: str) -> Iterator[str]:
    """What scale, points, intervals and nulls do with it."""
    metric = METRICS[name]
    if isinstance(metric, RunMetric):
        yield "One number a run: no depth, and no null model."
        if metric.peak_of:
            yield "An interval by half-samples of the texts, where `replicates` is not 0."
        yield from _twins(name)
        return
    if metric.scale_free:
        yield "Scale-free: multiplying all activations by a constant changes nothing."
    else:
        yield "Raw: multiplying all activations by a constant multiplies it by that constant."
    yield from _twins(name)
    if metric.grows:
        yield "It grows with the number of points: only runs with equally many compare."
    yield _interval(metric)
    if metric.null_tail:
        tail = {"upper": "in its upper tail", "two-sided": "in both tails"}[metric.null_tail]
        null = "[rotation null](../methodology.md#null-models)"
        yield f"The {null} judges it {tail}; its p is adjusted over the layers."
        if metric.below:
            yield f"Below the null: {metric.below}. Above: {metric.above}."
    else:
        yield "No p-value: no null model has been shown to be exact for it."
    if metric.interval and not metric.relative:
        yield "The margin of a [gate](../how-to/gate.md) is absolute: a share of a number near 0 is none."
    if metric.margin:
        share = f"{100 * metric.margin:.0f} % of the base's value"
        yield f"A [gate](../how-to/gate.md) has a margin of its own for it: {share}."


def _twins(name: str) -> Iterator[str]:
    if METRICS[name].twin:
        yield f"With scale divided out: [`{METRICS[name].twin}`]({METRICS[name].twin}.md)."
    for raw, metric in METRICS.items():
        if metric.twin == name:
            yield f"The raw number beside it: [`{raw}`]({raw}.md)."


def _interval(metric: Metric) -> str:
    if metric.of == "halves":
        return "No interval from half-samples: it is itself a mean over them."
    if not metric.interval:
        return "No interval from half-samples of the texts."
    wide = ", wider than necessary" if metric.conservative else ""
    how = ", rescaled to all texts" if metric.grows else ""
    return (
        f"95 % interval from half-samples of the texts{how}{wide} ([intervals](../methodology.md#intervals), "
        "[their measured coverage](../calibration.md))."
    )


def record(name: str) -> str:
    """Key in MLflow, and how to read it back."""
    if name not in LAYER_METRICS:
        return (
            f'In MLflow the metric `summary/{name}` of the run; from Python:\n\n```python\nanalysis.run["{name}"]\n```'
        )
    return (
        f"In MLflow the metric `{metric_key(name)}`, with the layer's place as its step; from Python:\n\n"
        f"```python\n"
        f"analysis.layers.query(\"metric == '{name}'\")\n```"
    )


def address(source: str) -> str:
    """Link of an arXiv id or a DOI.

    >>> address("arXiv 2201.00058"), address("doi 10.1007/s00454-002-2885-2")
    ('https://arxiv.org/abs/2201.00058', 'https://doi.org/10.1007/s00454-002-2885-2')
    """
    kind, _, name = source.partition(" ")
    return f"https://arxiv.org/abs/{name}" if kind == "arXiv" else f"https://doi.org/{name}"


def definition(name: str) -> Definition:
    """What the docstring of the function that computes a metric says of it.

    Raises
    ------
    ValueError
        The function has no docstring, or no formula in it.
    """
    return defined_by(METRICS[name].compute.__doc__ or "", name)


def defined_by(docstring: str, name: str) -> Definition:
    """A docstring's first paragraphs, up to its first section, and its doctest.

    Raises
    ------
    ValueError
        It holds no formula in backticks.

    >>> defined_by("``a / b`` of two numbers.\\n\\n>>> 1 / 2\\n0.5", "ratio")
    Definition(text='`a / b` of two numbers.', example='>>> 1 / 2\\n0.5')
    """
    text, _, example = inspect.cleandoc(docstring).partition(">>> ")
    text = markdown(re.split(r"\n[A-Z]\w+\n-+\n", text, maxsplit=1)[0])
    if "`" not in text:
        raise ValueError(f"the docstring of the function of {name} has no formula: expected one in backticks")
    return Definition(text, f">>> {example}".strip() if example else "")


def markdown(text: str) -> str:
    """A docstring's paragraphs as markdown.

    >>> markdown("``a / b`` of\\n:func:`f`.")
    '`a / b` of `f`.'
    """
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", dedent(text).strip())
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text).replace("``", "`")


NOTATION = (
    "With the lifetimes `l = death - birth` of the finite bars, `n'` distinct points and their median distance `m'`."
)
INTRODUCTION = """Every number of an analysis, with a page of its own. Those of a layer stand in MLflow with the layer's
place as step, in `tables/layers.csv`, and in `analysis.layers`; what is undefined is `nan`, with a warning that says
why.
Degree 2 (`maxdim=2`) has the same numbers as H1 under `h2_`. How they hang together is in [the
methodology](../methodology.md)."""
