"""Whether a bar may be a gap that so many points leave by chance: dimension at its scale, universal law of noise."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from todacomm.core.clouds import condensed
from todacomm.core.inference.adjustment import universal_p_values
from todacomm.core.loops.cocycles import LoopBar

Array = NDArray[np.float64]


def scale_dimension(distances: Array, bars: Sequence[LoopBar]) -> Array:
    """Correlation dimension of the cloud between the birth and the death of every bar.

    ``ln(C(death) / C(birth)) / ln(death / birth)`` with ``C(r)`` the number of pairs at most ``r`` apart (Grassberger
    and Procaccia 1983, doi 10.1016/0167-2789(83)90298-1). Where it is low, the cloud is a curve or a surface at that
    scale, and a surface sampled at random has gaps twice as wide as its points are apart. Scale changes nothing.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bars are of.

    Returns
    -------
    ndarray, shape (n_bars,)

    >>> plane = np.stack(np.meshgrid(np.arange(30.0), np.arange(30.0)), axis=-1).reshape(-1, 2)
    >>> bar = LoopBar(3.0, 6.0, np.array([[0, 3]]), np.array([1]))
    >>> scale_dimension(np.linalg.norm(plane[:, None] - plane, axis=-1), (bar,)).round(1).tolist()
    [1.9]
    """
    pairs = np.sort(condensed(np.asarray(distances, dtype=np.float32)))
    ends = np.array([(bar.birth, bar.death) for bar in bars], dtype=np.float32).reshape(-1, 2)
    counts = np.searchsorted(pairs, ends, side="right")
    dimension: Array = np.log(counts[:, 1] / counts[:, 0]) / np.log(ends[:, 1].astype(np.float64) / ends[:, 0])
    return dimension


def noise_p_values(bars: Sequence[LoopBar], dgm: Array) -> Array:
    """P of every bar against the universal law of noise, adjusted over all bars of the diagram.

    :func:`todacomm.core.inference.universal_p_values` of these bars: the other bars of the cloud are the noise. It
    makes no claim where there is none and rejects gaps of surfaces, and it sees no loop under noise of many dimensions.

    Parameters
    ----------
    dgm : ndarray, shape (bars, 2)
        The H1 diagram that the bars are of.

    Returns
    -------
    ndarray, shape (n_bars,)

    >>> dgm = np.array([[1.0, 1.1], [1.0, 1.2], [1.0, 1.3], [1.0, 9.0]])
    >>> bars = [LoopBar(1.0, death, np.array([[0, 1]]), np.array([1])) for death in (9.0, 1.1)]
    >>> noise_p_values(bars, dgm).round(3).tolist()
    [0.081, 1.0]
    """
    p = dict(zip(map(tuple, dgm.tolist()), universal_p_values(dgm).tolist(), strict=True))
    return np.array([p[bar.birth, bar.death] for bar in bars])
