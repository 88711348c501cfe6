"""The findings of an analysis as sentences: one function for each kind, and nowhere else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.nulls import NULLS
from todacomm.core.streams import ATTENTION, FFN, RESIDUAL, groups, kind_of
from todacomm.reports.formats import count, fold, layers, listing, number, p_equals, p_value, plus_minus, share, signed
from todacomm.results.findings import Finding
from todacomm.results.findings.judgement import LEVEL

PARTS = {ATTENTION: "attention", FFN: "MLP"}
"""What a reader calls the parts of a block."""
SOUNDNESS, SHAPE, SCALE, DIMENSION, CONTROLS, LIMITS = (
    "Layers that can be interpreted", "Shape", "Scale", "Dimension", "Controls", "Limits",
)  # fmt: skip
"""The parts of an interpretation, in their order."""
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


Words = Callable[[Mapping[str, Any], Sequence[str], Place], str]


def sentence(finding: Finding, names: Sequence[str]) -> str:
    """A finding in words.

    Parameters
    ----------
    names : sequence of str
        All layers of the run in the order of depth.
    """
    text = WORDS[finding.kind][1](finding.values, finding.layers, Place(tuple(names)))
    stream = kind_of(finding.layers[0]) if finding.layers else RESIDUAL
    return text if stream == RESIDUAL else f"In what the {PARTS[stream]} adds, {text[0].lower()}{text[1:]}"


def headline_sentence(finding: Finding, names: Sequence[str]) -> str:
    """A finding as a headline has it: shorter where it has a short form."""
    short = SHORT.get(finding.kind)
    return short(finding, Place(tuple(names))) if short else sentence(finding, names)


def by_topic(made: Iterable[Finding], names: Sequence[str]) -> dict[str, list[str]]:
    """The sentences of an interpretation under their headings, each once."""
    topics: dict[str, list[str]] = {topic: [] for topic in (SOUNDNESS, SHAPE, SCALE, DIMENSION, CONTROLS, LIMITS)}
    for finding in made:
        topics[WORDS[finding.kind][0]].append(sentence(finding, names))
    return {topic: list(dict.fromkeys(sentences)) for topic, sentences in topics.items() if sentences}


def label(metric: str) -> str:
    """What a sentence calls a metric."""
    return LAYER_METRICS[metric].short if metric in LAYER_METRICS else metric


def _labels(metrics: Iterable[str]) -> str:
    return listing([label(metric) for metric in metrics])


def _range(ends: tuple[float, float], write: Callable[[float], str] = number) -> str:
    low, high = ends
    return write(low) if low == high else f"{write(low)} to {write(high)}"


def _evidence(evidence: Mapping[str, Any]) -> str:
    """A layer's value beside the null's mean, with its p."""
    half_width = evidence["half_width"]
    value = plus_minus(evidence["value"], np.nan if half_width is None else half_width)
    p = p_equals(evidence["p"], evidence["draws"])
    tested = f"adjusted {p}" if evidence["adjusted"] else f"{p}, not adjusted for the other layers"
    return f"{value} against {number(evidence['null'])} in rotated clouds, {tested}"


def _strongest(where: Sequence[str], evidence: Mapping[str, Any], how: str = "most clearly in") -> str:
    """The evidence, with the layer's name where there are several."""
    return (f"{how} {evidence['layer']}: " if len(where) > 1 else "") + _evidence(evidence)


def _embedding_by_construction(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        "The embedding is not defined by construction: with CLS pooling every text enters the first block as the same "
        "vector."
    )


def _not_measured(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"No claim is made about {at.layers(where)}: nothing could be measured there."


def _degenerate(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"No claim is made about {at.layers(where)}: only {_range(values['distinct'])} of {_range(values['points'])} "
        "points are distinct, so that the numbers describe repeated tokens, not shape."
    )


def _doubtful(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"Interpret {at.layers(where)} with care: fewer than {share(values['limit'])} of the points are distinct "
        f"(lowest share {share(values['worst'])})."
    )


def _nothing_readable(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return "No layer has a cloud that can be interpreted: see the warnings."


def _rogue_coordinate(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"In {at.layers(where)} a single coordinate carries {_range(values['share'], share)} of the variance and so "
        "decides most distances; standardize=true gives all coordinates the same variance."
    )


def _loops(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    bars = f"{count(values['bars'], 'H1 bar')} {'is' if values['bars'] == 1 else 'are'}"
    return (
        f"A loop is detected in {at.layers(where)}: {bars} longer than the covariance explains, reproduced on halves "
        f"of the texts (best in {values['layer']}: {share(values['reproduction'])} of its life is left there) and of "
        "their groups, and the longest there."
    )


def _no_loops(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"No loop is detected in {at.layers(where)}: no H1 bar is longer than the covariance explains, "
        "reproduced on halves of the texts and of their groups, and the longest there."
    )


def _few_texts(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    one = values["bars"] == 1
    return (
        f"In {at.layers(where)} {count(values['bars'], 'H1 bar')} {'is' if one else 'are'} longer than the covariance "
        f"explains but {'rests' if one else 'rest'} on few texts (on halves of the texts at most "
        f"{share(values['reproduction'])} of the life is left, or other bars are longer, or few clusters make it): not "
        "a loop that other texts would show."
    )


def _long_bars(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    rest = values["not_detected"]
    text = (
        f"The longest H1 bar is longer than the covariance explains in {at.layers(where)} "
        f"({_strongest(where, values['strongest'])}, in units of the median distance)."
    )
    return text + (f" Not detected in {at.layers(rest)}." if rest else "")


def _necessary_only(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        "A bar longer than the covariance explains is necessary for a loop and not sufficient: a curved sheet has one "
        "without a loop. Whether other texts show the loop too was not examined."
    )


def _no_long_bars(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    closest = values["closest"]
    if len(where) == 1:
        text = f"In {where[0]} the longest H1 bar is not longer than the covariance explains ({_evidence(closest)})"
    else:
        text = (
            f"In none of {count(len(where), 'layer')} is the longest H1 bar longer than the covariance explains "
            f"(closest in {closest['layer']}: {_evidence(closest)})"
        )
    return f"{text}. A loop weaker than the noise at this number of points would not be detected."


def _too_few_draws(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    draws, least = values["draws"], round(1 / LEVEL) - 1
    return (
        f"Too few draws of the rotation null to decide about {_labels(values['metrics'])}: with {count(draws, 'draw')} "
        f"no p is below {p_value(1 / (draws + 1))}; at least {least} draws are needed."
    )


def _many_long_bars(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"H1 has more bars over 3 % of the diameter than the covariance explains in {at.layers(where)} "
        f"({_strongest(where, values['strongest'])})."
    )


def _no_more_long_bars(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"H1 has no more bars over 3 % of the diameter than the covariance explains in {at.layers(where)} "
        f"({_strongest(where, values['closest'], 'closest in')})."
    )


def _null_difference(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    meaning = SIDES.get((values["metric"], values["side"]), "the covariance does not explain it")
    return (
        f"{label(values['metric'])} is {values['side']} the rotation null in {at.layers(where)}: {meaning} "
        f"({_strongest(where, values['strongest'])})."
    )


def _no_null_difference(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    place = "any layer" if values["everywhere"] else at.layers(where)
    return f"No difference of {label(values['metric'])} from the rotation null is detected in {place}."


def _growth(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"The H0 mean lifetime grows {fold(values['raw'])} from the embedding to its peak; with scale divided out, "
        f"{fold(values['scale_free'])}."
    )


def _growth_from_first_block(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    if values["raw"] == 1:
        return "The H0 mean lifetime is largest at the first block."
    return f"The H0 mean lifetime grows {fold(values['raw'])} from the first block to its peak, scale included."


def _scale_spans(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        "Between the lowest and the highest layer the H0 mean lifetime differs "
        f"{fold(values['h0_mean_lifetime'])}, the mean norm {fold(values['mean_norm'])}, and the H0 mean lifetime in "
        f"units of the median distance {fold(values['h0_total_norm'])}."
    )


def _published_ratio(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    reasons = ["it keeps the scale of the cloud", "its embedding has no positions", "it counts the bar that never dies"]
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


def _dimension_range(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    ends = [
        f"{end} in {values[end]['layer']} ({plus_minus(values[end]['value'], values[end]['half_width'])})"
        for end in ("highest", "lowest")
    ]
    verdict = {
        None: "without intervals it is not known whether they differ",
        True: "their intervals do not overlap",
        False: "their intervals overlap, so that no difference is shown",
    }[values["differ"]]
    missing = f" It is not defined in {at.layers(values['without'])}." if values["without"] else ""
    return f"The intrinsic dimension (TwoNN) is {listing(ends)}; {verdict}.{missing}"


def _dimension_constant(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"The intrinsic dimension (TwoNN) is {number(values['value'])} in every layer."


def _random_weights(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return "The weights are random: the numbers show the architecture and the texts, not training."


def _control(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    null, draws = NULLS[values["control"]], values["draws"]
    text = f"A difference from {null.label} shows {null.shows}"
    drawn = count(draws, "draw") if draws is not None else "an unknown number of draws"
    if values["adjusted"]:
        return f"{text} ({drawn}; claimed at an adjusted p of at most {LEVEL:g})."
    return (
        f"{text} ({drawn}, conditional on the seed; claimed beyond 1.96 standard errors of the paired difference, "
        f"which by chance happens in about {number(values['by_chance'], 2)} of {count(values['layers'], 'layer')})."
    )


def _control_difference(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    parts = []
    for side in ("lower", "higher"):
        if side in values:
            differing = values[side]
            largest = f"most in {differing['layer']}: " if len(differing["layers"]) > 1 else ""
            difference = signed(differing["difference"], differing["half_width"])
            parts.append(f"{side} in {at.layers(differing['layers'])} ({largest}{difference})")
    return f"{label(values['metric'])} against {NULLS[values['control']].label}: {listing(parts)}."


def _no_control_difference(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"{label(values['metric'])} against {NULLS[values['control']].label}: no difference is detected in any of "
        f"{count(len(where), 'layer')}."
    )


def _control_without_error(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return (
        f"{_labels(values['metrics'])} against {NULLS[values['control']].label}: shown in the tables, but without an "
        "error of the difference, so that nothing is claimed."
    )


def _no_intervals(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    reason = REASONS[values["reason"]]
    return f"No number has an interval ({reason}): a difference between layers may be sampling noise."


def _intervals_missing(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"No interval was obtained for {_labels(values['metrics'])}."


def _counts_without_interval(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"{_labels(values['metrics'])} have no interval."


def _conservative_intervals(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"The intervals of {_labels(values['metrics'])} are wider than necessary."


def _run_without_interval(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"Of the numbers of the whole run, {listing(values['metrics'])} have no interval."


def _no_null(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"No number has a rotation null ({REASONS[values['reason']]}): nothing here is distinguished from chance."


def _tested_metrics(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"Only {_labels(values['metrics'])} are tested against the rotation null; all other numbers are descriptive."


def _descriptive_null(values: Mapping[str, Any], where: Sequence[str], at: Place) -> str:
    return f"The null '{NULLS[values['null']].label}' is descriptive and has no p-value."


WORDS: dict[str, tuple[str, Words]] = {
    "embedding_by_construction": (SOUNDNESS, _embedding_by_construction),
    "not_measured": (SOUNDNESS, _not_measured),
    "degenerate": (SOUNDNESS, _degenerate),
    "doubtful": (SOUNDNESS, _doubtful),
    "nothing_readable": (SOUNDNESS, _nothing_readable),
    "rogue_coordinate": (SOUNDNESS, _rogue_coordinate),
    "loops": (SHAPE, _loops),
    "no_loops": (SHAPE, _no_loops),
    "few_texts": (SHAPE, _few_texts),
    "long_bars": (SHAPE, _long_bars),
    "no_long_bars": (SHAPE, _no_long_bars),
    "necessary_only": (SHAPE, _necessary_only),
    "too_few_draws": (SHAPE, _too_few_draws),
    "many_long_bars": (SHAPE, _many_long_bars),
    "no_more_long_bars": (SHAPE, _no_more_long_bars),
    "null_difference": (SHAPE, _null_difference),
    "no_null_difference": (SHAPE, _no_null_difference),
    "growth": (SCALE, _growth),
    "growth_from_first_block": (SCALE, _growth_from_first_block),
    "scale_spans": (SCALE, _scale_spans),
    "published_ratio": (SCALE, _published_ratio),
    "dimension_range": (DIMENSION, _dimension_range),
    "dimension_constant": (DIMENSION, _dimension_constant),
    "random_weights": (CONTROLS, _random_weights),
    "control": (CONTROLS, _control),
    "control_difference": (CONTROLS, _control_difference),
    "no_control_difference": (CONTROLS, _no_control_difference),
    "control_without_error": (CONTROLS, _control_without_error),
    "no_intervals": (LIMITS, _no_intervals),
    "intervals_missing": (LIMITS, _intervals_missing),
    "counts_without_interval": (LIMITS, _counts_without_interval),
    "conservative_intervals": (LIMITS, _conservative_intervals),
    "run_without_interval": (LIMITS, _run_without_interval),
    "no_null": (LIMITS, _no_null),
    "tested_metrics": (LIMITS, _tested_metrics),
    "descriptive_null": (LIMITS, _descriptive_null),
}
"""Kind of a finding -> the part of the interpretation it belongs to, and its words."""


def _in_stream(finding: Finding) -> str:
    """Where a short sentence speaks of a part of the blocks, its beginning."""
    stream = kind_of(finding.layers[0])
    return "" if stream == RESIDUAL else f"In what the {PARTS[stream]} adds, "


def _begin(text: str) -> str:
    return text[0].upper() + text[1:]


def _long_bars_in_short(finding: Finding, at: Place) -> str:
    where = at.layers(finding.layers)
    return _begin(f"{_in_stream(finding)}the longest H1 bar is longer than the covariance explains in {where}.")


def _no_long_bars_in_short(finding: Finding, at: Place) -> str:
    return _begin(f"{_in_stream(finding)}no layer has an H1 bar longer than the covariance explains.")


def _loops_in_short(finding: Finding, at: Place) -> str:
    return _begin(f"{_in_stream(finding)}a loop is detected in {at.layers(finding.layers)}.")


def _no_loops_in_short(finding: Finding, at: Place) -> str:
    return _begin(f"{_in_stream(finding)}no loop is detected in any layer.")


def _null_difference_in_short(finding: Finding, at: Place) -> str:
    values = finding.values
    return f"{label(values['metric'])} is {values['side']} the rotation null in {at.layers(finding.layers)}."


SHORT: dict[str, Callable[[Finding, Place], str]] = {
    "long_bars": _long_bars_in_short,
    "no_long_bars": _no_long_bars_in_short,
    "loops": _loops_in_short,
    "no_loops": _no_loops_in_short,
    "null_difference": _null_difference_in_short,
    "no_null": lambda finding, at: "No number is compared with chance.",
    "too_few_draws": lambda finding, at: "There are too few draws of the rotation null to decide anything.",
    "nothing_readable": lambda finding, at: "No layer can be interpreted.",
}
"""Short forms for a headline, where the interpretation repeats the fact with its evidence."""
