"""From finished repetitions of the gate's calibration to tables: how often a whole run was judged wrongly."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from todacomm.core.equivalence import DIFFERENT, SAME, overall

Array = np.ndarray
Task = tuple[str, int, int]
Row = dict[str, Any]
LEVEL = 0.05
NO_DIFFERENCE = ("texts", "model", "none")


def summarize(
    done: Mapping[Task, Mapping[str, Any]], cases: Mapping[str, Sequence[Mapping[str, Any]]], margin: Array
) -> dict[str, list[Row]]:
    """One row a case that has been repeated, by experiment."""
    tables: dict[str, list[Row]] = {}
    for name, settings in cases.items():
        tables[name] = []
        for case, setting in enumerate(settings):
            repetitions = [
                numbers for (experiment, place, _), numbers in done.items() if (experiment, place) == (name, case)
            ]
            if repetitions:
                tables[name].append(
                    {**setting, "repetitions": len(repetitions), **SUMMARIES[name](repetitions, setting, margin)}
                )
    return tables


def _law(repetitions: list[Mapping[str, Any]], setting: Mapping[str, Any], margin: Array) -> Row:
    """How often something was starred where nothing is, by the reference law."""
    return {law: _share([numbers[law] for numbers in repetitions]) for law in repetitions[0]}


def _shape(repetitions: list[Mapping[str, Any]], setting: Mapping[str, Any], margin: Array) -> Row:
    estimate, lo, hi, adjusted, plain, smallest, verdicts = (
        np.array([numbers[key] for numbers in repetitions])
        for key in ("estimate", "lo", "hi", "p_adjusted", "p", "smallest", "verdicts")
    )
    nothing = setting["change"] in NO_DIFFERENCE
    truth = np.zeros(estimate.shape[1:]) if nothing else estimate.mean(axis=0)
    row = _verdicts(verdicts, truth, np.broadcast_to(margin, truth.shape))
    row |= {
        "intervals_cover_together": _share(_none((lo > truth) | (hi < truth))),
        "adjusted_below_plain": int((adjusted < plain).sum()),
        "smallest_difference": _rounded(np.nanmedian(smallest, axis=(0, 1))),
        "texts_if_same": _rounded(np.nanmedian([numbers["texts_if_same"] for numbers in repetitions])),
    }
    if nothing:
        row["starred_somewhere"] = _share((adjusted <= LEVEL).any(axis=(1, 2)))
        row["starred_with_plain_p"] = _share((plain <= LEVEL).any(axis=(1, 2)))
        row["z_over_critical"] = _rounded(_spread_of_z(estimate, lo, hi))
    else:
        row |= _at_the_margin(lo, hi, truth)
        row["true_difference"] = _rounded(truth[-1])
    return row


def _places(repetitions: list[Mapping[str, Any]], setting: Mapping[str, Any], margin: Array) -> Row:
    estimate, lo, hi, margins, verdicts = (
        np.array([numbers[key] for numbers in repetitions]) for key in ("estimate", "lo", "hi", "margin", "verdicts")
    )
    truth, mean_margin = estimate.mean(axis=0), margins.mean(axis=0)
    row = _verdicts(verdicts, truth, mean_margin)
    row |= {
        "intervals_cover_together": _share(_none((lo > truth) | (hi < truth))),
        "true_distance": _rounded(truth.mean(axis=0)),
        "margin": _rounded(mean_margin.mean(axis=0)),
        "sd_of_margin": _rounded(margins.std(axis=0).mean(axis=0)),
        "same_by_measure": _rounded((verdicts == SAME).mean(axis=(0, 1))),
        "different_by_measure": _rounded((verdicts == DIFFERENT).mean(axis=(0, 1))),
    }
    return row | _at_the_margin(lo, hi, truth)


def _verdicts(verdicts: Array, truth: Array, margin: Array) -> Row:
    """Shares of runs with a wrong verdict somewhere, and of the verdicts of whole runs."""
    runs = [overall(each[np.isfinite(truth)]) for each in verdicts]
    within = np.abs(truth) <= margin
    return {
        "false_different": _share(((verdicts == DIFFERENT) & within).any(axis=(1, 2))),
        "false_same": _share(((verdicts == SAME) & (np.abs(truth) > margin)).any(axis=(1, 2))),
        "cells_outside_margin": int((np.abs(truth) > margin).sum()),
        "run": {name: _share([run == name for run in runs]) for name in ("same", "different", "undecided")},
        "cells_same": _share(verdicts == SAME),
    }


def _at_the_margin(lo: Array, hi: Array, truth: Array) -> Row:
    """Errors if every cell's margin were its own true difference: the case in which both are likeliest."""
    edge = np.abs(truth)
    return {
        "same_at_margin": _share(((lo >= -edge) & (hi <= edge)).any(axis=(1, 2))),
        "different_at_margin": _share(((lo > edge) | (hi < -edge)).any(axis=(1, 2))),
    }


def _spread_of_z(estimate: Array, lo: Array, hi: Array) -> Array:
    """Sd of every metric's difference over its standard error, both relative to the interval's half width."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nanmean((2.0 * estimate / (hi - lo)) ** 2, axis=(0, 1)) ** 0.5


def _none(outside: Array) -> Array:
    return ~outside.any(axis=(1, 2))


def _share(happened: Any) -> float:
    return round(float(np.mean(happened)), 4)


def _rounded(values: Any) -> Any:
    return np.round(np.asarray(values, dtype=np.float64), 4).tolist()


SUMMARIES = {"law": _law, "shape": _shape, "places": _places}
