"""What public functions of the core are given: its shape, its numbers, its pairing. Errors quote it."""

import operator
from collections.abc import Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array, Bools, Indices

ROUNDING = 1e-9
SPREADS = (1e-30, 1e30)
"""Between them the largest coordinate or distance of a cloud has to be: engines compute in single precision."""
"""Share of the largest distance by which one may be below 0: cosine distances are rounded."""
ASYMMETRY = 1e-6
"""Share of the largest distance by which the two ways between points may differ: they may be rounded to float32."""


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
    """A matrix of distances as float64, shape (n_points, n_points): symmetric to the bit, and nothing below 0.

    Where the two ways between points differ by rounding the longer one is taken; what is below 0 by rounding is 0.

    Raises
    ------
    ValueError
        It is not square, holds nan or infinity or a number below 0 by more than rounding, a point is not at distance 0
        from itself, or the two ways between points differ by more than rounding to float32.

    >>> as_distances([[0.0, 1.0]])
    Traceback (most recent call last):
    ValueError: the distances have shape (1, 2): expected (n_points, n_points), as clouds.distances gives
    """
    matrix = _numbers(distances, name)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            f"{name} {_have(name)} shape {matrix.shape}: expected (n_points, n_points), as clouds.distances gives"
        )
    require_finite(matrix, name)
    if len(matrix) and (matrix.min() < -ROUNDING * matrix.max() or np.diagonal(matrix).any()):
        raise ValueError(
            f"{name} run from {matrix.min():.3g}, with up to {np.abs(np.diagonal(matrix)).max():.3g} on the diagonal: "
            "expected none below 0, and 0 between a point and itself"
        )
    if not np.array_equal(matrix, matrix.T):  # a fifth of the time of the differences
        _require_symmetric(matrix, name)
        matrix = np.maximum(matrix, matrix.T)
    if np.signbit(matrix).any():  # -0.0 too: lengths are compared by their bits
        matrix = np.where(matrix > 0.0, matrix, 0.0)
    return matrix


def as_lengths(distances: ArrayLike, name: str = "the distances") -> Array:
    """:func:`as_distances` that single precision can hold.

    Raises
    ------
    ValueError
        As there, or the largest is beyond :data:`SPREADS`.

    >>> as_lengths([[0.0, 1e40], [1e40, 0.0]])
    Traceback (most recent call last):
    ValueError: the distances reach 1e+40: expected between 1e-30 and 1e+30, scale them by a constant
    """
    matrix = as_distances(distances, name)
    largest, (low, high) = matrix.max(initial=0.0), SPREADS
    if largest > 0.0 and not low < largest < high:
        raise ValueError(
            f"{name} reach {largest:.2g}: expected between {low:.0e} and {high:.0e}, scale them by a constant"
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


def as_bools(values: ArrayLike, name: str = "the values", n_axes: int = 1) -> Bools:
    """Yes or no, with so many axes; 0 and 1 are taken for them.

    Raises
    ------
    ValueError
        They have another number of axes, or are not all True or False.

    >>> as_bools(["x", "y"])
    Traceback (most recent call last):
    ValueError: the values are list without numbers: expected one array of numbers, every row of one length
    """
    numbers = _numbers(values, name)
    if numbers.ndim != n_axes:
        expected = "one row" if n_axes == 1 else f"{n_axes} axes"
        raise ValueError(f"{name} {_have(name)} shape {numbers.shape}: expected {expected} of True and False")
    bools: Bools = numbers == 1.0
    if not (bools | (numbers == 0.0)).all():
        other = numbers[~bools & (numbers != 0.0)][0]
        raise ValueError(f"{name} {_verb(name)} {other:g}: expected True and False")
    return bools


def as_labels(values: ArrayLike, name: str = "the values") -> NDArray[Any]:
    """Words, numbers or None in one row, shape (n,), of whatever type they are.

    Raises
    ------
    ValueError
        They have another shape, or their rows are of unequal length.

    >>> as_labels([[1, 2], [3]])
    Traceback (most recent call last):
    ValueError: the values have rows of 1 and 2 entries: expected one row
    """
    try:
        labels = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} {_have(name)} rows of {_lengths(values)} entries: expected one row") from error
    if labels.ndim != 1:
        raise ValueError(f"{name} {_have(name)} shape {labels.shape}: expected one row")
    return labels


def as_rows(rows: ArrayLike, n_points: int, name: str = "the rows", n_axes: int = 2) -> Indices:
    """Row numbers of a cloud, shape (n_subsets, n_rows), or (n_rows,) with one axis.

    Raises
    ------
    ValueError
        They have another number of axes, or are not all whole numbers from 0 to below the number of points.

    >>> as_rows([[0, 4]], 4)
    Traceback (most recent call last):
    ValueError: the rows hold 4 of 4 points: expected whole numbers from 0 to 3
    """
    numbers = _numbers(rows, name)
    if numbers.ndim != n_axes:
        expected = "one row" if n_axes == 1 else "(subsets, rows)"
        raise ValueError(f"{name} {_have(name)} shape {numbers.shape}: expected {expected} of row numbers")
    outside = numbers[~((numbers >= 0) & (numbers < n_points) & (numbers == np.floor(numbers)))]
    if len(outside):
        raise ValueError(
            f"{name} {_verb(name)} {outside[0]:g} of {n_points} points: expected whole numbers from 0 to {n_points - 1}"
        )
    return numbers.astype(np.intp)


def as_cells(values: ArrayLike, shape: tuple[int, ...], name: str = "the values") -> Array:
    """One number for each of many cells as float64, or fewer that are the same for several: of the shape of the cells.

    Raises
    ------
    ValueError
        They are no numbers, or do not stretch to the shape.

    >>> as_cells([1.0, 2.0], (4, 3))
    Traceback (most recent call last):
    ValueError: the values have shape (2,): expected (4, 3), or a part that stretches to it
    """
    numbers = _numbers(values, name)
    try:
        return np.broadcast_to(numbers, shape)
    except ValueError as error:
        raise ValueError(
            f"{name} {_have(name)} shape {numbers.shape}: expected {shape}, or a part that stretches to it"
        ) from error


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


def as_whole(value: Any, name: str = "the value", low: int = 0) -> int:
    """A whole number from ``low`` on.

    Raises
    ------
    ValueError
        It is none, such as 2.5, "2" or True, or below ``low``.

    >>> as_whole(2.5, "every", low=1)
    Traceback (most recent call last):
    ValueError: every is 2.5: expected a whole number, at least 1
    """
    try:
        number = low - 1 if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = low - 1
    if number < low:
        raise ValueError(f"{name} is {value!r}: expected a whole number, at least {low}")
    return number


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


def require_length(values: Sized, n: int, name: str, of: str) -> None:
    """Refuse rows of another number than what they belong to.

    Raises
    ------
    ValueError
        There are more or fewer.

    >>> require_length([1.0], 2, "the means", "sizes")
    Traceback (most recent call last):
    ValueError: the means are 1 for 2 sizes: expected one for each
    """
    if len(values) != n:
        raise ValueError(f"{name} are {len(values)} for {n} {of}: expected one for each")


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


def _require_symmetric(matrix: Array, name: str) -> None:
    gap = np.abs(matrix - matrix.T)
    if gap.max() > ASYMMETRY * matrix.max():
        row, column = np.unravel_index(gap.argmax(), gap.shape)
        raise ValueError(
            f"{name} {_have(name)} {matrix[row, column]:.4g} from point {row} to {column} and "
            f"{matrix[column, row]:.4g} back: give symmetric distances, such as the mean of both ways"
        )


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
