"""Null models and controls: one registry of what is drawn, what it shows, and whether it may have a p-value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_cloud, require_paired

BLOCK = 64
"""Reflections that LAPACK has room to apply at once: the most that it takes."""
Draw = Callable[[Sequence[Array], np.random.Generator], list[Array]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """A null model: how a draw is made, what it shows, and how it may be read.

    Attributes
    ----------
    draw : callable or None
        Clouds of the same texts, one a layer, and a generator in; as many clouds drawn jointly out. None where a draw
        takes a pass of a model.
    space : str
        What is drawn: ``scores``, the space in which distances are taken, of which only the tested metrics are measured
        and many draws are cheap; ``cloud``, the cloud as it came, measured whole; ``model``, another pass of the model.
    changes : mapping
        Of a pass of a model: option of the analysis -> its value in the pass.
    seeded : str
        What a draw's seed decides in the pass: ``weights``, where they are random, or the order of ``tokens``.
    label : str
        What tables and figures call it.
    shows : str
        What a difference from it is due to.
    tested : bool
        Whether it may have a p-value.
    """

    draw: Draw | None = None
    space: Literal["scores", "cloud", "model"]
    changes: Mapping[str, Any] = field(default_factory=dict)
    seeded: Literal["weights", "tokens"] = "weights"
    label: str
    shows: str
    tested: bool = True

    @property
    def needs_pass(self) -> bool:
        """Whether a draw takes a forward pass of a model: clouds from a file have none."""
        return self.space == "model"


def rotation(n_points: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix that leaves the vector of ones alone, uniform among them: of :func:`rotated`.

    Returns
    -------
    ndarray, shape (n_points, n_points)

    >>> matrix = rotation(5, np.random.default_rng(0))
    >>> np.allclose(matrix @ matrix.T, np.eye(5)), np.allclose(matrix @ np.ones(5), 1.0)
    (True, True)
    """
    matrix: Array = _frame(n_points, rng)(_contrasts(np.eye(n_points))) + 1.0 / n_points
    return matrix


def rotated(clouds: Sequence[ArrayLike], rng: np.random.Generator) -> list[Array]:
    """Clouds of the same texts under one random rotation of the text axis: the null of a Gaussian cloud.

    ``X* = O X`` has exactly the mean and the sample covariance of ``X``, and its distribution where the rows are
    Gaussian of any covariance. Draws from N(0, S) would not: they add the sampling noise of a covariance a second time.

    Parameters
    ----------
    clouds : sequence of array, shape (n_points, n_dims)
        In the space in which distances are taken.

    >>> cloud = np.random.default_rng(1).normal(size=(9, 2))
    >>> (drawn,) = rotated([cloud], np.random.default_rng(0))
    >>> np.allclose(np.cov(drawn.T), np.cov(cloud.T))
    True
    """
    checked = _same_texts(clouds)
    frame = _frame(len(checked[0]), rng)
    return [frame(_contrasts(cloud)) + cloud.mean(axis=0) for cloud in checked]


def _frame(n_points: int, rng: np.random.Generator) -> Callable[[Array], Array]:
    """Product with a uniform frame orthogonal to the ones: shape (n_points - 1, n_dims) to (n_points, n_dims).

    The frame is Q of the QR decomposition of a column-centred Gaussian matrix, once the signs of R's diagonal are fixed
    (Mezzadri 2007, arXiv math-ph/0609050). It stays a product of reflections: to write it out takes as long as to find
    them.
    """
    from scipy.linalg import lapack

    if n_points == 1:
        return lambda contrasts: np.zeros((1, contrasts.shape[1]))
    gaussian = rng.standard_normal((n_points, n_points - 1))
    gaussian -= gaussian.mean(axis=0)
    reflections, scales, *_ = lapack.dgeqrf(np.asfortranarray(gaussian), lwork=BLOCK * n_points, overwrite_a=True)
    signs = np.sign(np.diag(reflections))[:, None]

    def product(contrasts: Array) -> Array:
        n_dims = contrasts.shape[1]
        signed = np.zeros((n_points, n_dims), order="F")
        np.multiply(contrasts, signs, out=signed[:-1])
        turned = lapack.dormqr("L", "N", reflections, scales, signed, lwork=BLOCK * n_dims, overwrite_c=True)[0]
        return np.ascontiguousarray(turned)

    return product


def _contrasts(cloud: Array) -> Array:
    """Helmert's contrasts of the rows, each with the mean of those before it: shape (n_points - 1, n_dims).

    The matrix that gives them is orthogonal on what is orthogonal to the ones; nothing is multiplied with it.
    """
    place = np.arange(1.0, len(cloud))[:, None]
    return np.asarray((np.cumsum(cloud[:-1], axis=0) - place * cloud[1:]) / np.sqrt(place * (place + 1.0)))


def permuted_dimensions(clouds: Sequence[ArrayLike], rng: np.random.Generator) -> list[Array]:
    """Clouds with every raw coordinate shuffled over the texts by itself: no dependence between coordinates.

    Descriptive, never with a p: coordinates of real activations do depend on each other, so that the null is known to
    be false; on the scores of a PCA it would fail as N(0, S) does.

    >>> (cloud,) = permuted_dimensions([np.column_stack([np.arange(4.0)] * 2)], np.random.default_rng(0))
    >>> np.sort(cloud, axis=0)[:, 1].tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    return [rng.permuted(cloud, axis=0) for cloud in _same_texts(clouds)]


ROTATION, RANDOM_WEIGHTS = "rotation", "random_weights"
NULLS: dict[str, Null] = {
    ROTATION: Null(
        draw=rotated, space="scores", label="rotations", shows="what a Gaussian cloud of the same covariance lacks"),
    RANDOM_WEIGHTS: Null(
        space="model", changes={"weights": "random", "adapter": ""}, label="random weights",
        shows="what training did"),
    "shuffled_tokens": Null(
        space="model", changes={"likelihood": False}, seeded="tokens", label="shuffled tokens",
        shows="what word order does"),
    "permuted_dimensions": Null(
        draw=permuted_dimensions, space="cloud", label="permuted dimensions",
        shows="what the dependence between coordinates does", tested=False),
}  # fmt: skip


def _same_texts(clouds: Sequence[ArrayLike]) -> list[Array]:
    checked = [as_cloud(cloud) for cloud in clouds]
    for cloud in checked[1:]:
        require_paired(checked[0], cloud, ("the first cloud", "another"))
    return checked
