"""Sentences of findings that take more than filling in, and the words that they share with the others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.loops.verdict import PROMINENT, REPRODUCED
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.nulls import NULLS
from todacomm.core.streams import ATTENTION, FFN, groups
from todacomm.reports.formats import (
    fold,
    layers,
    listing,
    number,
    p_value,
    plus_minus,
    share,
    signed,
)
from todacomm.system.units import count

PARTS = {ATTENTION: "attention", FFN: "MLP"}
"""What a reader calls the parts of a block."""
COVARIATES = {
    "n_tokens": "the length in tokens", "last_token": "the last token", "position": "the place in the document",
    "document": "the document", "nll": "the negative log-likelihood",
}  # fmt: skip
"""What a reader calls the columns of the table of texts."""


@dataclass(frozen=True)
class Place:
    """What a sentence needs beside the finding: all layers of the run, so that neighbours are joined."""

    names: tuple[str, ...]

    def layers(self, chosen: Iterable[str]) -> str:
        """Layers by name, neighbours of one stream joined: ``layer_0 to layer_3 and final``."""
        wanted = set(chosen)
        parts = [layers(own, np.isin(own, list(wanted))) for own in groups(self.names).values()]
        return ", ".join(filter(None, parts))


def label(metric: str) -> str:
    """What a sentence calls a metric."""
    return LAYER_METRICS[metric].short if metric in LAYER_METRICS else metric


def name_of(covariate: str) -> str:
    """What a sentence calls a column of the table of texts.

    >>> name_of("nll"), name_of("stars")
    ('the negative log-likelihood', 'stars')
    """
    return COVARIATES.get(covariate, covariate)


Words = Mapping[str, str]
Template = Callable[[Mapping[str, Any], Words, Place], str]
"""A sentence that takes more than filling in: from the values, the values in words, and the layers of the run."""


def loops(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where there is a loop, and what is left of the best reproduced one on halves."""
    best = f"best in {words['layer']}: " if values["bars"] > 1 else ""
    return (
        f"A loop is detected in {words['layers']}: {words['bars']} longer than the covariance explains, reproduced on "
        f"halves of the texts ({best}{words['reproduction']} of its life is left there) and of their groups, and the "
        "longest there."
    )


def loops_in_short(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where there is a loop, and what the place on the best reproduced one goes with."""
    text = f"A loop is detected in {words['layers']}"
    if values["goes_with"] is None:
        return f"{text}."
    it = "it" if values["bars"] == 1 else f"the best reproduced one, in {words['layer']},"
    if not values["goes_with"]:
        return f"{text}: the place on {it} goes with nothing that is known of the texts."
    covariate, strength = values["goes_with"]
    return f"{text}: the place on {it} goes with {name_of(covariate)} (R {number(strength, 2)})."


def few_texts(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Bars that the covariance does not explain and that are no loops: which condition they lack, and why."""
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


def long_bars(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where the longest H1 bar is longer than the covariance explains, and where none is detected."""
    text = (
        f"The longest H1 bar is longer than the covariance explains in {words['layers']} ({words['strongest']}, in "
        "units of the median distance)."
    )
    if not words["not_detected"]:
        return text
    return f"{text} No such bar is detected in {words['not_detected']} ({words['smallest_difference']})."


def no_long_bars(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """That no layer's longest H1 bar is longer than the covariance explains, and what would not be detected."""
    if words["n_layers"] == "1 layer":
        text = f"In {words['layers']} the longest H1 bar is not longer than the covariance explains"
    else:
        text = f"In none of {words['n_layers']} is the longest H1 bar longer than the covariance explains"
    return (
        f"{text} ({words['closest']}; {words['smallest_difference']}). A loop weaker than the noise at this number of "
        "points would not be detected."
    )


def too_few_draws(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """That the rotations are too few to decide, and how many it takes."""
    draws, least = values["draws"], round(1 / LEVEL) - 1
    return (
        f"Too few draws of the rotation null to decide about {words['metrics']}: with {count(draws, 'draw')} no p is "
        f"below {p_value(1 / (draws + 1))}; at least {least} draws are needed."
    )


def null_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where a metric is below or above the rotation null, and what that means."""
    metric = LAYER_METRICS[values["metric"]]
    meaning = metric.below if values["side"] == "below" else metric.above
    return (
        f"{words['metric']} is {words['side']} the rotation null in {words['layers']}: "
        f"{meaning or 'the covariance does not explain it'} ({words['strongest']})."
    )


def no_null_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where a metric has no difference from the rotation null, and the smallest that would be detected."""
    place = "any layer" if values["everywhere"] else words["layers"]
    smallest = words["smallest_difference"]
    return f"No difference of {words['metric']} from the rotation null is detected in {place} ({smallest})."


def growth(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """How the H0 mean lifetime grows from the embedding to its peak, with scale and without."""
    return (
        f"The H0 mean lifetime grows {words['raw']} from the embedding to its peak{_past(words)}; with scale divided "
        f"out, {words['scale_free']}."
    )


def growth_from_first_block(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """How the H0 mean lifetime grows from the first block to its peak, where the embedding is no denominator."""
    if values["raw"] == 1:
        return f"The H0 mean lifetime is largest at the first block{_past(words)}."
    return f"The H0 mean lifetime grows {words['raw']} from the first block to its peak{_past(words)}, scale included."


def scale_spans(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """How much of what varies over the layers is scale."""
    return (
        f"Over the layers{_past(words)} the H0 mean lifetime varies {words['h0_mean_lifetime']} (largest against "
        f"smallest), the mean norm {words['mean_norm']}, and the H0 mean lifetime in units of the median distance "
        f"{words['h0_total_norm']}."
    )


def _past(words: Words) -> str:
    """The layers past which an extreme was taken."""
    return f" (without {words['without']})" if words["without"] else ""


def published_ratio(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Why the published ratio is another number than the scale-free one."""
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


def dimension_range(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """The layers of the highest and lowest intrinsic dimension, and whether their intervals overlap."""
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


def control(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """What a difference from a control shows, and by which rule one is claimed."""
    draws = values["draws"]
    text = f"A difference from {words['control']} shows {NULLS[values['control']].shows}"
    drawn = count(draws, "draw") if draws is not None else "an unknown number of draws"
    if values["adjusted"]:
        return f"{text} ({drawn}; claimed at an adjusted p of at most {LEVEL:g})."
    return (
        f"{text} ({drawn}, conditional on the seed; claimed beyond 1.96 standard errors of the paired difference, "
        f"which by chance happens in about {number(values['by_chance'], 2)} of {count(values['layers'], 'layer')})."
    )


def control_difference(values: Mapping[str, Any], words: Words, at: Place) -> str:
    """Where a metric is lower or higher than in a control."""
    parts = []
    for side in ("lower", "higher"):
        if side in values:
            differing = values[side]
            largest = f"most in {differing['layer']}: " if len(differing["layers"]) > 1 else ""
            difference = signed(differing["difference"], differing["half_width"])
            parts.append(f"{side} in {at.layers(differing['layers'])} ({largest}{difference})")
    return f"{words['metric']} against {words['control']}: {listing(parts)}."
