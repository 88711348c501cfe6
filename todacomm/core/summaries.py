"""From diagrams to numbers and curves."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.clouds import distances, principal_components
from todacomm.core.homology import spanning_tree

Array = NDArray[np.float64]

LONG_BAR_SHARE = 0.03
"""A long H1 bar exceeds this share of the largest distance (the actopo package's count)."""
CURVE_POINTS = 200
EXPANSION_RATIOS = {
    "expansion_ratio": ("h0_mean_lifetime", "embedding"),
    "expansion_ratio_block": ("h0_mean_lifetime", "layer_0"),
    "expansion_ratio_norm": ("h0_total_norm", "embedding"),
}
"""Ratio -> the metric whose peak over layers it takes, and the layer whose value it divides by."""


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
        Of the finite bars, with lifetimes ``l = death - birth``, ``n'`` distinct points and their median distance
        ``m'``; where there is a third diagram, ``h2_*`` are as ``h1_*``.

        * ``h0_total_persistence``: ``sum(l)`` over H0, the length of the minimum spanning tree of the distinct points.
        * ``h0_max_lifetime``: ``max(l)`` over H0, the longest edge of that tree.
        * ``h0_mean_lifetime``: ``sum(l) / (n' - 1)`` over H0.
        * ``h0_count``: ``#{l > 0}`` over H0, that is ``n' - 1``.
        * ``h0_total_norm``: ``sum(l) / ((n' - 1) m')`` over H0.
        * ``h0_max_norm``: ``max(l) / m'`` over H0.
        * ``h1_total_persistence``: ``sum(l)`` over H1.
        * ``h1_max_lifetime``: ``max(l)`` over H1; 0 without bars.
        * ``h1_count``: ``#{l > 0}`` over H1.
        * ``h1_count_long``: ``#{l > 0.03 max(d)}`` over H1 with ``max(d)`` the largest distance between two points.
        * ``h1_total_norm``: ``sum(l) / (n' m')`` over H1.
        * ``h1_max_norm``: ``max(l) / m'`` over H1; 0 without bars.
        * ``h1_max_ratio``: ``max(death / birth)`` over H1; 1 without bars. It does not change with the scale of a
          noisy loop, and its law under noise hardly depends on the noise (Bobrowski and Skraba 2023, arXiv 2207.03926).

        The bars are those of the Vietoris-Rips filtration (Edelsbrunner, Letscher and Zomorodian 2002,
        doi 10.1007/s00454-002-2885-2; Bauer 2021, arXiv 1908.02518).

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
                prefix + "max_ratio": _largest_ratio(dgm),
                prefix + "count_long": float((lifetimes > LONG_BAR_SHARE * diameter).sum()),
            }
    return values


def persistence_entropy(dgm: Array) -> float:
    """Shannon entropy of the normalised lifetimes over its largest value, ``ln(bars)``; nan under two bars.

    ``-sum(p ln p) / ln(bars)`` with ``p = l / sum(l)``. Scale changes nothing. (Chintakunta et al. 2015, doi
    10.1016/j.patcog.2014.06.023.)

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
    """Alternating sum of the Betti curves, ``1 + sum (-1)^k beta_k``; the 1 is what the reduced H0 curve leaves out.

    The Euler characteristic as far as the degrees computed see it: the whole one only where higher degrees are empty.

    >>> euler_curve([np.array([3.0, 0.0]), np.array([0.0, 1.0])]).tolist()
    [4.0, 0.0]
    """
    curve: Array = 1.0 + np.sum([(-1.0) ** degree * each for degree, each in enumerate(betti)], axis=0)
    return curve


def expansion_ratios(layers: Mapping[str, Mapping[str, float]], degenerate: Sequence[str] = ()) -> dict[str, float]:
    """Peak over layers of the mean H0 lifetime over its value at the start.

    The first two follow the scale of the activations; ``expansion_ratio_norm`` is what is left without it.

    Parameters
    ----------
    layers : mapping
        Layer -> metric -> value, in the order of depth.
    degenerate : sequence of str
        Layers that cannot be a denominator.

    Returns
    -------
    dict of float
        nan where the denominator is missing, degenerate or 0.

        * ``expansion_ratio``: ``max over layers of h0_mean_lifetime / h0_mean_lifetime of embedding``; with all points
          distinct in every layer, the ratio of the H0 totals.
        * ``expansion_ratio_block``: ``max over layers of h0_mean_lifetime / h0_mean_lifetime of layer_0``.
        * ``expansion_ratio_norm``: ``max over layers of h0_total_norm / h0_total_norm of embedding``.

    >>> depth = {"embedding": {"h0_mean_lifetime": 2.0}, "layer_0": {"h0_mean_lifetime": 5.0}, "final": {}}
    >>> expansion_ratios(depth)
    {'expansion_ratio': 2.5, 'expansion_ratio_block': 1.0, 'expansion_ratio_norm': nan}
    """
    ratios = {}
    for name, (metric, start) in EXPANSION_RATIOS.items():
        values = [layer.get(metric, np.nan) for layer in layers.values()]
        denominator = layers.get(start, {}).get(metric, np.nan)
        sound = start not in degenerate and denominator > 0.0
        ratios[name] = float(np.nanmax(values) / denominator) if sound else np.nan
    return ratios


def expansion_warnings(layers: Mapping[str, Mapping[str, float]], degenerate: Sequence[str] = ()) -> list[str]:
    """Why a ratio of :func:`expansion_ratios` is nan: one sentence for each denominator that cannot be one.

    >>> expansion_warnings({"embedding": {"h0_mean_lifetime": 2.0, "h0_total_norm": 0.5}})
    ['expansion_ratio_block is not defined: layer_0 is not among the layers']
    """
    ratios = expansion_ratios(layers, degenerate)
    starts = {name: start for name, (_, start) in EXPANSION_RATIOS.items() if np.isnan(ratios[name])}
    reasons = []
    for start in dict.fromkeys(starts.values()):
        names = [name for name, its_start in starts.items() if its_start == start]
        if start not in layers:
            why = f"{start} is not among the layers"
        elif start in degenerate:
            why = f"the cloud of {start} is degenerate"
        else:
            why = f"{start} has no H0 to divide by"
        reasons.append(f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not defined: {why}")
    return reasons


def published_h0_total(cloud: ArrayLike, pca: int = 50) -> float:
    """H0 total as todacomm 0.1.0 counts it: the essential bar enters as ``max(birth) + 1``, that is 1.

    PCA to 50 components where there are more dimensions, duplicates left in. It works in float32 and draws 500 points
    of more; here all are taken, in float64.

    >>> published_h0_total([[0.0], [3.0], [4.0]])
    5.0
    """
    points = np.asarray(cloud, dtype=np.float64)
    if points.shape[1] > pca:
        points = principal_components(points, pca).scores
    return float(spanning_tree(distances(points))[:, 1].sum()) + 1.0


def published_ratio(token_embeddings: ArrayLike, layers: Iterable[ArrayLike], pca: int = 50) -> float:
    """todacomm 0.1.0's expansion ratio: the largest of its H0 totals over that of the token embeddings.

    ``max(H0 totals) / H0 total of the token embeddings``, with 1 added to every total for the bar that never dies.

    Parameters
    ----------
    token_embeddings : array, shape (n_points, n_dims)
        Rows of the embedding matrix at the pooled tokens, without positions: its layer ``embedding``.
    layers : iterable of array, shape (n_points, n_dims)
        Its other layers, Transformers' ``hidden_states[1:]``: the output of every block, of the last one after the
        final norm where there is one.

    Returns
    -------
    float
        At least 1, since its peak may be the embedding itself.
    """
    start = published_h0_total(token_embeddings, pca)
    return max([start, *(published_h0_total(cloud, pca) for cloud in layers)]) / start


def _largest_ratio(dgm: Array) -> float:
    """Largest death over birth; 1 without bars. Bars born at 0 (coinciding points) have no ratio."""
    born = dgm[dgm[:, 0] > 0.0]
    return float((born[:, 1] / born[:, 0]).max(initial=1.0))
