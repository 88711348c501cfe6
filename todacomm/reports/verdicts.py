"""What nulls and controls allow to be said: detected, not detected, or too few draws to decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from todacomm.core.metrics import LAYER_METRICS
from todacomm.reports.formats import count, layers, listing, number, p_value, plus_minus, signed
from todacomm.results.depth import Curve, Depth
from todacomm.results.result import Result

LEVEL = 0.05
"""Adjusted p up to which something counts as detected."""
Z = 1.96
_CONTROLS = {
    "random_weights": ("random weights", "what training did"),
    "shuffled_tokens": ("shuffled tokens", "what word order does"),
}
_COMPARED = ("h0_total_norm", "h1_max_norm")


def loops(depth: Depth, sound: np.ndarray) -> list[str]:
    """Where a loop is longer than the covariance explains."""
    verdict = judge(depth, "h1_max_norm", sound)
    if not verdict.tested.any():
        return []
    if verdict.floor > LEVEL:
        return [_too_few("loops", verdict.floor)]
    found = verdict.high
    if not found.any():
        i = verdict.strongest(verdict.tested)
        return [
            f"No loop is detected in any of {count(int(verdict.tested.sum()), 'layer')}: the longest H1 bar is nowhere "
            f"longer than the covariance explains (closest in {depth.names[i]}: {verdict.evidence(i)}). "
            "A loop weaker than the noise at this number of points would go unnoticed."
        ]
    i = verdict.strongest(found)
    text = (
        f"Loops are detected in {layers(depth.names, found)}: the longest H1 bar there is longer than the covariance "
        f"explains ({_clearest(depth, i, found)}{verdict.evidence(i)}, in units of the median distance)."
    )
    text += verdict.caveat(depth.names, found)
    rest = verdict.tested & ~found
    if rest.any():
        text += f" Not detected in {layers(depth.names, rest)}."
    return [text]


def totals(depth: Depth, sound: np.ndarray) -> list[str]:
    """Where the totals of H0 and H1 differ from what the covariance explains."""
    meanings = {
        "h0_total_norm": ("H0 mean lifetime", "the points have structure finer than their covariance",
                          "the points keep more even distances than their covariance explains"),
        "h1_total_norm": ("H1 total", "clusters or heavy tails, not fewer loops",
                          "more length of loops in all than the covariance explains, which singles out no one loop"),
    }  # fmt: skip
    said = []
    for metric, (name, low, high) in meanings.items():
        verdict = judge(depth, metric, sound)
        if not verdict.tested.any():
            continue
        if verdict.floor > LEVEL:
            said.append(_too_few(f"the {name}", verdict.floor))
            continue
        for found, where, meaning in ((verdict.low, "below", low), (verdict.high, "above", high)):
            if found.any():
                i = verdict.strongest(found)
                said.append(
                    f"The scale-free {name} lies {where} the rotation null in {layers(depth.names, found)}: {meaning} "
                    f"({_clearest(depth, i, found)}{verdict.evidence(i)}).{verdict.caveat(depth.names, found)}"
                )
        if verdict.silent.any():
            which = "any layer" if verdict.silent.sum() == sound.sum() else layers(depth.names, verdict.silent)
            said.append(f"A departure of the {name} from the rotation null is not detected in {which}.")
    return said


def _clearest(depth: Depth, i: int, found: np.ndarray) -> str:
    return f"clearest in {depth.names[i]}: " if found.sum() > 1 else ""


def _too_few(subject: str, floor: float) -> str:
    draws = round(1 / floor) - 1
    return (
        f"Too few draws to decide about {subject}: with {count(draws, 'draw')} of the rotation null no p can fall "
        f"below {p_value(floor)}; 19 draws are the least."
    )


def controls(result: Result, depth: Depth, sound: np.ndarray) -> list[str]:
    """What the controls that cost a forward pass say, by paired differences."""
    if result.model.weights == "random":
        return ["The weights are random: what is seen here is the architecture and the texts, not training."]
    said = [sentence for kind in _CONTROLS if (sentence := _control(depth, sound, kind))]
    drawn = any(depth.control(metric).defined for metric in _COMPARED)
    if drawn and not any(np.isfinite(depth.against(m, "difference", "random_weights")).any() for m in _COMPARED):
        said.append(
            "The random-weights control is shown beside the model, but without an error of the difference: no claim is "
            "made about what training did."
        )
    return said


def _control(depth: Depth, sound: np.ndarray, kind: str) -> str:
    """The paired differences from one control; empty where there are none."""
    name, meaning = _CONTROLS[kind]
    compared = {
        metric: among
        for metric in _COMPARED
        if (among := sound & np.isfinite(depth.against(metric, "difference", kind))).any()
    }
    if not compared:
        return ""
    draws = np.concatenate([depth.against(metric, "draws", kind)[among] for metric, among in compared.items()])
    p = np.concatenate([depth.against(metric, "p_adjusted", kind)[among] for metric, among in compared.items()])
    n_draws = count(int(draws.min()), "draw") if np.isfinite(draws).all() else "draws of unknown number"
    if np.isfinite(p).any():
        rule = f"{n_draws}, adjusted p ≤ {LEVEL:g}"
    else:
        most = max(int(among.sum()) for among in compared.values())
        by_chance = f"by chance about {number(LEVEL * most, 2)} of {count(most, 'layer')} would"
        rule = f"{n_draws}, conditional on the seed; beyond {Z} standard errors of the difference, where {by_chance}"
    sides = [_sides(depth, among, kind, metric) for metric, among in compared.items()]
    return f"Against {name}, which show {meaning} ({rule}): " + "; ".join(sides) + "."


def _sides(depth: Depth, compared: np.ndarray, kind: str, metric: str) -> str:
    """In which layers a metric lies below or above a control."""
    difference, error, p = (depth.against(metric, column, kind) for column in ("difference", "se", "p_adjusted"))
    label = LAYER_METRICS[metric].label
    if np.isfinite(p[compared]).any():
        found = compared & (p <= LEVEL)
    elif np.isfinite(error[compared]).any():
        found = compared & (np.abs(difference) > Z * error)
    else:
        return f"{label} has no error of the difference, so that nothing is claimed"
    if not found.any():
        return f"no difference of {label} is detected in any of {count(int(compared.sum()), 'layer')}"
    parts = []
    for side, where in ((found & (difference < 0), "below"), (found & (difference > 0), "above")):
        if side.any():
            i = int(np.argmax(np.where(side, np.abs(difference), -1)))
            most = signed(difference[i], Z * error[i])
            among = layers(depth.names, side)
            parts.append(f"{where} in {among} ({most})" if side.sum() == 1
                         else f"{where} in {among} (most in {depth.names[i]}: {most})")  # fmt: skip
    return f"{label} lies {listing(parts)}"


@dataclass(frozen=True)
class Verdict:
    """A metric against the rotation null, as masks over the layers of shape (n_layers,)."""

    value: Curve
    null: np.ndarray
    p: np.ndarray
    floor: float
    tested: np.ndarray
    low: np.ndarray
    high: np.ndarray
    alone: np.ndarray

    @property
    def silent(self) -> np.ndarray:
        """Layers that were tested without a finding."""
        return np.asarray(self.tested & ~self.low & ~self.high)

    def caveat(self, names: Sequence[str], found: np.ndarray) -> str:
        """Which of the layers found were tested by themselves, because their texts share points."""
        return (
            f" The p of {layers(names, found & self.alone)} is not adjusted for the other layers."
            if (found & self.alone).any()
            else ""
        )

    def strongest(self, among: np.ndarray) -> int:
        """The layer with the smallest p and, among equals, the largest relative distance from the null."""
        gap = np.abs(np.log(np.maximum(self.value.value, 1e-300) / np.maximum(self.null, 1e-300)))
        return int(min(np.flatnonzero(among), key=lambda i: (self.p[i], -gap[i])))

    def evidence(self, i: int) -> str:
        """A layer's value beside the null's mean, with its p."""
        half = (self.value.hi[i] - self.value.lo[i]) / 2
        return (
            f"{plus_minus(self.value.value[i], half)} against {number(self.null[i])} under rotation, "
            f"adjusted p = {p_value(self.p[i])}"
        )


def judge(depth: Depth, metric: str, sound: np.ndarray) -> Verdict:
    """Where a metric differs from its rotation null."""
    p = depth.against(metric, "p_adjusted")
    difference = depth.against(metric, "difference")
    tested = sound & np.isfinite(p) & np.isfinite(depth.curve(metric).value)
    draws = depth.against(metric, "draws")[tested]
    floor = float(1 / (1 + draws.min())) if len(draws) and np.isfinite(draws).all() else float("nan")
    found = tested & (p <= LEVEL)
    return Verdict(
        value=depth.curve(metric),
        null=depth.null(metric).value,
        p=p,
        floor=floor,
        tested=tested,
        low=found & (difference < 0),
        high=found & (difference > 0),
        alone=tested & (depth.against(metric, "family") == 1) & (tested.sum() > 1),
    )
