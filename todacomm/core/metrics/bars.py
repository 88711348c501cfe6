"""Numbers of a persistence diagram, raw and scale-free: the same functions in every degree.

In the formulas ``l = death - birth`` are the lifetimes of the finite bars of the Vietoris-Rips filtration
(Edelsbrunner, Letscher and Zomorodian 2002, doi 10.1007/s00454-002-2885-2; Bauer 2021, arXiv 1908.02518), ``n'`` is the
number of distinct points and ``m'`` the median distance among them. Degree 0 is reduced.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.checks import as_diagram, as_vector
from todacomm.core.metrics.row import Metric

LONG_BAR_SHARE = 0.03
"""A long bar exceeds this share of the largest distance (the actopo package's count)."""
LIFETIMES = "the lifetimes"
RIPS = ("doi 10.1007/s00454-002-2885-2", "arXiv 1908.02518")


def total_persistence(lifetimes: ArrayLike) -> float:
    """``sum(l)``: in degree 0 the length of the minimum spanning tree of the distinct points.

    >>> total_persistence(np.array([1.0, 1.0, 1.0]))  # the unit square
    3.0
    """
    return float(as_vector(lifetimes, LIFETIMES).sum())


def max_lifetime(lifetimes: ArrayLike) -> float:
    """``max(l)``, 0 without bars: in degree 0 the longest edge of the minimum spanning tree.

    >>> max_lifetime(np.array([1.0, 3.0]))
    3.0
    """
    return float(as_vector(lifetimes, LIFETIMES).max(initial=0.0))


def mean_lifetime(lifetimes: ArrayLike, n_vertices: int) -> float:
    """``sum(l) / (n' - 1)``: the mean edge of the minimum spanning tree of the distinct points.

    >>> mean_lifetime(np.array([1.0, 3.0]), 3)
    2.0
    """
    return total_persistence(lifetimes) / (n_vertices - 1)


def count(lifetimes: ArrayLike) -> float:
    """``#{l > 0}``: in degree 0 ``n' - 1``.

    >>> count(np.array([1.0, 3.0]))
    2.0
    """
    return float(len(as_vector(lifetimes, LIFETIMES)))


def mean_lifetime_norm(lifetimes: ArrayLike, n_vertices: int, unit: float) -> float:
    """``sum(l) / ((n' - 1) m')``: :func:`mean_lifetime` in units of the median distance.

    >>> mean_lifetime_norm(np.array([1.0, 3.0]), 3, 4.0)
    0.5
    """
    return mean_lifetime(lifetimes, n_vertices) / unit


def total_norm(lifetimes: ArrayLike, n_vertices: int, unit: float) -> float:
    """``sum(l) / (n' m')``: :func:`total_persistence` in units of points times median distance.

    >>> total_norm(np.array([1.0, 3.0]), 4, 2.0)
    0.5
    """
    return total_persistence(lifetimes) / (n_vertices * unit)


def max_norm(lifetimes: ArrayLike, unit: float) -> float:
    """``max(l) / m'``, 0 without bars.

    >>> max_norm(np.array([1.0, 3.0]), 2.0)
    1.5
    """
    return max_lifetime(lifetimes) / unit


def max_ratio(dgm: ArrayLike) -> float:
    """``max(death / birth)``, 1 without bars; bars born at 0 have no ratio.

    It does not change with the scale of a noisy loop, and its law under noise hardly depends on the noise (Bobrowski
    and Skraba 2023, arXiv 2207.03926).

    >>> max_ratio(np.array([[2.0, 3.0], [1.0, 4.0]]))
    4.0
    """
    bars = as_diagram(dgm)
    born = bars[bars[:, 0] > 0.0]
    return float((born[:, 1] / born[:, 0]).max(initial=1.0))


def count_long(lifetimes: ArrayLike, diameter: float) -> float:
    """``#{l > 0.03 max(d)}`` with ``max(d)`` the largest distance between two points.

    >>> count_long(np.array([0.029, 0.031]), 1.0)
    1.0
    """
    return float((as_vector(lifetimes, LIFETIMES) > LONG_BAR_SHARE * diameter).sum())


def persistence_entropy(dgm: ArrayLike) -> float:
    """Shannon entropy of the normalised lifetimes over its largest value, ``ln(bars)``; nan under two bars.

    ``-sum(p ln p) / ln(bars)`` with ``p = l / sum(l)``. Scale changes nothing. (Chintakunta et al. 2015, doi
    10.1016/j.patcog.2014.06.023.)

    >>> float(round(persistence_entropy(np.array([[4.0, 6.0], [2.0, 6.0]])) * np.log(2), 8))
    0.63651417
    """
    bars = as_diagram(dgm)
    lifetimes = bars[:, 1] - bars[:, 0]
    lifetimes = lifetimes[lifetimes > 0.0]
    if len(lifetimes) < 2:
        return np.nan
    share = lifetimes / lifetimes.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(share)))


def reproduction(left: ArrayLike) -> float:
    """``mean over half-samples of max(0, death - b_A) / (death - birth)`` of the longest H1 bar.

    ``b_A`` is the scale from which on the bar's class is there on half-sample A: the double cover of its cocycle
    decides, see :func:`todacomm.core.loops.life_left`. nan without a bar or half-samples. The idea is that of
    prevalence (Reani and Bobrowski 2021, arXiv 2101.00698).

    >>> reproduction(np.array([1.0, 0.5]))
    0.75
    """
    shares = as_vector(left, "the shares of life")
    return float(shares.mean()) if len(shares) else float("nan")


_TOTAL = Metric(
    compute=total_persistence, needs=("lifetimes",), degree=0, group="tda", label="H0 total persistence",
    units="distance", meaning="Length of the minimum spanning tree: the sum of all finite H0 lifetimes.",
    source=RIPS, scale_free=False, grows=True, table="raw",
)  # fmt: skip
_LONGEST = Metric(
    compute=max_lifetime, needs=("lifetimes",), degree=0, group="tda", label="H0 longest lifetime", units="distance",
    meaning="Longest finite H0 bar: the widest gap between two groups of points. A single point far out "
    "decides it: it has no interval.",
    source=RIPS, twin="h0_max_norm", scale_free=False, interval=False, table="raw",
)  # fmt: skip
_LONGEST_NORM = Metric(
    compute=max_norm, needs=("lifetimes", "unit"), degree=0, group="tda", label="H0 longest lifetime / median distance",
    short="H0 longest / median distance", units="-",
    meaning="Widest gap in units of the median distance. A single point far out decides it: it has no interval.",
    source=RIPS, interval=False, near_zero=True, table="shape",
)  # fmt: skip
_ENTROPY = Metric(
    compute=persistence_entropy, needs=("dgm",), degree=0, group="tda", label="H0 persistence entropy", units="0..1",
    meaning="Evenness of the H0 lifetimes: 1 where all are equal. Its interval is conservative.",
    undefined="it takes two bars", source=("doi 10.1016/j.patcog.2014.06.023",), conservative=True, table="shape",
)  # fmt: skip

BAR_METRICS: dict[str, Metric] = {
    "h0_total_persistence": _TOTAL,
    "h0_max_lifetime": _LONGEST,
    "h0_mean_lifetime": Metric(
        compute=mean_lifetime, needs=("lifetimes", "n_vertices"), degree=0, group="tda", label="H0 mean lifetime",
        units="distance", meaning="Mean edge of the minimum spanning tree of the distinct points.", source=RIPS,
        twin="h0_total_norm", scale_free=False, table="raw"),
    "h0_count": Metric(
        compute=count, needs=("lifetimes",), degree=0, group="tda", label="H0 bars", units="-",
        meaning="Distinct points less one; it says nothing about shape.", source=RIPS, interval=False, table="raw"),
    "h0_total_norm": Metric(
        compute=mean_lifetime_norm, needs=("lifetimes", "n_vertices", "unit"), degree=0, group="tda",
        label="H0 mean lifetime / median distance", short="H0 mean / median distance", units="-",
        meaning="Mean H0 lifetime in units of the median distance: how evenly the points are spread, whatever their "
        "scale.",
        reading="Small: structure finer than the covariance knows, most often clusters. Near the rotation null's band: "
        "spread as evenly as a Gaussian of that covariance.",
        below="the points have structure finer than their covariance",
        above="the points are spread more evenly than their covariance explains",
        source=RIPS, null_tail="two-sided", compared=True, main=True, table="shape"),
    "h0_max_norm": _LONGEST_NORM,
    "h0_entropy": _ENTROPY,
    "h1_total_persistence": replace(
        _TOTAL, degree=1, label="H1 total persistence", short="H1 total persistence",
        meaning="Sum of all H1 lifetimes; noise alone has plenty.", definition="Sum of all H1 lifetimes.",
        twin="h1_total_norm"),
    "h1_max_lifetime": replace(
        _LONGEST, degree=1, label="H1 longest lifetime", short="H1 longest lifetime",
        meaning="Longest H1 bar.", twin="h1_max_norm", interval=True),
    "h1_count": Metric(
        compute=count, needs=("lifetimes",), degree=1, group="tda", label="H1 bars", units="-",
        meaning="Number of H1 bars; pure noise has one for every point or two.", definition="Number of H1 bars.",
        reading="Gaussian noise in 50 dimensions has 75 bars among 75 points and 972 among 500: a count alone proves "
        "nothing.",
        source=RIPS, grows=True, table="raw"),
    "h1_count_long": Metric(
        compute=count_long, needs=("lifetimes", "diameter"), degree=1, group="tda",
        label="H1 bars over 3 % of the diameter", units="-",
        meaning="H1 bars longer than .03 of the largest distance; a Gaussian of the same covariance has them too.",
        definition="H1 bars longer than .03 of the largest distance.",
        reading="Only beside the rotated clouds' count: what they have is explained by the covariance.",
        source=RIPS, interval=False, null_tail="upper", table="shape"),
    "h1_total_norm": Metric(
        compute=total_norm, needs=("lifetimes", "n_vertices", "unit"), degree=1, group="tda",
        label="H1 total / (points x median distance)", short="H1 total per point / median distance", units="-",
        meaning="H1 total in units of points times median distance; low where points lie in clusters or along a curve.",
        definition="H1 total in units of points times median distance.",
        reading="Small: clusters, heavy tails or points along a curve, and not fewer loops.",
        below="structure finer than the covariance knows, such as clusters, heavy tails or points along a curve, and "
        "not fewer loops",
        above="H1 bars are longer in sum than the covariance explains, which singles out no one loop",
        source=RIPS, grows=True, null_tail="two-sided", compared=True, table="shape"),
    "h1_max_norm": replace(
        _LONGEST_NORM, degree=1, label="H1 longest lifetime / median distance", short="H1 longest / median distance",
        meaning="Longest H1 bar in units of the median distance.",
        reading="With an adjusted p of at most .05 the bar is longer than the covariance explains: necessary for a "
        "loop, and not sufficient, for a curved sheet without any loop has such a bar too.",
        interval=True, null_tail="upper", compared=True, main=True),
    "h1_max_reproduction": Metric(
        compute=reproduction, needs=("left",), degree=1, of="halves", group="tda",
        label="Reproduction of the longest H1 bar", short="H1 reproduction", units="0..1",
        meaning="Mean share of the life of the longest H1 bar that is left on random halves of the texts. Its interval "
        "holds the middle 90 % of the halves.",
        reading="Below .5 few texts make the bar, and other texts would not show it. From .5 on it may be a loop, "
        "where neither the covariance explains its length nor a few clusters of texts make it.",
        source=("arXiv 2101.00698",), interval=False),
    "h1_max_ratio": Metric(
        compute=max_ratio, needs=("dgm",), degree=1, group="tda", label="H1 largest death/birth", units="-",
        meaning="Largest ratio of death to birth of an H1 bar; 1 where there is none.",
        source=("arXiv 2207.03926",), null_tail="upper"),
    "h1_entropy": replace(
        _ENTROPY, degree=1, label="H1 persistence entropy", short="H1 persistence entropy",
        meaning="Evenness of the H1 lifetimes: 1 where all are equal. Its interval is conservative.",
        definition="Evenness of the H1 lifetimes: 1 where all are equal.", over_training=True),
}  # fmt: skip
"""Degree 2 has those of degree 1 under ``h2_``, see :func:`todacomm.core.metrics.metric_of`."""
