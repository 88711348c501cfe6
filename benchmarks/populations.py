"""Populations of clouds whose truth is known by drawing from them again and again."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Population = Callable[[np.random.Generator, int], Array]

N_DIMS, WIDTH = 50, 768
_CENTRES = np.random.default_rng(3).normal(size=(5, N_DIMS))


def gaussian(rng: np.random.Generator, n_points: int) -> Array:
    """The same spread in each of 50 directions."""
    return rng.normal(size=(n_points, N_DIMS))


def anisotropic(rng: np.random.Generator, n_points: int) -> Array:
    """Gaussian, the spread of direction r falling as r^-.7."""
    return rng.normal(size=(n_points, N_DIMS)) * np.arange(1, N_DIMS + 1) ** -0.7


def clustered(rng: np.random.Generator, n_points: int) -> Array:
    """Five Gaussian clusters at fixed centres, as far apart as they are wide."""
    return _CENTRES[rng.integers(len(_CENTRES), size=n_points)] + rng.normal(size=(n_points, N_DIMS))


def wide(rng: np.random.Generator, n_points: int) -> Array:
    """More directions than points, as a layer of a language model has: 768, spread r^-.5, a common offset."""
    return rng.normal(size=(n_points, WIDTH)) * np.arange(1, WIDTH + 1) ** -0.5 + 0.1


def heavy(rng: np.random.Generator, n_points: int) -> Array:
    """As anisotropic, but with the tails of a t distribution with five degrees of freedom: outlying points."""
    return anisotropic(rng, n_points) * np.sqrt(5.0 / rng.chisquare(5, size=(n_points, 1)))


POPULATIONS: dict[str, Population] = {
    "gaussian": gaussian,
    "anisotropic": anisotropic,
    "clustered": clustered,
    "wide": wide,
    "heavy": heavy,
}


def noisy_circle(rng: np.random.Generator, n_points: int, n_dims: int = N_DIMS, sigma: float = 0.2) -> Array:
    """A unit circle in a plane of a larger space, Gaussian noise in every direction."""
    angles = rng.uniform(0.0, 2.0 * np.pi, n_points)
    cloud = rng.normal(scale=sigma, size=(n_points, n_dims))
    cloud[:, :2] += np.column_stack([np.cos(angles), np.sin(angles)])
    return cloud


def gaussian_layers(rng: np.random.Generator, n_layers: int, n_points: int, n_dims: int = N_DIMS) -> dict[str, Array]:
    """Gaussian layers of the same texts: every layer is a rotated copy of the one before with new noise."""
    cloud = rng.normal(size=(n_points, n_dims)) * np.arange(1, n_dims + 1) ** -0.5
    layers = {}
    for index in range(n_layers):
        turned = cloud @ np.linalg.qr(rng.normal(size=(n_dims, n_dims)))[0]
        cloud = turned + 0.2 * rng.normal(size=(n_points, n_dims))
        layers[f"layer_{index}"] = cloud
    return layers
