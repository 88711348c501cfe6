"""The findings of an analysis as sentences: a template for each kind, and nowhere else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from todacomm.core.nulls import NULLS
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.reports import sentences
from todacomm.reports.formats import (
    detectable,
    fold,
    listing,
    number,
    p_equals,
    plus_minus,
    share,
)
from todacomm.reports.sentences import PARTS, Place, Template, label
from todacomm.results.findings import Finding
from todacomm.system.units import count

REASONS = {
    "landmarks": "not available among landmarks",
    "distances": "not available of distances alone",
    "replicates=0": "replicates=0",
    "nulls=0": "nulls=0",
    "no_half_sample": "no half-sample gave one",
    "no_rotation": "no layer could be rotated",
}


def sentence(finding: Finding, names: Sequence[str]) -> str:
    """A finding in words.

    Parameters
    ----------
    names : sequence of str
        All layers of the run in the order of depth.
    """
    return _in_stream(finding, _filled(WORDS[finding.kind][1], finding, Place(tuple(names))))


def headline_sentence(finding: Finding, names: Sequence[str]) -> str:
    """A finding as a headline has it: shorter where it has a short form."""
    if finding.kind not in SHORT:
        return sentence(finding, names)
    text = _filled(SHORT[finding.kind], finding, Place(tuple(names)))
    return text if finding.kind in ("too_few_draws", "null_difference") else _in_stream(finding, text)


def by_topic(made: Iterable[Finding], names: Sequence[str]) -> dict[str, list[str]]:
    """The sentences of an interpretation under their headings, each once."""
    topics: dict[str, list[str]] = {topic: [] for topic in TEMPLATES}
    for finding in made:
        topics[WORDS[finding.kind][0]].append(sentence(finding, names))
    return {topic: list(dict.fromkeys(sentences)) for topic, sentences in topics.items() if sentences}


def _in_stream(finding: Finding, text: str) -> str:
    """A sentence that says so where it speaks of what a part of the blocks adds."""
    stream = kind_of(finding.layers[0]) if finding.layers else RESIDUAL
    return text if stream == RESIDUAL else f"In what the {PARTS[stream]} adds, {text[0].lower()}{text[1:]}"


def _filled(template: "str | Template", finding: Finding, at: Place) -> str:
    """A template with the layers and the values of a finding in its places."""
    words = {name: _WRITTEN[name](value) for name, value in finding.values.items() if name in _WRITTEN}
    words |= {name: at.layers(value) for name, value in finding.values.items() if name in ("not_detected", "without")}
    for name, how in (("strongest", "most clearly in"), ("closest", "closest in")):
        if name in finding.values:
            words[name] = _evidence(finding.values[name], how if len(finding.layers) > 1 else "")
    words |= {"layers": at.layers(finding.layers), "n_layers": count(len(finding.layers), "layer")}
    return template.format(**words) if isinstance(template, str) else template(finding.values, words, at)


def _range(ends: tuple[float, float], write: Callable[[float], str] = number) -> str:
    low, high = ends
    return write(low) if low == high else f"{write(low)} to {write(high)}"


def _evidence(evidence: Mapping[str, Any], how: str) -> str:
    """A layer's value beside the null's mean, with its p; behind the layer's name where ``how`` is given."""
    half_width = evidence["half_width"]
    value = plus_minus(evidence["value"], np.nan if half_width is None else half_width)
    p = p_equals(evidence["p"], evidence["draws"])
    tested = f"adjusted {p}" if evidence["adjusted"] else f"{p}, not adjusted for the other layers"
    where = f"{how} {evidence['layer']}: " if how else ""
    return f"{where}{value} against {number(evidence['null'])} in rotated clouds, {tested}"


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "distinct": _range,
    "points": _range,
    "share": partial(_range, write=share),
    "limit": share,
    "worst": share,
    "bars": lambda n: "one H1 bar is" if n == 1 else f"{count(n, 'H1 bar')} are",
    "reproduction": share,
    "in_groups": share,
    "prominence": share,
    "layer": str,
    "side": str,
    "metric": label,
    "metrics": lambda metrics: listing([label(metric) for metric in metrics]),
    "control": lambda null: NULLS[null].label,
    "null": lambda null: NULLS[null].label,
    "reason": lambda reason: REASONS[reason],
    "raw": fold,
    "scale_free": fold,
    "h0_mean_lifetime": fold,
    "mean_norm": fold,
    "h0_total_norm": fold,
    "value": number,
    "smallest_difference": detectable,
}
"""Value of a finding -> how a sentence writes it."""

TEMPLATES: dict[str, dict[str, str | Template]] = {
    "Layers that can be interpreted": {
        "embedding_by_construction": (
            "The embedding is not defined by construction: with CLS pooling every text enters the first block as the "
            "same vector."
        ),
        "not_measured": "No claim is made about {layers}: nothing could be measured there.",
        "degenerate": (
            "No claim is made about {layers}: only {distinct} of {points} points are distinct, so that the numbers "
            "describe repeated tokens, not shape."
        ),
        "doubtful": (
            "Interpret {layers} with care: fewer than {limit} of the points are distinct (lowest share {worst})."
        ),
        "nothing_readable": "No layer has a cloud that can be interpreted: see the warnings.",
        "rogue_coordinate": (
            "In {layers} a single coordinate carries {share} of the variance and so decides most distances; "
            "standardize=true gives all coordinates the same variance."
        ),
    },
    "Shape": {
        "loops": sentences.loops,
        "no_loops": (
            "No loop is detected in {layers}: no H1 bar is longer than the covariance explains, reproduced on halves "
            "of the texts and of their groups, and the longest there."
        ),
        "few_texts": sentences.few_texts,
        "long_bars": sentences.long_bars,
        "no_long_bars": sentences.no_long_bars,
        "necessary_only": (
            "A bar longer than the covariance explains is necessary for a loop and not sufficient: a curved sheet has"
            " one without a loop. Whether other texts show the loop too was not examined."
        ),
        "too_few_draws": sentences.too_few_draws,
        "many_long_bars": (
            "H1 has more bars over 3 % of the diameter than the covariance explains in {layers} ({strongest})."
        ),
        "no_more_long_bars": (
            "No more H1 bars over 3 % of the diameter than the covariance explains are detected in {layers} "
            "({closest}; {smallest_difference})."
        ),
        "null_difference": sentences.null_difference,
        "no_null_difference": sentences.no_null_difference,
    },
    "Scale": {
        "growth": sentences.growth,
        "growth_from_first_block": sentences.growth_from_first_block,
        "scale_spans": sentences.scale_spans,
        "published_ratio": sentences.published_ratio,
    },
    "Dimension": {
        "dimension_range": sentences.dimension_range,
        "dimension_constant": "The intrinsic dimension (TwoNN) is {value} in every layer.",
    },
    "Controls": {
        "random_weights": "The weights are random: the numbers show the architecture and the texts, not training.",
        "control": sentences.control,
        "control_difference": sentences.control_difference,
        "no_control_difference": (
            "{metric} against {control}: no difference is detected in any of {n_layers} ({smallest_difference})."
        ),
        "control_without_error": (
            "{metrics} against {control}: shown in the tables, but without an error of the difference, so that "
            "nothing is claimed."
        ),
    },
    "Limits": {
        "no_intervals": "No number has an interval ({reason}): a difference between layers may be sampling noise.",
        "intervals_missing": "No interval was obtained for {metrics}.",
        "counts_without_interval": "{metrics} have no interval.",
        "conservative_intervals": "The intervals of {metrics} are wider than necessary.",
        "run_without_interval": "Of the numbers of the whole run, {metrics} have no interval.",
        "no_null": (
            "No number has a rotation null ({reason}): nothing here is distinguished from chance, and no loop is "
            "claimed."
        ),
        "tested_metrics": "Only {metrics} are tested against the rotation null; all other numbers are descriptive.",
        "descriptive_null": "The null '{null}' is descriptive and has no p-value.",
    },
}
"""Part of the interpretation, in their order -> kind of a finding -> its sentence."""
WORDS = {kind: (topic, text) for topic, its in TEMPLATES.items() for kind, text in its.items()}
"""Kind of a finding -> its part and its sentence."""
SHORT: dict[str, str | Template] = {
    "long_bars": "The longest H1 bar is longer than the covariance explains in {layers}.",
    "no_long_bars": "No layer has an H1 bar longer than the covariance explains.",
    "loops": sentences.loops_in_short,
    "no_loops": "No loop is detected in any layer.",
    "null_difference": "{metric} is {side} the rotation null in {layers}.",
    "no_null": "No number is compared with chance.",
    "too_few_draws": "There are too few draws of the rotation null to decide anything.",
    "nothing_readable": "No layer can be interpreted.",
}
"""Short forms for a headline, where the interpretation repeats the fact with its evidence."""
