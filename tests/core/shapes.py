"""Clouds whose homology is known."""

import numpy as np


def polygon(corners: int, radius: float = 1.0) -> np.ndarray:
    """The corners of a regular polygon."""
    angles = np.arange(corners) * 2.0 * np.pi / corners
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def octahedron() -> np.ndarray:
    return np.vstack([np.eye(3), -np.eye(3)])


def torus(corners: int = 12) -> np.ndarray:
    """A polygon times a polygon, shape ``(corners^2, 4)``; use it with the max of the two plane distances."""
    first, second = polygon(corners), polygon(corners)
    return np.array([[*a, *b] for a in first for b in second])


def noisy_circle(rng: np.random.Generator, n_points: int = 300, n_dims: int = 50, sigma: float = 0.2) -> np.ndarray:
    """A unit circle in a plane of a larger space, with Gaussian noise in every direction."""
    angles = rng.uniform(0.0, 2.0 * np.pi, n_points)
    cloud = rng.normal(scale=sigma, size=(n_points, n_dims))
    cloud[:, 0] += np.cos(angles)
    cloud[:, 1] += np.sin(angles)
    return cloud


def rotation(rng: np.random.Generator, n_dims: int) -> np.ndarray:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.normal(size=(n_dims, n_dims)))[0]
