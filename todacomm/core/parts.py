"""Views of subsets of a cloud's rows, such as half-samples: looked up in the whole, not computed again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.core.arrays import Array, Indices
from todacomm.core.matrices import eigenvalues
from todacomm.core.view import View, once


class Parts:
    """Subsets of a cloud's rows, all of one size.

    Distances and products of rows are formed once for the whole, means over the rows by one product of matrices for all
    parts. Components and standardisation are those of the whole, spectra those of the part.

    Parameters
    ----------
    whole : View
        Without landmarks: half of the texts is no half of them.
    rows : ndarray of int, shape (n_parts, n_rows)
    """

    def __init__(self, whole: View, rows: Indices) -> None:
        self.whole, self.rows = whole, rows
        zero = whole.norms == 0.0
        directions = np.divide(whole.raw, whole.norms[:, None], out=np.zeros_like(whole.raw), where=~zero[:, None])
        self.mean_directions = self._means(directions)  # (n_parts, n_dims)
        self.mean_directions[zero[rows].any(axis=1)] = np.nan
        self.variances = self._variances(whole.raw)  # (n_parts, n_dims)
        self.scores_variances = self._variances(whole.scores).sum(axis=1)  # (n_parts,)
        self.distances = whole.distances  # (n_points, n_points)
        self.representative = whole.distinct[self.distances[:, whole.distinct].argmin(axis=1)]  # (n_points,)
        self.centred = whole.points - whole.points.mean(axis=0)  # (n_points, n_dims)
        wide = whole.n_dims > rows.shape[1]
        self.products = self.centred @ self.centred.T if wide else None  # (n_points, n_points)

    def __iter__(self) -> Iterator["PartView"]:
        return (PartView(self, index) for index in range(len(self.rows)))

    def _means(self, values: Array) -> Array:
        """Means over the rows of every part, shape (n_parts, ...)."""
        member = np.zeros((len(self.rows), len(values)))
        np.put_along_axis(member, self.rows, 1.0, axis=1)
        means: Array = member @ values / self.rows.shape[1]
        return means

    def _variances(self, values: Array) -> Array:
        """Variance of every coordinate over the rows of every part, shape (n_parts, n_coordinates)."""
        centred = values - values.mean(axis=0)
        return self._means(centred**2) - self._means(centred) ** 2


def _at_rows(name: str) -> Any:
    """The part's rows of an attribute of the whole."""
    return once(lambda part: getattr(part.parts.whole, name)[part.rows])


def _entry(name: str) -> Any:
    """The part's entry in what :class:`Parts` holds of all parts."""
    return once(lambda part: getattr(part.parts, name)[part.index])


def _of_whole(name: str) -> Any:
    return once(lambda part: getattr(part.parts.whole, name))


@dataclass(frozen=True)
class PartView(View):
    """One of the :class:`Parts` of a cloud."""

    parts: Parts
    index: int
    landmarks = None
    rows = _entry("rows")  # in the whole, shape (n_points,)
    mean_direction, variances = _entry("mean_directions"), _entry("variances")
    scores_variance = _entry("scores_variances")
    raw, points, scores, norms = _at_rows("raw"), _at_rows("points"), _at_rows("scores"), _at_rows("norms")
    maxdim, engine, n_dims = _of_whole("maxdim"), _of_whole("engine"), _of_whole("n_dims")

    @once
    def n_points(self) -> int:
        return len(self.rows)

    @once
    def distinct(self) -> Indices:
        """Rows of the whole that stand for its distinct rows."""
        return np.unique(self.parts.representative[self.rows])

    @once
    def eigenvalues(self) -> Array:
        """From the smaller of the two Gram matrices: of rows, looked up and centred, or of coordinates."""
        parts, rows = self.parts, self.rows
        if parts.products is not None:
            gram = parts.products[np.ix_(rows, rows)]
            means = gram.mean(axis=0)
            gram = gram - means - means[:, None] + means.mean()
        else:
            subset = parts.centred[rows]
            subset = subset - subset.mean(axis=0)
            gram = subset.T @ subset
        values: Array = eigenvalues(gram)[::-1] / (len(rows) - 1)
        return values.clip(min=0.0)

    @once
    def distances(self) -> Array:
        return self.parts.distances[np.ix_(self.rows, self.rows)]

    @once
    def among(self) -> Array:
        if np.array_equal(self.distinct, self.rows):
            return self.distances
        return self.parts.distances[np.ix_(self.distinct, self.distinct)]
