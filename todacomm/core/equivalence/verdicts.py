"""Same, different or undecided: where simultaneous intervals lie against a margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array, Bools
from todacomm.core.checks import as_cells
from todacomm.core.equivalence.simultaneous import Simultaneous
from todacomm.core.metrics import LAYER_METRICS

Verdicts = NDArray[np.str_]

SAME, DIFFERENT, UNDECIDED, UNDEFINED = "same", "different", "undecided", "undefined"
MARGIN = 0.05


@dataclass(frozen=True)
class Margins:
    """How far metrics may differ and still be called the same.

    Attributes
    ----------
    metrics : tuple of str
    size : ndarray, shape (n_metrics,)
        As a share of the base's value, or absolute.
    relative : ndarray of bool, shape (n_metrics,)
    """

    metrics: tuple[str, ...]
    size: Array
    relative: Bools


def shape_margins(metrics: Sequence[str], sizes: Mapping[str, float] | float = MARGIN) -> Margins:
    """Margins of layer metrics: relative to the base, absolute for shares, cosines and longest bars.

    5 % is a twentieth of the base's value, of the range of a share or cosine, of the median distance for a bar.

    Parameters
    ----------
    metrics : sequence of str
        Names in :data:`todacomm.core.metrics.LAYER_METRICS`.
    sizes : mapping or float
        Metric -> margin, 5 % for those left out; or one number for all.

    Raises
    ------
    ValueError
        A metric is unknown or not among those compared, or a margin is not positive.

    >>> margins = shape_margins(["twonn_dimension", "mean_cosine"], {"twonn_dimension": 0.1})
    >>> margins.size.tolist(), margins.relative.tolist()
    ([0.1, 0.05], [True, False])
    """
    own = sizes if isinstance(sizes, Mapping) else dict.fromkeys(metrics, sizes)
    unknown = [name for name in metrics if name not in LAYER_METRICS]
    if unknown:
        raise ValueError(f"unknown metric {unknown[0]!r}: choose {', '.join(LAYER_METRICS)}")
    stray = [name for name in own if name not in metrics]
    if stray:
        raise ValueError(f"a margin for {stray[0]!r}, which is not compared: choose {', '.join(metrics)}")
    size = np.array([own.get(name, MARGIN) for name in metrics])
    if not (size > 0.0).all():
        raise ValueError(f"a margin of {size.min():g}: expected positive numbers, such as {MARGIN}")
    relative = np.array([LAYER_METRICS[name].relative for name in metrics])
    return Margins(tuple(metrics), size, relative)


def cell_verdicts(intervals: Simultaneous, margin: ArrayLike) -> Verdicts:
    """The verdict of every cell.

    * ``same``: the simultaneous interval lies within ``[-margin, margin]``, also where it leaves out 0;
    * ``different``: it lies outside, above the margin or below its negative;
    * ``undecided``: it holds one of the two;
    * ``undefined``: there is no interval.

    The intervals cover all true differences together with 95 %, and where they do no verdict is wrong: with 95 %, no
    cell whose true difference is at most the margin is called different, *and* none whose difference is larger is
    called the same, over all layers and metrics at once. That is equivalence testing by interval inclusion (two
    one-sided tests: Schuirmann 1987, doi 10.1007/BF01068419; in families: Lauzon and Caffo 2009,
    doi 10.1198/tast.2009.0029).

    Parameters
    ----------
    margin : array, broadcast against the cells
        In the units of the differences.

    Returns
    -------
    ndarray of str, shape (*cells)

    Raises
    ------
    ValueError
        The margin is no number, or does not stretch to the cells.
    """
    margin = as_cells(margin, intervals.lo.shape, "the margin")
    same = (intervals.lo >= -margin) & (intervals.hi <= margin)
    different = (intervals.lo > margin) | (intervals.hi < -margin)
    verdicts = np.where(same, SAME, np.where(different, DIFFERENT, UNDECIDED))
    return np.where(np.isfinite(intervals.lo) & np.isfinite(margin), verdicts, UNDEFINED)


def overall(verdicts: ArrayLike, missing: ArrayLike = "") -> str:
    """One verdict of many: different where one is, same where all are, undecided else.

    Cells that are undefined in both runs have no vote. Those undefined in one of them only are undecided: nothing was
    shown to be the same there. With simultaneous verdicts the chance of a false ``different`` of a whole run is at most
    5 %; that of a false ``same`` is far below, because every cell would have to be called so.

    Parameters
    ----------
    verdicts : array of str
    missing : array of str, broadcast against the verdicts
        As in :class:`todacomm.core.equivalence.contrasts.Contrast`.

    >>> overall(["same", "undecided", "different"]), overall(["same", "undefined"], ["", "both"])
    ('different', 'same')
    """
    given = np.asarray(verdicts)
    votes = given[(given != UNDEFINED) | (np.broadcast_to(np.asarray(missing), given.shape) != "both")]
    if not votes.size:
        return UNDEFINED
    if (votes == DIFFERENT).any():
        return DIFFERENT
    return SAME if (votes == SAME).all() else UNDECIDED
