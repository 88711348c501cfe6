"""What is compared: differences of many cells, and how they vary together over half-samples of the texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_cells, as_replicates
from todacomm.core.inference.uncertainty import MIN_DEFINED, ROUNDING, to_full_size


@dataclass(frozen=True)
class Contrast:
    """Differences, one a cell, with their joint spread. A cell is a metric of a layer (of a pair of models).

    Attributes
    ----------
    estimate : ndarray, shape (*cells)
        The difference; nan where it is undefined.
    halves : ndarray, shape (replicates, *cells)
        The same on every half-sample, at full size and less its mean; 0 where a half-sample has none.
    se : ndarray, shape (*cells)
        Standard error: the sd over half-samples, joined by the floor at rounding.
    missing : ndarray of str, shape (*cells)
        Why a cell is undefined: ``both``, ``base`` or ``candidate`` has no value, or the ``half-samples`` have none;
        empty where nothing is missing. Nothing is a share of 0: it is missing in the base, in both where both are 0.
    """

    estimate: Array
    halves: Array
    se: Array
    missing: NDArray[np.str_]


def paired_contrast(
    base: ArrayLike,
    candidate: ArrayLike,
    base_halves: ArrayLike,
    candidate_halves: ArrayLike,
    *,
    grows: ArrayLike = False,
    relative: ArrayLike = True,
    rounding: float = ROUNDING,
) -> Contrast:
    """Differences of two runs, ``candidate - base``, from their values on the same half-samples.

    Every side is brought to full size (:func:`todacomm.core.inference.to_full_size`). A relative difference is
    ``candidate / base - 1``; its half-samples are those of the ratio to first order,
    ``(candidate_b - ratio base_b) / base``, so that the spread of the denominator counts. Runs on *different* texts of
    one population are compared by the same call: their half-samples are independent, and the spreads add.

    Parameters
    ----------
    base, candidate : array, shape (*cells)
        Such as ``(n_layers, n_metrics)``.
    base_halves, candidate_halves : ndarray, shape (replicates, *cells)
        Row by row of the same half-samples.
    grows, relative : array of bool, broadcast against the cells
        Which metrics grow with the number of points, and which differences are shares of the base's value. Absolute
        is for what can be 0 or change sign, such as a cosine.
    rounding : float
        Floor of the standard error, as a share of the larger value; of 1 at least where the difference is absolute.

    Raises
    ------
    ValueError
        They are no numbers, or the shapes of values and half-samples do not agree.

    >>> halves = np.array([[1.0], [2.0], [3.0]])
    >>> contrast = paired_contrast([2.0], [3.0], halves, 1.5 * halves)
    >>> contrast.estimate.tolist(), contrast.se.round(4).tolist()
    ([0.5], [0.0])
    """
    base, candidate = as_array(base, "the base's values"), as_array(candidate, "the candidate's values")
    first = as_array(base_halves, "the base's half-samples")
    second = as_array(candidate_halves, "the candidate's half-samples")
    if base.shape != candidate.shape or first.shape != second.shape or first.shape[1:] != base.shape or not first.ndim:
        raise ValueError(
            f"values of shapes {base.shape} and {candidate.shape} with half-samples of shapes {first.shape} and "
            f"{second.shape}: expected (*cells) and (replicates, *cells), the same for both runs"
        )
    relative = as_cells(relative, base.shape, "relative") != 0.0
    ours, theirs = (scaled_halves(*side, grows) for side in ((base, first), (candidate, second)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(relative, candidate / base, 1.0)
        unit = np.where(relative, base, 1.0)
        estimate = np.where(relative, ratio - 1.0, candidate - base)
        halves = (theirs - ratio * ours) / unit
        size = np.maximum(np.abs(base), np.abs(candidate))
        floor = rounding * np.where(relative, size / np.abs(base), np.maximum(size, 1.0))
    absent = np.where(np.isfinite(base), np.where(np.isfinite(candidate), "", "candidate"), "base")
    absent = np.where(np.isfinite(base) | np.isfinite(candidate), absent, "both")
    to_zero = np.where(candidate == 0.0, "both", "base")
    absent = np.where((absent == "") & ~np.isfinite(estimate), to_zero, absent)  # a ratio to 0
    return spread_of(estimate, halves, floor, absent)


def spread_of(estimate: ArrayLike, halves: ArrayLike, floor: ArrayLike, missing: ArrayLike) -> Contrast:
    """A contrast from differences and their half-samples at full size.

    Parameters
    ----------
    estimate : ndarray, shape (*cells)
    halves : ndarray, shape (replicates, *cells)
        nan where a half-sample has none; a cell without a value on more than half of them is undefined.
    floor : array, broadcast against the cells
        Smallest standard error.
    missing : array of str, shape (*cells)

    Raises
    ------
    ValueError
        They are no numbers, or the half-samples have no value for each difference.
    """
    differences = as_array(estimate, "the differences")
    halves = as_replicates(halves, differences.shape, "the half-samples")
    floor = as_cells(floor, differences.shape, "the floor")
    defined = np.isfinite(halves)
    n_defined = defined.sum(axis=0)
    enough = (n_defined >= 2) & (n_defined >= MIN_DEFINED * len(halves))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(defined, halves, 0.0).sum(axis=0) / n_defined
        centred = np.where(defined, halves - mean, 0.0)
        se = np.hypot(np.sqrt((centred**2).sum(axis=0) / (n_defined - 1)), floor)
    missing = np.where((np.asarray(missing) == "") & ~enough, "half-samples", missing)
    known = missing == ""
    return Contrast(
        estimate=np.where(known, differences, np.nan),
        halves=np.where(known, centred, 0.0),
        se=np.where(known, se, np.nan),
        missing=missing,
    )


def scaled_halves(value: Array, halves: Array, grows: ArrayLike) -> Array:
    """Half-samples at full size; those that are 0 throughout, as distances between equal clouds are, stay 0."""
    each = (as_cells(grows, value.shape, "grows") != 0.0).ravel()
    scaled = to_full_size(value.ravel(), halves.reshape(len(halves), -1), each).reshape(halves.shape)
    return np.where((halves == 0.0).all(axis=0), 0.0, scaled)


def side_by_side(*contrasts: Contrast) -> Contrast:
    """Contrasts of the same layers and half-samples as one family: their last axes one after another.

    Raises
    ------
    ValueError
        Different numbers of half-samples or layers.

    >>> one = spread_of(np.zeros((3, 2)), np.zeros((5, 3, 2)), 1.0, np.full((3, 2), ""))
    >>> side_by_side(one, one).estimate.shape
    (3, 4)
    """
    shapes = {contrast.halves.shape[:-1] for contrast in contrasts}
    if len(shapes) != 1:
        raise ValueError(f"contrasts with half-samples of {sorted(shapes)}: expected the same numbers in all")
    return Contrast(
        *(
            np.concatenate([getattr(contrast, part) for contrast in contrasts], axis=-1)
            for part in ("estimate", "halves", "se", "missing")
        )
    )
