"""A page for every metric, written from the registry and from the docstring of the function that computes it."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS, Metric

ROOT = Path(__file__).resolve().parents[2]
DIAGRAMS = "todacomm.core.summaries.diagram_metrics"
HEALTH = "todacomm.core.clouds.health"
TEXTS = "todacomm.analysis.assembly.text_health"
LAYER = "todacomm.core.layer.analyze_layer"
RATIOS = "todacomm.core.summaries.expansion_ratios"
LIKELIHOOD = "todacomm.activations.likelihood.perplexity"
COMPUTED_BY: dict[str, str] = {
    **dict.fromkeys((name for name in LAYER_METRICS if name.startswith(("h0_", "h1_"))), DIAGRAMS),
    **dict.fromkeys(("h0_entropy", "h1_entropy"), "todacomm.core.summaries.persistence_entropy"),
    **dict.fromkeys(("n_points", "n_distinct", "duplicate_fraction"), HEALTH),
    **dict.fromkeys(("mean_norm", "mean_cosine", "top_dim_variance"), HEALTH),
    **dict.fromkeys(("top_token_fraction", "truncated_fraction"), TEXTS),
    **dict.fromkeys(("median_distance", "pca_explained_variance"), LAYER),
    "cover_radius": "todacomm.core.landmarks.farthest_points",
    "participation_ratio": "todacomm.core.geometry.participation_ratio",
    "effective_rank": "todacomm.core.geometry.effective_rank",
    "spectrum_alpha": "todacomm.core.geometry.spectrum_alpha",
    "twonn_dimension": "todacomm.core.geometry.twonn_dimension",
    **dict.fromkeys(("expansion_ratio", "expansion_ratio_block", "expansion_ratio_norm"), RATIOS),
    "expansion_ratio_published": "todacomm.core.metrics.whole_run.published_ratio",
    **dict.fromkeys(("perplexity", "bits_per_byte"), LIKELIHOOD),
    "pseudo_perplexity": "todacomm.activations.likelihood.pseudo_perplexity",
}
"""Metric -> the function that computes it, in whose docstring its definition stands."""

BULLET = r"^ *\* ((?:``\w+``(?:, )?)+): (.*(?:\n(?! *\*| *$).*)*)"
TWINS = {
    "h0_mean_lifetime": "h0_total_norm",
    "h0_max_lifetime": "h0_max_norm",
    "h1_total_persistence": "h1_total_norm",
    "h1_max_lifetime": "h1_max_norm",
    "expansion_ratio": "expansion_ratio_norm",
}
"""Raw number -> the one that stands beside it with scale divided out."""
GROUPS = {
    "Connected pieces (H0)": lambda name: name.startswith("h0_"),
    "Loops (H1)": lambda name: name.startswith("h1_"),
    "Dimension and spectrum": lambda name: name in LAYER_METRICS and LAYER_METRICS[name].group == "geometry",
    "Health and scale of the cloud": lambda name: name in LAYER_METRICS and LAYER_METRICS[name].group == "cloud",
    "Of a whole run": lambda name: name in RUN_METRICS,
}
"""Title of a part of the table -> whether a metric stands in it."""
RUN_LABELS = {
    "expansion_ratio_block": "Expansion ratio from the first block",
    "expansion_ratio_norm": "Expansion ratio, scale-free",
    "expansion_ratio_published": "Expansion ratio as published",
    "pseudo_perplexity": "Pseudo-perplexity",
}
READING = {
    "h0_total_norm": "Small: structure finer than the covariance knows, most often clusters. Near the rotation null's "
    "band: spread as evenly as a Gaussian of that covariance.",
    "h1_max_norm": "With an adjusted p of at most .05 a loop is longer than the covariance explains. Otherwise it is "
    "*not detected*, which is not *absent*.",
    "h1_total_norm": "Small: clusters or heavy tails, and not fewer loops.",
    "h1_count": "Gaussian noise in 50 dimensions has 75 bars among 75 points and 972 among 500: a count alone proves "
    "nothing.",
    "top_dim_variance": "Over a half, distances are mostly one coordinate's: analyse with `standardize=true` too.",
    "duplicate_fraction": "Over a half, ratios with this layer below are not taken; from a tenth on the report warns.",
    "expansion_ratio": "A model with random weights reaches a high ratio too: read `expansion_ratio_norm`.",
    "expansion_ratio_published": "Only to be held against the published package's own table.",
}
"""What a value means, where the registry's sentence leaves it open."""


@dataclass(frozen=True)
class Definition:
    """What a docstring says of one metric.

    Attributes
    ----------
    text : str
        Its definition, with the formula in backticks.
    notation : str
        What the symbols mean; empty where the definition says so itself.
    example : str
        Its doctest; empty without.
    sources : tuple of str
        arXiv ids and DOIs that the definition names, or else the whole docstring.
    """

    text: str
    notation: str
    example: str
    sources: tuple[str, ...]


def pages() -> dict[str, str]:
    """Markdown by path under ``docs``: the table of all metrics, and a page for each."""
    return {"metrics/index.md": index(), **{f"metrics/{name}.md": page(name) for name in COMPUTED_BY}}


def index() -> str:
    """Every metric in one table a group."""
    parts = ["# Metrics", INTRODUCTION]
    for title, belongs in GROUPS.items():
        rows = [f"| [{name}]({name}.md) | {meaning(name)} | {units(name)} |" for name in COMPUTED_BY if belongs(name)]
        parts += [f"## {title}", "\n".join(["| name | meaning | units |", "| --- | --- | --- |", *rows])]
    return "\n\n".join(parts) + "\n"


def page(name: str) -> str:
    """One metric: meaning, definition, how it behaves, a known value, where it stands in the record, sources."""
    found = definition(name)
    parts = [f"# {label(name)}", f"`{name}`", meaning(name)]
    if name in READING:
        parts.append(READING[name])
    parts += ["## Definition", found.text]
    if found.notation:
        parts.append(found.notation)
    parts.append(f"Computed by `{COMPUTED_BY[name]}`.")
    parts += ["## How it behaves", "\n".join(f"* {fact}" for fact in facts(name))]
    if found.example:
        parts += ["## A known value", f"```pycon\n{found.example}\n```"]
    parts += ["## In the record", record(name)]
    if found.sources:
        parts += ["## Sources", "\n".join(f"* [{shown}]({address(shown)})" for shown in found.sources)]
    return "\n\n".join(parts) + "\n"


def label(name: str) -> str:
    """Title of a page."""
    return (
        LAYER_METRICS[name].label
        if name in LAYER_METRICS
        else RUN_LABELS.get(name, name.replace("_", " ").capitalize())
    )


def meaning(name: str) -> str:
    """The glossary's sentence."""
    return LAYER_METRICS[name].meaning if name in LAYER_METRICS else RUN_METRICS[name]


def units(name: str) -> str:
    """Units, or nothing for a plain number."""
    return LAYER_METRICS[name].units.replace("-", "", LAYER_METRICS[name].units == "-") if name in LAYER_METRICS else ""


def facts(name: str) -> Iterator[str]:
    """What scale, points, intervals and nulls do with it."""
    if name not in LAYER_METRICS:
        yield "One number a run: no depth, and no null model."
        if name in ("expansion_ratio", "expansion_ratio_block", "expansion_ratio_norm"):
            yield "An interval by half-samples of the texts, where `replicates` is not 0."
        yield from _twin(name)
        return
    metric = LAYER_METRICS[name]
    if metric.scale_free:
        yield "Scale-free: multiplying all activations by a constant changes nothing."
    else:
        yield "Raw: multiplying all activations by a constant multiplies it by that constant."
    yield from _twin(name)
    if metric.grows:
        yield "It grows with the number of points: only runs with equally many compare."
    yield _interval(metric)
    if metric.null_tail:
        tail = {"upper": "in its upper tail", "two-sided": "in both tails"}[metric.null_tail]
        null = "[rotation null](../methodology.md#null-models)"
        yield f"The {null} judges it {tail}; its p is adjusted over the layers."
    else:
        yield "No p-value: no null model has been shown to be exact for it."


def _twin(name: str) -> Iterator[str]:
    if name in TWINS:
        yield f"With scale divided out: [`{TWINS[name]}`]({TWINS[name]}.md)."
    for raw, twin in TWINS.items():
        if twin == name:
            yield f"The raw number beside it: [`{raw}`]({raw}.md)."


def _interval(metric: Metric) -> str:
    if not metric.interval:
        return "No interval: it says nothing about shape that more texts would settle."
    how = ", rescaled to all texts" if metric.grows else ""
    return (
        f"95 % interval from half-samples of the texts{how} ([intervals](../methodology.md#intervals), "
        "[how well they keep their word](../calibration.md))."
    )


def record(name: str) -> str:
    """Key in MLflow, and how to read it back."""
    if name not in LAYER_METRICS:
        return (
            f'In MLflow the metric `summary/{name}` of the run; from Python:\n\n```python\nanalysis.run["{name}"]\n```'
        )
    key = f"{LAYER_METRICS[name].group}/{name}"
    return (
        f"In MLflow the metric `{key}`, with the layer's place as its step; from Python:\n\n"
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
        The function, its docstring or a formula in it is not there.
    """
    doc = docstring(COMPUTED_BY[name])
    bullet = next((text for names, text in bullets(doc) if name in names), "")
    plain = re.split(r"\n[A-Z]\w+\n-+\n|\n>>>|\n\* ", doc, maxsplit=1)[0].strip()
    text = markdown(bullet or plain)
    if "`" not in text:
        raise ValueError(f"the docstring of {COMPUTED_BY[name]} has no formula of {name}: expected one in backticks")
    example = "" if bullet and name not in doc.partition(">>>")[2] else _example(doc)
    shared = re.sub(BULLET, "", doc, flags=re.MULTILINE)
    sources = tuple(dict.fromkeys(_sources(bullet) + _sources(shared)))
    return Definition(text, _notation(doc) if bullet else "", example, sources)


@cache
def docstring(path: str) -> str:
    """Docstring of a function by its dotted name, read from the source: nothing heavy is imported.

    Raises
    ------
    ValueError
        There is none.
    """
    module, _, name = path.rpartition(".")
    file = ROOT / (module.replace(".", "/") + ".py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == name and (found := ast.get_docstring(node, clean=False)):
            return inspect.cleandoc(found)
    raise ValueError(f"{path} has no docstring: expected the definition of its metrics there")


def bullets(doc: str) -> list[tuple[list[str], str]]:
    """The entries ``* ``name``: text`` of a docstring: names and text.

    >>> bullets("dict\\n    * ``a``, ``b``: one\\n      and more.\\n    * ``c``: two.")
    [(['a', 'b'], 'one and more.'), (['c'], 'two.')]
    """
    found = re.findall(BULLET, doc, flags=re.MULTILINE)
    return [(re.findall(r"``(\w+)``", names), " ".join(text.split())) for names, text in found]


def markdown(text: str) -> str:
    """A docstring's paragraphs as markdown.

    >>> markdown("``a / b`` of\\n:func:`f`.")
    '`a / b` of `f`.'
    """
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", dedent(text).strip())
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text).replace("``", "`")


def _notation(doc: str) -> str:
    """What stands between a returned type and the list of its entries: what the symbols mean."""
    found = re.search(r"Returns\n-+\n.*\n((?:(?! *\*).*\n)+?)\s*\* ", doc)
    return markdown(found[1]) if found else ""


def _example(doc: str) -> str:
    lines = doc.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith(">>>")), len(lines))
    return "\n".join(lines[start:]).strip()


def _sources(text: str) -> list[str]:
    plain = re.sub(r"\s+", " ", text)
    found = re.findall(r"arXiv (\d{4}\.\d{4,5})|doi (10\.\d+/[^\s,;]+[^\s,;.:)])", plain)
    return [f"arXiv {arxiv}" if arxiv else f"doi {doi}" for arxiv, doi in found]


INTRODUCTION = """Every number of an analysis, with a page of its own. Those of a layer stand in MLflow with the layer's
place as step, in `tables/layers.csv`, and in `analysis.layers`; what is undefined is `nan`, with a warning that says
why.
Degree 2 (`maxdim=2`) has the same numbers as H1 under `h2_`. How they hang together is in [the
methodology](../methodology.md)."""
