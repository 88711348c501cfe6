"""Planes of principal components turned from layer to layer, so that points move no more than they must."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from todacomm.core.arrays import Array


def rotation_onto(moving: Array, fixed: Array) -> Array:
    """The orthogonal ``Q`` that brings ``moving @ Q`` nearest to ``fixed`` (orthogonal Procrustes, Schoenemann 1966).

    ``Q = U V^T`` with ``U S V^T`` the singular value decomposition of ``moving^T fixed``: a rotation, or a reflection.
    Clouds are used as they come: centre them and divide them by their size first where those shall not count.

    Parameters
    ----------
    moving, fixed : ndarray, shape (n_points, n_dims)

    Returns
    -------
    ndarray, shape (n_dims, n_dims)

    >>> square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> rotation_onto(square, square @ quarter).round(9).tolist() == quarter.tolist()
    True
    """
    left, _, right = np.linalg.svd(moving.T @ fixed)
    return left @ right


def unit_size(cloud: Array) -> Array:
    """A cloud around its centroid, divided by its root mean square radius; zero where all points coincide.

    >>> unit_size(np.array([[0.0], [4.0]])).ravel().tolist()
    [-1.0, 1.0]
    """
    centred = np.asarray(cloud, dtype=np.float64) - np.mean(cloud, axis=0)
    size = np.sqrt((centred**2).sum(axis=1).mean())
    return np.zeros_like(centred) if size == 0.0 else centred / size


def planes(n_components: int) -> list[tuple[int, int]]:
    """Every pair of components, in the order in which their turns are handed over.

    >>> planes(3)
    [(0, 1), (0, 2), (1, 2)]
    """
    return list(combinations(range(n_components), 2))


def turns_over_depth(layers: Sequence[Array]) -> list[Array]:
    """How each layer's planes are turned onto those of the layer before.

    In every plane of two components the first layer stays as it is. Size does not count. Layers whose rows are not
    finite stay as they are, and the next layer looks past them.

    Parameters
    ----------
    layers : sequence of ndarray, shape (n_points, n_components)
        Scores in the order of depth.

    Returns
    -------
    list of ndarray, shape (n_planes, 2, 2)
        ``scores[:, plane] @ turn`` are the aligned coordinates, planes as in :func:`planes`.
    """
    if not layers:
        return []
    pairs = planes(layers[0].shape[1])
    turns = [np.tile(np.eye(2), (len(pairs), 1, 1)) for _ in layers]
    for plane, pair in enumerate(pairs):
        before: Array | None = None
        for layer, cloud in enumerate(layers):
            flat = unit_size(cloud[:, pair])
            if not np.isfinite(flat).all():
                continue
            if before is not None:
                turns[layer][plane] = rotation_onto(flat, before)
            before = flat @ turns[layer][plane]
    return turns
