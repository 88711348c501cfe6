"""What an angle, or a side, goes with: chance-corrected association, permutation p adjusted over the covariates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.checks import as_bools, as_labels, as_vector, require_length
from todacomm.core.inference.adjustment import p_value, step_down_max_t
from todacomm.core.inference.replicates import numbered
from todacomm.core.ranks import average_ranks

Kind = Literal["numeric", "categorical", "circular"]
Statistic = Callable[[Array, Array], Array]

PERMUTATIONS = 999
MIN_POINTS = 10
ON_LINE = 1e-12
"""Share of a variance from which down it is rounding."""


@dataclass(frozen=True, slots=True)
class Association:
    """How far one thing that is known of the points goes with their angle or side.

    Attributes
    ----------
    covariate : str
        Its name.
    kind : str
        ``numeric``, ``categorical`` or ``circular``.
    strength : float
        0 (no more than chance) to 1; nan where it is undefined.
    p, p_adjusted : float
        Of the permutations, alone and over all covariates (step-down max-T); nan where undefined.
    n_points : int
        Points of which both are known.
    undefined : str
        Why there is no number: ``few points``, ``constant`` or ``all different``; empty where there is one.
    """

    covariate: str
    kind: Kind
    strength: float
    p: float
    p_adjusted: float
    n_points: int
    undefined: str = ""


def explain_angle(
    angle: ArrayLike,
    covariates: Mapping[str, ArrayLike],
    rng: np.random.Generator,
    *,
    kinds: Mapping[str, Kind] | None = None,
    permutations: int = PERMUTATIONS,
    clusters: Sequence[object] | None = None,
) -> list[Association]:
    """Association of an angle with each of the things known of the points, strongest first.

    The strength is ``sqrt(max(0, 1 - (1 - R^2) (n - 1) / (n - k)))``, a share of variance corrected for chance, of

    * numeric covariates: their ranks, explained by cos and sin of the angle (``k = 3``; Mardia 1976,
      Biometrika 63, 403): .78 where the covariate rises evenly once around, 1 where it rises and falls as a cosine;
    * categorical ones: the unit vector of the angle, explained by ``k`` groups;
    * circular ones, angles in radians: their unit vector, explained by cos and sin of the angle (``k = 3``).

    Turning or reversing the angle changes nothing, nor does any rising function of a numeric covariate. P-values come
    from permutations of the angle over the points, the same for all covariates, and so hold if the points could be
    exchanged: points of one document are alike in many things at once, and are exchanged together as a cluster.

    Parameters
    ----------
    angle : array, shape (n_points,)
        Radians; points with nan are left out.
    covariates : mapping of array, shape (n_points,)
        Name -> values; nan, infinite and None are unknown.
    kinds : mapping of str, optional
        Of covariates whose type does not say it: numbers are numeric, all else is categorical.
    permutations : int
        The smallest p is ``1 / (permutations + 1)``.
    clusters : sequence, length n_points, optional
        Which cluster each point is of, such as its document: angles move with all of their cluster.

    Returns
    -------
    list of Association
        In falling order of strength, what is undefined last.

    Raises
    ------
    ValueError
        The angles are no row of numbers, a covariate is of another length, a kind is unknown or of no covariate, or a
        covariate has not the numbers that its kind asks for.

    >>> rng = np.random.default_rng(0)
    >>> angle = rng.uniform(0.0, 2.0 * np.pi, 400)
    >>> best, other = explain_angle(angle, {"noise": rng.normal(size=400), "height": np.sin(angle)}, rng)
    >>> best.covariate, round(best.strength, 1), best.p_adjusted, other.p > 0.05
    ('height', 1.0, 0.001, True)
    """
    target = as_vector(angle, "the angles")
    return _explain(target, covariates, kinds or {}, permutations, rng, ANGLE_STATISTICS, clusters)


def explain_sides(
    side: ArrayLike,
    covariates: Mapping[str, ArrayLike],
    rng: np.random.Generator,
    *,
    kinds: Mapping[str, Kind] | None = None,
    permutations: int = PERMUTATIONS,
    clusters: Sequence[object] | None = None,
) -> list[Association]:
    """Association of the two sides of a gap with each of the things known of the points, strongest first.

    The strength is the root of a square corrected for chance, 0 where that is negative, of

    * numeric covariates: ``A = 2 AUC - 1``, the chance that a point of one side has the larger value less the chance of
      the opposite: ``(A^2 - v) / (1 - v)`` with ``v`` its variance without any association (Mann and Whitney 1947);
    * categorical ones: Cramer's ``V^2``, corrected to ``1 - (1 - V^2) (n - 1) / (n - groups)``;
    * circular ones: the share of the variance of their unit vectors that lies between the sides, corrected likewise.

    Parameters, returned list and errors are those of :func:`explain_angle`.

    Parameters
    ----------
    side : array of bool, shape (n_points,)

    >>> side = np.arange(60) < 20
    >>> known = {"place": np.arange(60.0), "parity": np.arange(60) % 2 == 0}
    >>> [(a.covariate, round(a.strength, 2)) for a in explain_sides(side, known, np.random.default_rng(0))]
    [('place', 1.0), ('parity', 0.0)]
    """
    target = as_bools(side, "the sides").astype(np.float64)
    return _explain(target, covariates, kinds or {}, permutations, rng, SIDE_STATISTICS, clusters)


def _explain(
    target: Array,
    covariates: Mapping[str, ArrayLike],
    kinds: Mapping[str, Kind],
    permutations: int,
    rng: np.random.Generator,
    statistics: Mapping[str, Statistic],
    clusters: Sequence[object] | None,
) -> list[Association]:
    strangers = sorted(set(kinds) - set(covariates))
    if strangers:
        raise ValueError(f"a kind is given for {', '.join(strangers)}, and no values: name one of the covariates")
    placed = np.flatnonzero(np.isfinite(target))
    order = _orders(len(placed), permutations, rng, clusters and [clusters[int(point)] for point in placed])
    targets = target[placed][np.vstack([np.arange(len(placed)), order])]
    results: dict[str, Association] = {}
    values: dict[str, Array] = {}
    for name, given in covariates.items():
        codes, known, kind = _coded(name, as_labels(given, name), kinds.get(name), len(target))
        codes, known = codes[placed], known[placed]
        undefined = _undefined(codes[known], kind, targets[0, known])
        results[name] = Association(name, kind, np.nan, np.nan, np.nan, int(known.sum()), undefined)
        if not undefined:
            values[name] = statistics[kind](targets[:, known], codes[known])
    if values:
        observed, draws = np.array([each[0] for each in values.values()]), np.column_stack(list(values.values()))[1:]
        adjusted = step_down_max_t(observed, draws, "upper")
        for name, value, drawn, p_adjusted in zip(values, observed, draws.T, adjusted, strict=True):
            kind, n_points = results[name].kind, results[name].n_points
            strength = float(np.sqrt(min(max(value, 0.0), 1.0)))
            p = p_value(float(value), drawn, "upper")
            results[name] = Association(name, kind, strength, p, float(p_adjusted), n_points)
    return sorted(results.values(), key=lambda one: (bool(one.undefined), -one.strength if not one.undefined else 0.0))


def _orders(n_points: int, n_orders: int, rng: np.random.Generator, clusters: Sequence[object] | None) -> Indices:
    """Whose target each point gets, shape (n_orders, n_points): another's, those of one cluster all of one other's.

    A cluster that gives to a larger one gives more than once, to a smaller one not all.
    """
    if not clusters:
        return rng.permuted(np.tile(np.arange(n_points), (n_orders, 1)), axis=1)
    cluster = numbered(clusters)
    sizes, in_turn = np.bincount(cluster), np.argsort(cluster, kind="stable")
    first = np.cumsum(sizes) - sizes
    place = np.empty(n_points, dtype=np.intp)
    place[in_turn] = np.arange(n_points) - np.repeat(first, sizes)
    givers = rng.permuted(np.tile(np.arange(len(sizes)), (n_orders, 1)), axis=1)[:, cluster]
    return np.asarray(in_turn[first[givers] + place % sizes[givers]])


def _coded(name: str, given: NDArray[Any], kind: Kind | None, n_points: int) -> tuple[Array, Bools, Kind]:
    """Numbers, group numbers or radians of a covariate; which of them are known; its kind."""
    require_length(given, n_points, f"the values of {name}", "points")
    kind = kind or ("numeric" if given.dtype.kind in "iuf" else "categorical")
    if kind == "categorical":
        known = np.array([value is not None and value == value for value in given.tolist()], dtype=np.bool_)
        codes = np.full(n_points, np.nan)
        codes[known] = np.unique(given[known].astype(str), return_inverse=True)[1]
        return codes, known, kind
    if kind not in ("numeric", "circular"):
        raise ValueError(f"{name} is of the unknown kind {kind!r}: choose numeric, categorical or circular")
    try:
        codes = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} has values that are no numbers: its kind is categorical, not {kind}") from error
    return codes, np.isfinite(codes), kind


def _undefined(codes: Array, kind: Kind, target: Array) -> str:
    """Why an association has no number, or nothing."""
    if len(codes) < MIN_POINTS:
        return "few points"
    n_values = len(np.unique(codes))
    if n_values == 1 or np.ptp(target) == 0.0:
        return "constant"
    return "all different" if kind == "categorical" and n_values == len(codes) else ""


def _corrected(share: Array, n_points: int, n_parameters: int) -> Array:
    """A share of variance less what as many parameters explain by chance."""
    corrected: Array = 1.0 - (1.0 - share) * (n_points - 1) / (n_points - n_parameters)
    return corrected


def _by_plane(angles: Array, columns: Array) -> Array:
    """Share of the variance of columns ``(n_points, n_columns)`` explained by cos and sin, for every row of angles.

    Of two angles cos and sin lie on a line, which is all that explains; one angle explains nothing.
    """
    c, s = np.cos(angles), np.sin(angles)
    c, s = c - c.mean(axis=1, keepdims=True), s - s.mean(axis=1, keepdims=True)
    columns = columns - columns.mean(axis=0)
    cc, ss, cs = (c * c).sum(axis=1), (s * s).sum(axis=1), (c * s).sum(axis=1)
    a, b = c @ columns, s @ columns
    explained = (a**2).sum(axis=1) * ss - 2.0 * (a * b).sum(axis=1) * cs + (b**2).sum(axis=1) * cc
    in_plane, on_line, total = cc * ss - cs**2, cc + ss, np.sum(columns**2)
    of_line = _ratio((a**2 + b**2).sum(axis=1), on_line * total, on_line > ON_LINE * len(columns))
    of_plane = _ratio(explained, in_plane * total, in_plane > 0.0)
    return _corrected(np.where(in_plane > ON_LINE * on_line**2, of_plane, of_line), len(columns), 3)


def _between(vectors: Array | NDArray[np.complex128], groups: Array) -> Array:
    """Share of the variance of real or complex numbers, for every row of them, that lies between groups."""
    member = groups[:, None] == np.unique(groups)
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    between = (np.abs(centred @ member) ** 2 / member.sum(axis=0)).sum(axis=1)
    total = (np.abs(centred) ** 2).sum(axis=1)
    return _corrected(_ratio(between, total, total > ON_LINE * len(groups)), len(groups), member.shape[1])


def _ratio(numerator: Array, denominator: Array, where: Bools) -> Array:
    """A ratio, 0 where it has no meaning."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=where)


def _sides_of_numbers(sides: Array, codes: Array) -> Array:
    """Corrected square of ``2 AUC - 1``; 0 where the known points are all on one side."""
    n_points = len(codes)
    on, off = sides.sum(axis=1), n_points - sides.sum(axis=1)
    pairs = np.maximum(on * off, 1.0)
    difference = 2.0 * (sides @ average_ranks(codes) - on * (on + 1.0) / 2.0) / pairs - 1.0
    variance = (n_points + 1.0) / (3.0 * pairs)
    return np.where(on * off > 0.0, (difference**2 - variance) / (1.0 - variance), 0.0)


def _sides_of_groups(sides: Array, codes: Array) -> Array:
    """Corrected Cramer's V^2: for two sides the share of the variance of 0 and 1 that lies between the groups."""
    varies = np.ptp(sides, axis=1) > 0.0
    shares = np.zeros(len(sides))
    shares[varies] = _between(sides[varies], codes)
    return shares


def _sides_of_angles(sides: Array, codes: Array) -> Array:
    vectors = np.exp(1j * codes)
    vectors = vectors - vectors.mean()
    on = sides.sum(axis=1)
    off = len(codes) - on
    between = np.abs(sides @ vectors) ** 2 * (1.0 / np.maximum(on, 1.0) + 1.0 / np.maximum(off, 1.0))
    return _corrected(between / np.sum(np.abs(vectors) ** 2), len(codes), 2)


ANGLE_STATISTICS: dict[str, Statistic] = {
    "numeric": lambda angles, codes: _by_plane(angles, average_ranks(codes)[:, None]),
    "categorical": lambda angles, codes: _between(np.exp(1j * angles), codes),
    "circular": lambda angles, codes: _by_plane(angles, np.column_stack([np.cos(codes), np.sin(codes)])),
}
SIDE_STATISTICS: dict[str, Statistic] = {
    "numeric": _sides_of_numbers,
    "categorical": _sides_of_groups,
    "circular": _sides_of_angles,
}
"""Kind of a covariate -> squared strength for every row of targets, shape (rows, n_points), and its coded values."""
