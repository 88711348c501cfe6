"""Which texts moved: the share of each text's nearest neighbours that another model does not have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_distances, require_length
from todacomm.core.similarity.representations import NEIGHBOURS, nearest


def neighbours_lost(base: ArrayLike, candidate: ArrayLike, k: int = NEIGHBOURS) -> Array:
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
        The numbers of texts differ, there are no k other points, or as :func:`todacomm.core.checks.as_distances`.

    >>> line = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    >>> moved = line[np.ix_([0, 1, 3, 2], [0, 1, 3, 2])]
    >>> neighbours_lost(line, moved, k=1).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    first, second = as_distances(base, "the base's distances"), as_distances(candidate, "the candidate's distances")
    if first.shape != second.shape:
        raise ValueError(f"distances of {len(first)} and of {len(second)} texts: expected the same texts in both")
    ours, theirs = nearest(first, k), nearest(second, k)
    member = np.zeros(first.shape, dtype=bool)
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

    Raises
    ------
    ValueError
        The shares are not those of each layer and text.

    >>> most_changed([[0.0, 0.5, 0.2], [0.1, 0.9, 0.0]], ["layer_0", "layer_1"], 1)
    [{'text': 1, 'lost': 0.7, 'rank': 1, 'layer': 'layer_1', 'lost_in_layer': 0.9}]
    """
    table = as_array(lost, "the shares")
    if table.ndim != 2:
        raise ValueError(f"the shares have shape {table.shape}: expected (n_layers, n_points)")
    require_length(layers, len(table), "the names", "layers")
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
