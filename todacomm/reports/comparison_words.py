"""The findings of a comparison as sentences: one function for each kind."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from todacomm.comparison.findings import findings
from todacomm.comparison.metrics import label_of
from todacomm.comparison.result import Comparison
from todacomm.reports.formats import detectable, listing, number, p_value, plus_minus, signed
from todacomm.results.findings import Finding
from todacomm.system.units import count

MOST_NAMES = 4
"""Analyses that a sentence names; the others are counted."""


def headline(comparison: Comparison) -> list[str]:
    """What a comparison says, a sentence each."""
    return sentences(findings(comparison))


def sentences(made: Sequence[Finding]) -> list[str]:
    """Findings in words; neighbours of one kind and metric share a sentence."""
    together = groupby(made, key=lambda finding: (finding.kind, finding.values.get("metric")))
    return [WORDS[kind](list(own)) for (kind, _), own in together]


def largest(made: Sequence[Finding]) -> str:
    """Which analysis has the largest mean, and whether it is distinguished from the others."""
    (finding,) = made
    values, (first,) = finding.values, finding.labels
    where = ", mean over its blocks" if values["blocks"] else ""
    value = plus_minus(values["value"], values["half_width"])
    among = "Of the trained models, " if values["of_trained"] else ""
    text = f"{among}{label_of(values['metric'])} is largest in {first} ({value}{where})"
    tied, smallest = named(values["tied"]), detectable(values["smallest_difference"])
    if values["decided_by"] == "nothing":
        return f"{text}; no interval is known of {named(values['without'])}, and so not whether they differ."
    if values["decided_by"] == "paired":
        if not values["tied"]:
            n = len(values["others"])
            rivals = {1: values["others"][0], 2: "both others"}.get(n, f"all {n} others")
            return f"{text}; on the same texts it is larger there than in {rivals}."
        return f"{text}; on the same texts no difference from {tied} is detected ({smallest})."
    if not values["tied"]:
        return f"{text}, above the interval of every other."
    return f"{text}; its interval overlaps with that of {tied}, and no difference is shown ({smallest})."


def pair(made: Sequence[Finding]) -> str:
    """In how many layers two models differ, a pair after the other."""
    parts = []
    for finding in made:
        a, b = finding.labels
        parts.append(f"{a} and {b} differ {_in_layers(finding.values)}")
    return f"{label_of(made[0].values['metric'])}, paired on the same texts: {'; '.join(parts)}."


def pairs(made: Sequence[Finding]) -> str:
    """How many of many pairs differ anywhere."""
    (finding,) = made
    values = finding.values
    text = f"{label_of(values['metric'])}, paired on the same texts:"
    if not values["standing"]:
        smallest = detectable(values["smallest_difference"])
        return f"{text} none of {values['pairs']} pairs of models differs in any layer ({smallest})."
    text += f" {values['standing']} of {values['pairs']} pairs of models differ in at least one layer"
    if not values["alike"]:
        return f"{text}."
    alike = named([f"{a} and {b}" for a, b in values["alike"]])
    return f"{text}; no difference is detected between {alike} ({detectable(values['smallest_difference'])})."


def loops(made: Sequence[Finding]) -> str:
    """In which analyses H1's longest bar exceeds the rotation null, and in which there is a loop."""
    (finding,) = made
    layers = finding.values["layers"]
    detected = {label: of for label, of in layers.items() if of[0]}
    untested = finding.values["untested"]
    were = "was" if len(untested) == 1 else "were"
    end = f" {named(untested)} {were} not compared with rotated clouds." if untested else ""
    if not detected:
        which = named(list(layers)) if untested else f"the {count_of(len(layers))}"
        return f"In no layer of {which} is H1's longest bar longer than in rotated clouds.{end}"
    alone = {label: f", {n} of them not adjusted for the others" for label, n in finding.values["alone"].items() if n}
    parts = [f"{label} ({n} of {total} layers{alone.get(label, '')})" for label, (n, total) in detected.items()]
    rest = [label for label in layers if label not in detected]
    text = f"H1's longest bar is longer than in rotated clouds, which is necessary for a loop, in {named(parts)}"
    text += f"; nowhere in {named(rest)}." if rest else "."
    claimed = finding.values["claimed"]
    loops_of = [f"{label} ({count(n, 'layer')})" for label, n in claimed.items() if n]
    if loops_of:
        return f"{text} A loop is detected in {named(loops_of)}.{end}"
    none = " No loop is detected in any of them." if len(claimed) == len(layers) else ""
    return f"{text}{none}{end}"


def training(made: Sequence[Finding]) -> str:
    """What training did to a metric, model by model."""
    parts = [f"{finding.labels[0]} {_in_layers(finding.values)}" for finding in made]
    return f"{label_of(made[0].values['metric'])}: training changed {named(parts)}."


def likelihood(made: Sequence[Finding]) -> str:
    """Which metric goes best with likelihood."""
    values = made[0].values
    name = values["likelihood"].replace("_", " ")
    direction = "rises" if values["spearman"] > 0 else "falls"
    return (
        f"{label_of(values['metric'])} {direction} most clearly with {name}: Spearman {number(values['spearman'])} "
        f"over {values['models']} models, p = {p_value(values['p'])}, the strongest of several and not adjusted."
    )


WORDS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "largest": largest,
    "pair": pair,
    "pairs": pairs,
    "loops": loops,
    "training": training,
    "nearest": lambda made: f"Most similar by geometry are {_distance(made[0])}.",
    "furthest": lambda made: f"Least similar by geometry are {_distance(made[0])}.",
    "not_nearest": lambda made: (
        f"None of {made[0].values['pairs']} pairs of models is closer in any layer than texts paired at random are."
    ),
    "likelihood": likelihood,
}


def named(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """A few names, the others counted.

    >>> named(["a", "b"]), named(["a", "b", "c", "d"], most=2)
    ('a and b', 'a, b and 2 others')
    """
    more = len(names) - most
    return listing(names) if more < 2 else listing([*names[:most], f"{more} others"])


def count_of(n: int) -> str:
    """A number of analyses.

    >>> count_of(1), count_of(3)
    ('one analysis', '3 analyses')
    """
    return "one analysis" if n == 1 else f"{n} analyses"


def _in_layers(values: Any) -> str:
    """In how many layers a difference stands, and where it is clearest; else what could have been detected."""
    layers = count(values["layers"], "layer")
    if not values["standing"]:
        return f"in none of {layers} ({detectable(values['smallest_difference'])})"
    change = signed(values["difference"], values["half_width"])
    return f"in {values['standing']} of {layers} (clearest in {values['layer']}: {change})"


def _distance(finding: Finding) -> str:
    (a, b), values = finding.labels, finding.values
    distance = f"{a} and {b} (Procrustes distance {number(values['value'])}"
    if not values["layers"]:
        return f"{distance}, chance not measured)"
    closer = f"closer in {values['closer']} of {count(values['layers'], 'layer')}"
    return f"{distance}; {number(values['chance'])} with the texts paired at random, {closer})"
