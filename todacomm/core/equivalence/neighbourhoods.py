"""Which texts moved: the share of each text's nearest neighbours that another model does not have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.similarity.representations import NEIGHBOURS, nearest


def neighbours_lost(base: Array, candidate: Array, k: int = NEIGHBOURS) -> Array:
    """Share of each text's k nearest neighbours in the base that are not among its k nearest in the candidate.

    Its mean is ``1 -`` :func:`todacomm.core.similarity.knn_overlap`; texts paired at random lose
    ``1 - k / (n_points - 1)`` on average.

    Parameters
    ----------
    base, candidate : ndarray, shape (n_points, n_points)
        Distances of the same texts in the same order.

    Returns
    -------
    ndarray, shape (n_points,)

    Raises
    ------
    ValueError
        The numbers of texts differ, or there are no k other points.

    >>> line = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    >>> moved = line[np.ix_([0, 1, 3, 2], [0, 1, 3, 2])]
    >>> neighbours_lost(line, moved, k=1).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    if base.shape != candidate.shape:
        raise ValueError(f"distances of {len(base)} and of {len(candidate)} texts: expected the same texts in both")
    ours, theirs = nearest(base, k), nearest(candidate, k)
    member = np.zeros(base.shape, dtype=bool)
    np.put_along_axis(member, theirs, True, axis=1)
    lost: Array = 1.0 - np.take_along_axis(member, ours, axis=1).mean(axis=1)
    return lost


def most_changed(lost: ArrayLike, layers: Sequence[str], n_texts: int = 10) -> list[dict[str, Any]]:
    """The texts that lost most neighbours on the mean over layers, most first.

    Parameters
    ----------
    lost : array, shape (n_layers, n_points)
        From :func:`neighbours_lost`; a layer of nan has no say.
    layers : sequence of str
    n_texts : int
        Texts to list.

    Returns
    -------
    list of dict
        ``text`` (its row in the clouds), ``lost`` (mean over layers), ``rank`` from 1, and in ``layer`` and
        ``lost_in_layer`` where it lost most.

    >>> most_changed([[0.0, 0.5, 0.2], [0.1, 0.9, 0.0]], ["layer_0", "layer_1"], 1)
    [{'text': 1, 'lost': 0.7, 'rank': 1, 'layer': 'layer_1', 'lost_in_layer': 0.9}]
    """
    table = np.asarray(lost, dtype=np.float64)
    defined = np.flatnonzero(np.isfinite(table).all(axis=1))
    if not len(defined):
        return []
    names, table = [layers[int(row)] for row in defined], table[defined]
    mean = table.mean(axis=0)
    worst = table.argmax(axis=0)
    return [
        {
            "text": int(text),
            "lost": float(mean[text]),
            "rank": rank,
            "layer": names[worst[text]],
            "lost_in_layer": float(table[worst[text], text]),
        }
        for rank, text in enumerate(np.argsort(-mean, kind="stable")[:n_texts], start=1)
    ]
