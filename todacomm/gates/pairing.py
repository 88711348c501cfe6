"""What two analyses must share to be judged, which of their layers stand beside each other, and what is said of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from todacomm.comparison.agreement import differences, what_differs
from todacomm.comparison.identity import MODELS
from todacomm.comparison.matching import matched_names
from todacomm.core.facts import RunWarning
from todacomm.gates.result import SideWarning

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

SHOWN = {"interval_undefined", "metric_undefined", "ratio_undefined"}
"""Warnings of an analysis that a gate's own table shows, or that are about what it does not compare."""


def layer_pairs(base: "Analysis", candidate: "Analysis") -> list[tuple[str, str]]:
    """Layers of the same name where both have the same ones, added streams among them, else those of equal depth."""
    if base.layer_names == candidate.layer_names:
        return [(name, name) for name in base.layer_names]
    return matched_names(base, candidate)


def check_pair(analyses: "dict[str, Analysis]", over: str) -> None:
    """Whether two analyses were measured in one way, on half-samples that both have.

    Raises
    ------
    ValueError
        They were not; the message lists the settings.
    """
    differing = differences(analyses, over)
    if len(differing):
        raise ValueError(f"{what_differs(differing)}\nanalyse both with equal settings")
    check_half_samples(analyses)
    if over == MODELS and len({analysis.clusters for analysis in analyses.values()}) > 1:
        raise ValueError("the half-samples differ: they are of other clusters. Analyse both with equal columns")
    of_halves = {
        label: f"replicates={one.config.inference.replicates}, seed={one.config.record.seed}"
        for label, one in analyses.items()
    }
    if len(set(of_halves.values())) > 1:
        each = "; ".join(f"{label} has {values}" for label, values in of_halves.items())
        raise ValueError(f"the half-samples differ: {each}. Analyse both with equal replicates and seed")


def check_half_samples(analyses: "Mapping[str, Analysis]") -> None:
    """Whether intervals can be had of each; a ValueError names one that has none."""
    for label, analysis in analyses.items():
        if not analysis.config.has_intervals or analysis.config.inference.replicates < 2:
            raise ValueError(f"{label} has no two half-samples: analyse it again with replicates=100 and no landmarks")


def layers_left(base: "Analysis", candidate: "Analysis", layers: Sequence[tuple[str, str]]) -> list[RunWarning]:
    """A warning where the two have different layers: which stand beside each other, and how many are left out."""
    if base.layer_names == candidate.layer_names:
        return []
    pairs = ", ".join(f"{own} with {other}" for own, other in layers if own != other) or "all of one name"
    left = len(base.layer_names) - len(layers), len(candidate.layer_names) - len(layers)
    return [
        RunWarning(
            "other_layers",
            "the two have different layers, and those of the nearest relative depth are compared, the base's first: "
            f"{pairs}; {left[0]} of the base's and {left[1]} of the candidate's layers are in no pair",
        )
    ]


def no_places(base: "Analysis", candidate: "Analysis", same_texts: bool) -> str:
    """Why texts cannot be held against each other; empty where they can."""
    if not same_texts:
        return "the two read different texts"
    without = [
        f"run {side.run_id} has no clouds ({side.config.no_clouds})"
        for side in (base, candidate)
        if side.config.no_clouds
    ]
    return without[0] if without else ""


def warnings_of_both(
    base: "Analysis", candidate: "Analysis", base_name: str, candidate_name: str
) -> list[RunWarning | SideWarning]:
    """Warnings of both sides: what both have, then what is of one of them, with its name."""
    ours, theirs = ([warning for warning in side.warnings if warning.code not in SHOWN] for side in (base, candidate))
    return [
        *(warning for warning in ours if warning in theirs),
        *(SideWarning(*warning, side=base_name) for warning in ours if warning not in theirs),
        *(SideWarning(*warning, side=candidate_name) for warning in theirs if warning not in ours),
    ]
