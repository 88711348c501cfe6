"""The findings of an analysis as sentences: a template for each kind, and nowhere else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.loops.verdict import PROMINENT, REPRODUCED
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.nulls import NULLS
from todacomm.core.streams import ATTENTION, FFN, RESIDUAL, groups, kind_of
from todacomm.reports.formats import (
    count,
    detectable,
    fold,
    layers,
    listing,
    number,
    p_equals,
    p_value,
    plus_minus,
    share,
    signed,
)
from todacomm.results.findings import Finding

PARTS = {ATTENTION: "attention", FFN: "MLP"}
"""What a reader calls the parts of a block."""
COVARIATES = {
    "n_tokens": "the length in tokens", "last_token": "the last token", "position": "the place in the document",
    "document": "the document", "nll": "the negative log-likelihood",
}  # fmt: skip
"""What a reader calls the columns of the table of texts."""
SIDES = {
    ("h0_total_norm", "below"): "the points have structure finer than their covariance",
    ("h0_total_norm", "above"): "the points are spread more evenly than their covariance explains",
    ("h1_total_norm", "below"): "a sign of clusters or heavy tails, not of fewer loops",
    ("h1_total_norm", "above"): "H1 bars are longer in sum than the covariance explains, which singles out no one loop",
}
"""What a difference from the rotation null means."""
REASONS = {
    "landmarks": "not available among landmarks",
    "distances": "not available of distances alone",
    "replicates=0": "replicates=0",
    "nulls=0": "nulls=0",
    "no_half_sample": "no half-sample gave one",
    "no_rotation": "no layer could be rotated",
}


@dataclass(frozen=True)
class Place:
    """What a sentence needs beside the finding: all layers of the run, so that neighbours are joined."""

    names: tuple[str, ...]

    def layers(self, chosen: Iterable[str]) -> str:
        """Layers by name, neighbours of one stream joined: ``layer_0 to layer_3 and final``."""
        wanted = set(chosen)
        parts = [layers(own, np.isin(own, list(wanted))) for own in groups(self.names).values()]
        return ", ".join(filter(None, parts))


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


def label(metric: str) -> str:
    """What a sentence calls a metric."""
    return LAYER_METRICS[metric].short if metric in LAYER_METRICS else metric


def name_of(covariate: str) -> str:
    """What a sentence calls a column of the table of texts.

    >>> name_of("nll"), name_of("stars")
    ('the negative log-likelihood', 'stars')
    """
    return COVARIATES.get(covariate, covariate)


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

Words = Mapping[str, str]
Template = Callable[[Mapping[str, Any], Words, Place], str]
"""A sentence that takes more than filling in: from the values, the values in words, and the layers of the run."""


def _loops(values: Mapping[str, Any], words: Words, at: Place) -> str:
    best = f"best in {words['layer']}: " if values["bars"] > 1 else ""
    return (
        f"A loop is detected in {words['layers']}: {words['bars']} longer than the covariance explains, reproduced on "
        f"halves of the texts ({best}{words['reproduction']} of its life is left there) and of their groups, and the "
        "longest there."
    )


def _loops_in_short(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where there is a loop, and what the place on the best reproduced one goes with."""
    text = f"A loop is detected in {words['layers']}"
    if values["goes_with"] is None:
        return f"{text}."
    it = "it" if values["bars"] == 1 else f"the best reproduced one, in {words['layer']},"
    if not values["goes_with"]:
        return f"{text}: the place on {it} goes with nothing that is known of the texts."
    covariate, strength = values["goes_with"]
    return f"{text}: the place on {it} goes with {name_of(covariate)} (R {number(strength, 2)})."


def _few_texts(values: Mapping[str, Any], words: Words, at: Place) -> str:
    texts, groups, longest = (words[name] for name in ("reproduction", "in_groups", "prominence"))
    needed = f"a loop keeps {share(REPRODUCED)} on both and is the longest on {share(PROMINENT)}"
    if values["bars"] == 1:
        text = (
            f"it is no loop: {texts} of its life is left on halves of the texts, {groups} on halves of their groups, "
            f"and it is the longest bar on {longest} of the halves; {needed}."
        )
        it, rests, comes, them = "It", "rests", "comes", "it"
    else:
        text = (
            f"they are no loops: at most {texts} of their life is left on halves of the texts, at most {groups} on "
            f"halves of their groups, and none is the longest bar on more than {longest} of the halves; {needed}."
        )
        it, rests, comes, them = "They", "rest", "come", "them"
    if not values["come_back"]:
        why = f"{it} {rests} on few texts or few clusters of them, and other texts need not show {them}."
    else:
        some = it if values["come_back"] == values["bars"] else f"{values['come_back']:,} of them"
        why = (
            f"{some} {comes} back on other texts, but not as the longest bar, and so does the widest gap of a surface "
            "that few points sample."
        )
    bars = "one H1 bar" if values["bars"] == 1 else count(values["bars"], "H1 bar")
    return f"The covariance does not explain the length of {bars} in {words['layers']}, but {text} {why}"


def _long_bars(values: Mapping[str, Any], words: Words, at: Place) -> str:
    text = (
        f"The longest H1 bar is longer than the covariance explains in {words['layers']} ({words['strongest']}, in "
        "units of the median distance)."
    )
    if not words["not_detected"]:
        return text
    return f"{text} No such bar is detected in {words['not_detected']} ({words['smallest_difference']})."


def _no_long_bars(values: Mapping[str, Any], words: Words, at: Place) -> str:
    if words["n_layers"] == "1 layer":
        text = f"In {words['layers']} the longest H1 bar is not longer than the covariance explains"
    else:
        text = f"In none of {words['n_layers']} is the longest H1 bar longer than the covariance explains"
    return (
        f"{text} ({words['closest']}; {words['smallest_difference']}). A loop weaker than the noise at this number of "
        "points would not be detected."
    )


def _too_few_draws(values: Mapping[str, Any], words: Words, at: Place) -> str:
    draws, least = values["draws"], round(1 / LEVEL) - 1
    return (
        f"Too few draws of the rotation null to decide about {words['metrics']}: with {count(draws, 'draw')} no p is "
        f"below {p_value(1 / (draws + 1))}; at least {least} draws are needed."
    )


def _null_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    meaning = SIDES.get((values["metric"], values["side"]), "the covariance does not explain it")
    return (
        f"{words['metric']} is {words['side']} the rotation null in {words['layers']}: {meaning} "
        f"({words['strongest']})."
    )


def _no_null_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    place = "any layer" if values["everywhere"] else words["layers"]
    smallest = words["smallest_difference"]
    return f"No difference of {words['metric']} from the rotation null is detected in {place} ({smallest})."


def _growth(values: Mapping[str, Any], words: Words, at: Place) -> str:
    return (
        f"The H0 mean lifetime grows {words['raw']} from the embedding to its peak{_past(words)}; with scale divided "
        f"out, {words['scale_free']}."
    )


def _growth_from_first_block(values: Mapping[str, Any], words: Words, at: Place) -> str:
    if values["raw"] == 1:
        return f"The H0 mean lifetime is largest at the first block{_past(words)}."
    return f"The H0 mean lifetime grows {words['raw']} from the first block to its peak{_past(words)}, scale included."


def _scale_spans(values: Mapping[str, Any], words: Words, at: Place) -> str:
    return (
        f"Over the layers{_past(words)} the H0 mean lifetime varies {words['h0_mean_lifetime']} (largest against "
        f"smallest), the mean norm {words['mean_norm']}, and the H0 mean lifetime in units of the median distance "
        f"{words['h0_total_norm']}."
    )


def _past(words: Words) -> str:
    """The layers past which an extreme was taken."""
    return f" (without {words['without']})" if words["without"] else ""


def _published_ratio(values: Mapping[str, Any], words: Words, at: Place) -> str:
    reasons = [
        "the first keeps the scale of the cloud",
        "its embedding has no positions",
        "it counts the bar that never dies",
    ]
    if values["norm_growth"] > 1:
        reasons[0] += f" (the mean norm grows {fold(values['norm_growth'])} up to {values['norm_peak']})"
    if np.isfinite(values["top_token"]):
        reasons[1] += f", so that the {share(values['top_token'])} of texts that end in the commonest token coincide"
    if values["duplicates"] > 0:
        reasons[1] += f" (with positions {share(values['duplicates'])} of its rows are duplicates)"
    if np.isfinite(values["scale_free"]):
        ratios = f"is {number(values['published'])} and expansion_ratio_norm {number(values['scale_free'])}"
    else:
        ratios = f"is {number(values['published'])} although expansion_ratio_norm is not defined"
    return f"expansion_ratio_published {ratios}: {'; '.join(reasons)}."


def _dimension_range(values: Mapping[str, Any], words: Words, at: Place) -> str:
    ends = [
        f"{end} in {values[end]['layer']} ({plus_minus(values[end]['value'], values[end]['half_width'])})"
        for end in ("highest", "lowest")
    ]
    verdict = {
        None: "without intervals it is not known whether they differ",
        True: "their intervals do not overlap",
        False: f"their intervals overlap, so that no difference is shown ({words['smallest_difference']})",
    }[values["differ"]]
    missing = f" It is not defined in {words['without']}." if words["without"] else ""
    return f"The intrinsic dimension (TwoNN) is {listing(ends)}; {verdict}.{missing}"


def _control(values: Mapping[str, Any], words: Words, at: Place) -> str:
    draws = values["draws"]
    text = f"A difference from {words['control']} shows {NULLS[values['control']].shows}"
    drawn = count(draws, "draw") if draws is not None else "an unknown number of draws"
    if values["adjusted"]:
        return f"{text} ({drawn}; claimed at an adjusted p of at most {LEVEL:g})."
    return (
        f"{text} ({drawn}, conditional on the seed; claimed beyond 1.96 standard errors of the paired difference, "
        f"which by chance happens in about {number(values['by_chance'], 2)} of {count(values['layers'], 'layer')})."
    )


def _control_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    parts = []
    for side in ("lower", "higher"):
        if side in values:
            differing = values[side]
            largest = f"most in {differing['layer']}: " if len(differing["layers"]) > 1 else ""
            difference = signed(differing["difference"], differing["half_width"])
            parts.append(f"{side} in {at.layers(differing['layers'])} ({largest}{difference})")
    return f"{words['metric']} against {words['control']}: {listing(parts)}."


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
        "loops": _loops,
        "no_loops": (
            "No loop is detected in {layers}: no H1 bar is longer than the covariance explains, reproduced on halves "
            "of the texts and of their groups, and the longest there."
        ),
        "few_texts": _few_texts,
        "long_bars": _long_bars,
        "no_long_bars": _no_long_bars,
        "necessary_only": (
            "A bar longer than the covariance explains is necessary for a loop and not sufficient: a curved sheet has"
            " one without a loop. Whether other texts show the loop too was not examined."
        ),
        "too_few_draws": _too_few_draws,
        "many_long_bars": (
            "H1 has more bars over 3 % of the diameter than the covariance explains in {layers} ({strongest})."
        ),
        "no_more_long_bars": (
            "No more H1 bars over 3 % of the diameter than the covariance explains are detected in {layers} "
            "({closest}; {smallest_difference})."
        ),
        "null_difference": _null_difference,
        "no_null_difference": _no_null_difference,
    },
    "Scale": {
        "growth": _growth,
        "growth_from_first_block": _growth_from_first_block,
        "scale_spans": _scale_spans,
        "published_ratio": _published_ratio,
    },
    "Dimension": {
        "dimension_range": _dimension_range,
        "dimension_constant": "The intrinsic dimension (TwoNN) is {value} in every layer.",
    },
    "Controls": {
        "random_weights": "The weights are random: the numbers show the architecture and the texts, not training.",
        "control": _control,
        "control_difference": _control_difference,
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
    "loops": _loops_in_short,
    "no_loops": "No loop is detected in any layer.",
    "null_difference": "{metric} is {side} the rotation null in {layers}.",
    "no_null": "No number is compared with chance.",
    "too_few_draws": "There are too few draws of the rotation null to decide anything.",
    "nothing_readable": "No layer can be interpreted.",
}
"""Short forms for a headline, where the interpretation repeats the fact with its evidence."""
