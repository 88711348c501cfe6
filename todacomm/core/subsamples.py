"""A large cloud through random subsets of it: every metric's mean at a size, its spread, and an interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_cloud
from todacomm.core.inference.uncertainty import MIN_DEFINED, Estimate, Z
from todacomm.core.layer import analyze_layer
from todacomm.core.threads import in_threads


@dataclass(frozen=True)
class Subsamples:
    """A cloud measured on random subsets of one size.

    Attributes
    ----------
    size, n_points : int
        Points of a subset and of the cloud.
    values : mapping of ndarray, shape (repeats,)
        Metric -> its value on every subset; nan where it is undefined there.
    """

    size: int
    n_points: int
    values: Mapping[str, Array]

    def summary(self) -> dict[str, Estimate]:
        """Metric -> mean over the subsets with its standard error and 95 % interval.

        The interval is one of the expected value *at this size*, ``mean +/- 1.96 SE`` with
        ``SE^2 = sd^2 (m / (n - m) + 1 / repeats)`` for subsets of ``m`` of ``n`` points: the delete-d jackknife (Shao
        and Wu 1989, doi 10.1214/aos/1176347263) and the noise of finitely many subsets. At ``m = n / 2`` it is the
        half-samples' own; for small subsets it is conservative, the mean being a U-statistic whose variance is at most
        ``m / n`` of one subset's (Hoeffding 1948). nan where a metric is undefined on more than half of the subsets.
        """
        return {metric: self._estimate(values) for metric, values in self.values.items()}

    def spread(self, metric: str) -> float:
        """Standard deviation of a metric from one sample of this size to another.

        Subsets of one cloud share points and so differ less than samples do: their sd is divided by
        ``sqrt(1 - m / n)``. nan under two subsets or where all points are taken.
        """
        values = _defined(self.values[metric])
        if len(values) < 2 or self.size >= self.n_points:
            return np.nan
        return float(values.std(ddof=1) / np.sqrt(1.0 - self.size / self.n_points))

    def _estimate(self, values: Array) -> Estimate:
        known = _defined(values)
        if len(known) < max(1, MIN_DEFINED * len(values)):
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        mean, se = float(known.mean()), np.nan
        if len(known) > 1 and self.size < self.n_points:
            shared = self.size / (self.n_points - self.size)
            se = float(known.std(ddof=1) * np.sqrt(shared + 1.0 / len(known)))
        return Estimate(mean, se, mean - Z * se, mean + Z * se)


def subsamples(
    cloud: ArrayLike, size: int, repeats: int, rng: np.random.Generator, *, threads: int = 1, **settings: Any
) -> Subsamples:
    """Measure random subsets of a cloud, each as if it were all there is: the way to numbers of a cloud too large.

    Every subset is drawn without replacement and goes through :func:`todacomm.core.layer.analyze_layer`, its PCA
    included. Unlike landmarks, subsets keep the cloud's density, and their spread gives an interval. What they do not
    give is the value of the whole cloud: totals and counts grow with the number of points, gaps shrink, and loops too
    fine for ``size`` points do not appear. Compare only clouds measured at the same size.

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)
    size : int
        Points of a subset; all of them give one value without spread.
    repeats : int
        Subsets.
    settings
        Keywords of :func:`todacomm.core.layer.analyze_layer`.

    Raises
    ------
    ValueError
        The cloud is no matrix of numbers, ``size`` is below 4 or above the number of points, or ``repeats`` below 1.

    >>> rng = np.random.default_rng(0)
    >>> estimate = subsamples(rng.normal(size=(400, 3)), 100, 20, rng).summary()["twonn_dimension"]
    >>> estimate.lo < 3.0 < estimate.hi
    True
    """
    points = as_cloud(cloud)
    if not 4 <= size <= len(points):
        raise ValueError(f"subsets of {size} points of {len(points)}: expected 4 to {len(points)}")
    if repeats < 1:
        raise ValueError(f"{repeats} subsets: expected at least 1")
    chosen = [
        np.sort(rng.choice(len(points), size, replace=False)) for _ in range(repeats if size < len(points) else 1)
    ]
    measured = list(in_threads(lambda rows: analyze_layer(points[rows], **settings).metrics, chosen, threads))
    names = dict.fromkeys(name for metrics in measured for name in metrics)
    values = {name: np.array([metrics.get(name, np.nan) for metrics in measured]) for name in names}
    return Subsamples(size, len(points), values)


def _defined(values: Array) -> Array:
    finite: Array = values[np.isfinite(values)]
    return finite
