"""From diagrams to numbers and curves."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.clouds import distances, principal_components
from todacomm.core.homology import spanning_tree

Array = NDArray[np.float64]

LONG_BAR_SHARE = 0.03
"""A long H1 bar exceeds this share of the largest distance (the actopo package's count)."""
CURVE_POINTS = 200


def diagram_metrics(diagrams: Sequence[Array], n_distinct: int, median: float, diameter: float) -> dict[str, float]:
    """The numbers of a layer's diagrams, raw and scale-free.

    Parameters
    ----------
    diagrams : sequence of ndarray, shape (bars, 2)
        By degree; degree 0 reduced.
    n_distinct : int
        Distinct points, ``n'``.
    median : float
        Median distance among distinct points, ``m'``: the unit of everything that ends in ``_norm``.
    diameter : float
        Largest distance.

    Returns
    -------
    dict of float
        ``h0_*``, ``h1_*`` and, where there is a third diagram, ``h2_*``.

    >>> square = [np.array([[0.0, 1.0]] * 3), np.array([[1.0, np.sqrt(2.0)]])]
    >>> values = diagram_metrics(square, 4, 1.0, np.sqrt(2.0))
    >>> values["h0_total_persistence"], values["h0_total_norm"], round(values["h1_max_ratio"], 3)
    (3.0, 1.0, 1.414)
    """
    values: dict[str, float] = {}
    for degree, dgm in enumerate(diagrams):
        lifetimes = dgm[:, 1] - dgm[:, 0]
        total = float(lifetimes.sum())
        longest = float(lifetimes.max(initial=0.0))
        prefix = f"h{degree}_"
        values |= {
            prefix + "total_persistence": total,
            prefix + "max_lifetime": longest,
            prefix + "count": float(len(dgm)),
            prefix + "max_norm": longest / median,
            prefix + "entropy": persistence_entropy(dgm),
        }
        if degree == 0:
            values["h0_mean_lifetime"] = total / (n_distinct - 1)
            values["h0_total_norm"] = values["h0_mean_lifetime"] / median
        else:
            values |= {
                prefix + "total_norm": total / (n_distinct * median),
                prefix + "max_ratio": float((dgm[:, 1] / dgm[:, 0]).max(initial=1.0)),
                prefix + "count_long": float((lifetimes > LONG_BAR_SHARE * diameter).sum()),
            }
    return values


def persistence_entropy(dgm: Array) -> float:
    """Shannon entropy of the normalised lifetimes over its largest value, ``ln(bars)``; nan under two bars.

    ``-sum p ln p / ln(bars)`` with ``p = l / sum(l)``. Scale changes nothing. (Chintakunta et al. 2015.)

    >>> float(round(persistence_entropy(np.array([[4.0, 6.0], [2.0, 6.0]])) * np.log(2), 8))
    0.63651417
    """
    lifetimes = dgm[:, 1] - dgm[:, 0]
    lifetimes = lifetimes[lifetimes > 0.0]
    if len(lifetimes) < 2:
        return np.nan
    share = lifetimes / lifetimes.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(share)))


def curve_scale(diagrams: Sequence[Array], points: int = CURVE_POINTS) -> Array:
    """The distances at which curves are read: evenly from 0 to just beyond the last finite death."""
    last = max((float(dgm[:, 1].max()) for dgm in diagrams if len(dgm)), default=1.0)
    return np.linspace(0.0, 1.05 * last, points)


def betti_curve(dgm: Array, scale: ArrayLike) -> Array:
    """``beta(e) = #{birth <= e < death}`` on a grid of distances, shape ``(points,)``.

    >>> betti_curve(np.array([[0.0, 1.0], [0.5, 2.0]]), [0.0, 0.5, 1.0, 2.0]).tolist()
    [1.0, 2.0, 1.0, 0.0]
    """
    born = np.searchsorted(np.sort(dgm[:, 0]), scale, side="right")
    dead = np.searchsorted(np.sort(dgm[:, 1]), scale, side="right")
    return (born - dead).astype(np.float64)


def euler_curve(betti: Sequence[Array]) -> Array:
    """Alternating sum of Betti curves up to the highest degree computed; the reduced H0 curve counts one more.

    >>> euler_curve([np.array([3.0, 0.0]), np.array([0.0, 1.0])]).tolist()
    [4.0, 0.0]
    """
    curve: Array = 1.0 + np.sum([(-1.0) ** degree * each for degree, each in enumerate(betti)], axis=0)
    return curve


def expansion_ratios(layers: Mapping[str, Mapping[str, float]], degenerate: Sequence[str] = ()) -> dict[str, float]:
    """Peak over layers of the mean H0 lifetime over its value at the start.

    Parameters
    ----------
    layers : mapping
        Layer -> metric -> value, in the order of depth.
    degenerate : sequence of str
        Layers that cannot be a denominator.

    Returns
    -------
    dict of float
        ``expansion_ratio`` (denominator ``embedding``), ``expansion_ratio_block`` (``layer_0``) and
        ``expansion_ratio_norm`` (of the scale-free value, denominator ``embedding``); nan where the denominator is
        missing, degenerate or 0.
    """

    def ratio(metric: str, start: str) -> float:
        values = [layer.get(metric, np.nan) for layer in layers.values()]
        below = layers.get(start, {}).get(metric, np.nan)
        if start in degenerate or not below > 0.0:
            return np.nan
        return float(np.nanmax(values) / below)

    return {
        "expansion_ratio": ratio("h0_mean_lifetime", "embedding"),
        "expansion_ratio_block": ratio("h0_mean_lifetime", "layer_0"),
        "expansion_ratio_norm": ratio("h0_total_norm", "embedding"),
    }


def published_h0_total(cloud: ArrayLike, pca: int = 50) -> float:
    """H0 total as todacomm 0.1.0 counts it: the essential bar enters as ``max(birth) + 1``, that is 1.

    PCA to 50 components where there are more dimensions, duplicates left in.
    """
    points = np.asarray(cloud, dtype=np.float64)
    if pca and points.shape[1] > pca:
        points = principal_components(points, pca).scores
    tree = spanning_tree(distances(points))
    return float(tree[:, 1].sum()) + 1.0
