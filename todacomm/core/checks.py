"""What public functions of the core are given: its shape, its numbers, its pairing. Errors quote it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array

ROUNDING = 1e-9
"""Share of the largest distance by which one may be below 0: cosine distances are rounded."""


def as_cloud(cloud: ArrayLike, name: str = "the cloud", *, finite: bool = False) -> Array:
    """A cloud as float64, shape (n_points, n_dims); not copied where it is that already.

    Parameters
    ----------
    name : str
        What the error calls it.
    finite : bool
        Whether nan and infinity are refused.

    Raises
    ------
    ValueError
        It holds no numbers, its rows are of unequal length, it is no matrix, it is empty, or it is not finite where
        it has to be.

    >>> as_cloud([1.0, 2.0])
    Traceback (most recent call last):
    ValueError: the cloud has shape (2,): expected (n_points, n_dims), one row a point; one point is [[...]]
    """
    points = _numbers(cloud, name)
    if points.ndim != 2:
        remedy = "; one point is [[...]]" if points.ndim == 1 else ""
        raise ValueError(f"{name} has shape {points.shape}: expected (n_points, n_dims), one row a point{remedy}")
    if 0 in points.shape:
        raise ValueError(f"{name} has shape {points.shape}: expected at least one point and one coordinate")
    if finite:
        require_finite(points, name)
    return points


def as_distances(distances: ArrayLike, name: str = "the distances") -> Array:
    """A matrix of distances as float64, shape (n_points, n_points).

    Raises
    ------
    ValueError
        It is not square, holds nan or infinity or a number below 0 by more than rounding, or a point is not at
        distance 0 from itself.

    >>> as_distances([[0.0, 1.0]])
    Traceback (most recent call last):
    ValueError: the distances have shape (1, 2): expected (n_points, n_points); clouds.distances(cloud) makes them
    """
    matrix = _numbers(distances, name)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"{name} have shape {matrix.shape}: expected (n_points, n_points); clouds.distances(cloud) makes them"
        )
    require_finite(matrix, name)
    if len(matrix) and (matrix.min() < -ROUNDING * matrix.max() or np.diagonal(matrix).any()):
        raise ValueError(
            f"{name} run from {matrix.min():.3g}, with up to {np.abs(np.diagonal(matrix)).max():.3g} on the diagonal: "
            "expected none below 0, and 0 between a point and itself"
        )
    return matrix


def as_diagram(dgm: ArrayLike, name: str = "the diagram") -> Array:
    """A persistence diagram as float64, shape (bars, 2).

    Raises
    ------
    ValueError
        It has other columns than birth and death, or a bar that is not finite.

    >>> as_diagram([[0.0, np.inf]])
    Traceback (most recent call last):
    ValueError: the diagram holds nan or infinity in 1 of 1 rows: leave the essential bars out
    """
    bars = _numbers(dgm, name)
    if bars.ndim != 2 or bars.shape[1] != 2:
        raise ValueError(f"{name} has shape {bars.shape}: expected (bars, 2), birth and death")
    require_finite(bars, name, "leave the essential bars out")
    return bars


def as_vector(values: ArrayLike, name: str = "the values") -> Array:
    """Numbers in one row as float64, shape (n,); nan stands for what is not defined.

    Raises
    ------
    ValueError
        They have another shape.

    >>> as_vector([[1.0]])
    Traceback (most recent call last):
    ValueError: the values have shape (1, 1): expected one row of numbers
    """
    vector = _numbers(values, name)
    if vector.ndim != 1:
        raise ValueError(f"{name} {_have(name)} shape {vector.shape}: expected one row of numbers")
    return vector


def as_array(values: ArrayLike, name: str = "the values") -> Array:
    """Numbers of any shape as float64.

    Raises
    ------
    ValueError
        They are no numbers, or their rows are of unequal length.

    >>> as_array([[1.0, 2.0], [3.0]])
    Traceback (most recent call last):
    ValueError: the values have rows of 1 and 2 numbers: expected one array of numbers, every row of one length
    """
    return _numbers(values, name)


def as_replicates(replicates: ArrayLike, shape: tuple[int, ...], name: str = "the replicates") -> Array:
    """Values measured again and again as float64, shape (replicates, *shape); nan stands for what is not defined.

    Raises
    ------
    ValueError
        They have another shape.

    >>> as_replicates([[1.0, 2.0]], (3,))
    Traceback (most recent call last):
    ValueError: the replicates have shape (1, 2): expected (replicates, 3), one value for each
    """
    rows = _numbers(replicates, name)
    if not rows.ndim or rows.shape[1:] != shape:
        expected = ", ".join(map(str, ("replicates", *shape)))
        raise ValueError(f"{name} {_have(name)} shape {rows.shape}: expected ({expected}), one value for each")
    return rows


def require_finite(values: Array, name: str, remedy: str = "leave such rows out") -> None:
    """Refuse nan and infinity.

    Raises
    ------
    ValueError
        Some rows hold them; the message counts them.
    """
    if not np.isfinite(values).all():
        broken = int((~np.isfinite(values)).any(axis=tuple(range(1, values.ndim))).sum())
        raise ValueError(f"{name} {_verb(name)} nan or infinity in {broken} of {len(values)} rows: {remedy}")


def require_paired(first: Array, second: Array, names: Sequence[str] = ("the first", "the second")) -> None:
    """Refuse clouds or tables of distances whose rows cannot be the same texts.

    Raises
    ------
    ValueError
        Their numbers of rows differ.

    >>> require_paired(np.zeros((3, 2)), np.zeros((4, 2)))
    Traceback (most recent call last):
    ValueError: the first has 3 rows, the second 4: expected the same texts in the same order
    """
    if len(first) != len(second):
        raise ValueError(
            f"{names[0]} has {len(first)} rows, {names[1]} {len(second)}: expected the same texts in the same order"
        )


def require_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse an unknown name.

    Raises
    ------
    ValueError
        The message lists the choices.

    >>> require_choice("pooling", "laste", ("cls", "last", "mean"))
    Traceback (most recent call last):
    ValueError: unknown pooling 'laste': choose cls, last or mean
    """
    if value not in choices:
        *others, last = choices
        raise ValueError(f"unknown {name} {value!r}: choose {', '.join(others)}{' or ' if others else ''}{last}")


def _numbers(values: ArrayLike, name: str) -> Array:
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiubO":  # complex numbers would lose a part, words may spell numbers
            raise TypeError(f"{array.dtype}")
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        lengths = _lengths(values)
        have, be = _have(name), "are" if name.endswith("s") else "is"
        what = f"{have} rows of {lengths} numbers" if lengths else f"{be} {type(values).__name__} without numbers"
        raise ValueError(f"{name} {what}: expected one array of numbers, every row of one length") from error


def _lengths(values: object) -> str:
    """Lengths of the rows where they differ; empty otherwise."""
    try:
        lengths = sorted({len(row) for row in values})  # type: ignore[attr-defined]
    except TypeError:
        return ""
    return " and ".join(map(str, lengths)) if len(lengths) > 1 else ""


def _verb(name: str) -> str:
    return "hold" if name.endswith("s") else "holds"


def _have(name: str) -> str:
    return "have" if name.endswith("s") else "has"
