"""Populations with a loop, without one, and in between: 50 dimensions, any number of points."""

import numpy as np

from benchmarks.populations import N_DIMS, Array, Population, anisotropic, gaussian, noisy_circle

SHEET_DIMS, N_TOKENS = 5, 400


def curved_sheet(rng: np.random.Generator, n_points: int) -> Array:
    """The image of a Gaussian of five dimensions under a random quadratic map: contractible."""
    return _sheet(rng, rng.normal(size=(n_points, SHEET_DIMS)))


def surface(rng: np.random.Generator, n_points: int) -> Array:
    """The image of a Gaussian of two dimensions under a random quadratic map."""
    return _sheet(rng, rng.normal(size=(n_points, 2)))


def dense_ended_sheet(rng: np.random.Generator, n_points: int) -> Array:
    """A curved sheet whose density falls from one of its ends to the other: a fifth of the points holds most of it."""
    latent = rng.normal(size=(n_points, SHEET_DIMS))
    latent[:, 0] = rng.exponential(size=n_points) ** 1.5 - 1.0
    return _sheet(rng, latent)


def folded_surface(rng: np.random.Generator, n_points: int) -> Array:
    """A square bent by sines of one period: two dimensions, folds that come near each other, no loop."""
    latent = rng.uniform(-1.0, 1.0, size=(n_points, 2))
    phases = latent @ rng.normal(size=(2, 12)) * 2.0 + rng.uniform(0.0, 2.0 * np.pi, 12)
    return _embedded(rng, np.hstack([2.0 * latent, np.sin(phases)]), 0.05)


def sparse_cone(rng: np.random.Generator, n_points: int) -> Array:
    """Non-negative combinations of about six of 200 random directions: a cone, as superposed features would give."""
    weights = rng.exponential(size=(n_points, 200)) * (rng.uniform(size=(n_points, 200)) < 0.03)
    return weights @ (rng.normal(size=(200, N_DIMS)) / np.sqrt(N_DIMS)) + 0.02 * rng.normal(size=(n_points, N_DIMS))


def skewed(rng: np.random.Generator, n_points: int) -> Array:
    """Independent log-normal coordinates, their spread falling as r^-.7: convex support."""
    return (np.exp(rng.normal(size=(n_points, N_DIMS))) - np.exp(0.5)) * np.arange(1, N_DIMS + 1) ** -0.7


def tree(rng: np.random.Generator, n_points: int) -> Array:
    """Points along the twelve branches of a random tree, each branch in a direction of its own."""
    ends = np.zeros((13, N_DIMS))
    parent = np.zeros(13, dtype=int)
    for node in range(1, 13):
        parent[node] = rng.integers(node)
        ends[node] = ends[parent[node]] + rng.normal(size=N_DIMS) / np.sqrt(N_DIMS)
    branch = rng.integers(1, 13, size=n_points)
    along = rng.uniform(size=(n_points, 1))
    return ends[parent[branch]] * (1 - along) + ends[branch] * along + 0.05 * rng.normal(size=(n_points, N_DIMS))


def star(rng: np.random.Generator, n_points: int) -> Array:
    """Eight rays from one point, in random directions."""
    rays = rng.normal(size=(8, N_DIMS)) / np.sqrt(N_DIMS)
    return rays[rng.integers(8, size=n_points)] * rng.uniform(size=(n_points, 1)) + 0.05 * rng.normal(
        size=(n_points, N_DIMS)
    )


def student(rng: np.random.Generator, n_points: int) -> Array:
    """Anisotropic, with the tails of a t distribution with three degrees of freedom."""
    return anisotropic(rng, n_points) * np.sqrt(3.0 / rng.chisquare(3, size=(n_points, 1)))


def lognormal_norms(rng: np.random.Generator, n_points: int) -> Array:
    """Gaussian directions with log-normal norms: a dense core in a wide halo."""
    return anisotropic(rng, n_points) * np.exp(0.7 * rng.normal(size=(n_points, 1)))


def clusters(rng: np.random.Generator, n_points: int, n_clusters: int, width: float = 0.4) -> Array:
    """Gaussian clusters at random centres."""
    centres = rng.normal(size=(n_clusters, N_DIMS))
    return centres[rng.integers(n_clusters, size=n_points)] + width * rng.normal(size=(n_points, N_DIMS))


def uneven_clusters(rng: np.random.Generator, n_points: int, centres: Population = anisotropic) -> Array:
    """Twenty to sixty clusters of unequal size around a sample of another population."""
    n_clusters = int(rng.integers(20, 61))
    sizes = rng.dirichlet(np.ones(n_clusters))
    return _labelled(rng, centres(rng, n_clusters), rng.choice(n_clusters, n_points, p=sizes))


def last_tokens(rng: np.random.Generator, n_points: int, centres: Population = anisotropic) -> Array:
    """Clusters as last tokens make them: a few frequent ones and many of one or two points (weights 1 / rank)."""
    return _labelled(rng, centres(rng, N_TOKENS), _by_rank(rng, n_points))


def _by_rank(rng: np.random.Generator, n_points: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, N_TOKENS + 1)
    return rng.choice(N_TOKENS, n_points, p=weights / weights.sum())


def _labelled(rng: np.random.Generator, centres: Array, label: np.ndarray) -> Array:
    """Points around their centres, each cluster wide in few directions and up to .3 as wide as the centres lie."""
    turned = np.linalg.qr(rng.normal(size=(N_DIMS, N_DIMS)))[0]
    scattered = anisotropic(rng, len(label)) @ turned
    width = rng.uniform(0.1, 0.3, size=len(centres)) * centres.std() / scattered.std()
    return centres[label] + width[label, None] * scattered


def open_arc(rng: np.random.Generator, n_points: int) -> Array:
    """Eight clusters along two thirds of a circle, each stretched four-fold in a direction of its own.

    The ends are as far from each other as the corners of an inscribed triangle: complexes of distances fill the arc
    before they close it.
    """
    angles = np.linspace(0.0, 4.0 * np.pi / 3.0, 8)
    which = rng.integers(8, size=n_points)
    stretch = rng.normal(size=(8, N_DIMS)) / np.sqrt(N_DIMS)
    cloud = 0.05 * rng.normal(size=(n_points, N_DIMS)) + 0.3 * rng.normal(size=(n_points, 1)) * stretch[which]
    cloud[:, :2] += np.column_stack([np.cos(angles), np.sin(angles)])[which]
    return cloud


def horseshoe(rng: np.random.Generator, n_points: int) -> Array:
    """Fifty overlapping bumps along a line: a gradient whose principal components are a horseshoe.

    Distances rise with those along the line and level off (Diaconis, Goel and Holmes 2008, arXiv 0811.1477).
    """
    place = rng.uniform(size=(n_points, 1))
    bumps = np.exp(-((place - np.linspace(0.0, 1.0, N_DIMS)) ** 2) / (2.0 * 0.15**2))
    return bumps + 0.1 * rng.normal(size=(n_points, N_DIMS))


def random_walk(rng: np.random.Generator, n_points: int) -> Array:
    """One path of a Brownian motion: what passages in the order of a text could look like."""
    return np.cumsum(rng.normal(size=(n_points, N_DIMS)), axis=0) / np.sqrt(n_points)


def square(rng: np.random.Generator, n_points: int) -> Array:
    """A flat square: its points are thin at every scale."""
    return _planar(rng, rng.uniform(-1.0, 1.0, size=(n_points, 2)), 0.01)


def sphere(rng: np.random.Generator, n_points: int) -> Array:
    """The surface of a ball in three dimensions with noise: it encloses a void, and no loop."""
    directions = rng.normal(size=(n_points, 3))
    return _embedded(rng, directions / np.linalg.norm(directions, axis=1, keepdims=True), 0.1)


def three_sphere(rng: np.random.Generator, n_points: int) -> Array:
    """The surface of a ball in four dimensions with noise."""
    directions = rng.normal(size=(n_points, 4))
    return _embedded(rng, directions / np.linalg.norm(directions, axis=1, keepdims=True), 0.1)


def sheets(rng: np.random.Generator, n_points: int) -> Array:
    """Three curved sheets, of two, four and eight dimensions, at random places."""
    which = rng.integers(3, size=n_points)
    cloud = np.empty((n_points, N_DIMS))
    for index, n_latent in enumerate((2, 4, 8)):
        rows = which == index
        cloud[rows] = _sheet(rng, rng.normal(size=(int(rows.sum()), n_latent))) + 0.3 * rng.normal(size=N_DIMS)
    return cloud


def ellipse(rng: np.random.Generator, n_points: int) -> Array:
    """Half axes 3 and 1, noise .2 in every direction."""
    angles = rng.uniform(0.0, 2.0 * np.pi, n_points)
    return _planar(rng, np.column_stack([3.0 * np.cos(angles), np.sin(angles)]), 0.2)


def uneven_circle(rng: np.random.Generator, n_points: int) -> Array:
    """A circle seven times as dense on one side as on the other (von Mises, concentration 1), noise .2."""
    angles = rng.vonmises(0.0, 1.0, n_points)
    return _planar(rng, np.column_stack([np.cos(angles), np.sin(angles)]), 0.2)


def figure_eight(rng: np.random.Generator, n_points: int) -> Array:
    """Two unit circles that touch, noise .1."""
    angles = rng.uniform(0.0, 2.0 * np.pi, n_points)
    side = rng.choice([-1.0, 1.0], n_points)
    return _planar(rng, np.column_stack([side * (1.0 + np.cos(angles)), np.sin(angles)]), 0.1)


def torus(rng: np.random.Generator, n_points: int) -> Array:
    """A circle times a circle of half its radius, noise .1."""
    first, second = rng.uniform(0.0, 2.0 * np.pi, (2, n_points))
    return _planar(
        rng, np.column_stack([np.cos(first), np.sin(first), 0.5 * np.cos(second), 0.5 * np.sin(second)]), 0.1
    )


def equal_torus(rng: np.random.Generator, n_points: int) -> Array:
    """A circle times a circle of the same size, noise .1."""
    first, second = rng.uniform(0.0, 2.0 * np.pi, (2, n_points))
    return _planar(rng, np.column_stack([np.cos(first), np.sin(first), np.cos(second), np.sin(second)]), 0.1)


def weekdays(rng: np.random.Generator, n_points: int) -> Array:
    """Seven clusters at the corners of a heptagon, noise .2."""
    angles = rng.integers(7, size=n_points) * 2.0 * np.pi / 7.0
    return _planar(rng, np.column_stack([np.cos(angles), np.sin(angles)]), 0.2)


def circle_beside(rng: np.random.Generator, n_points: int, share: float) -> Array:
    """A circle with noise .1 beside ten wide Gaussian directions; it holds this share of the variance."""
    cloud = noisy_circle(rng, n_points, sigma=0.1)
    rest = 1.0 / share - 1.0 - N_DIMS * 0.01
    cloud[:, 2:12] += np.sqrt(rest / 10.0) * rng.normal(size=(n_points, 10))
    return cloud


def nearly_closed_arc(rng: np.random.Generator, n_points: int) -> Array:
    """Five sixths of a circle, noise .1: complexes of distances close it before they fill it."""
    angles = rng.uniform(0.0, 5.0 * np.pi / 3.0, n_points)
    return _planar(rng, np.column_stack([np.cos(angles), np.sin(angles)]), 0.1)


def binary_features(rng: np.random.Generator, n_points: int) -> Array:
    """Five independent yes-or-no features with noise .1: clusters at the corners of a cube."""
    return _planar(rng, rng.integers(2, size=(n_points, 5)).astype(float), 0.1)


def two_factors(rng: np.random.Generator, n_points: int) -> Array:
    """The sum of one of twelve vectors and one of another twelve, noise .1: squares of clusters."""
    first, second = rng.normal(size=(2, 12, N_DIMS)) / np.sqrt(N_DIMS)
    noise = 0.1 * rng.normal(size=(n_points, N_DIMS))
    return first[rng.integers(12, size=n_points)] + second[rng.integers(12, size=n_points)] + noise


def sphere_layers(rng: np.random.Generator, n_layers: int, n_points: int) -> dict[str, Array]:
    """Noisy spheres of the same texts, each point moved a little from one layer to the next."""
    points = rng.normal(size=(n_points, 3))
    layers = {}
    for index in range(n_layers):
        points = np.sqrt(0.9) * points + np.sqrt(0.1) * rng.normal(size=points.shape)
        layers[f"layer_{index}"] = _embedded(rng, points / np.linalg.norm(points, axis=1, keepdims=True), 0.1)
    return layers


def token_layers(rng: np.random.Generator, n_layers: int, n_points: int) -> dict[str, Array]:
    """Clusters by last token, whose centres and points move a little from one layer to the next."""
    label = _by_rank(rng, n_points)
    centres = rng.normal(size=(N_TOKENS, N_DIMS))
    within = rng.normal(size=(n_points, N_DIMS))
    layers = {}
    for index in range(n_layers):
        centres, within = (
            np.sqrt(0.9) * part + np.sqrt(0.1) * rng.normal(size=part.shape) for part in (centres, within)
        )
        layers[f"layer_{index}"] = (centres[label] + 0.2 * within) * np.arange(1, N_DIMS + 1) ** -0.7
    return layers


def sheet_layers(rng: np.random.Generator, n_layers: int, n_points: int) -> dict[str, Array]:
    """Curved sheets of the same texts, whose latent coordinates move a little from one layer to the next."""
    latent = rng.normal(size=(n_points, SHEET_DIMS))
    layers = {}
    for index in range(n_layers):
        latent = np.sqrt(0.9) * latent + np.sqrt(0.1) * rng.normal(size=latent.shape)
        layers[f"layer_{index}"] = _sheet(rng, latent)
    return layers


def _sheet(rng: np.random.Generator, latent: Array) -> Array:
    rows, columns = np.triu_indices(latent.shape[1])
    squares = (latent[:, rows] * latent[:, columns] - (rows == columns)) / np.sqrt(2.0)
    return _embedded(rng, np.hstack([latent, squares]), 0.05)


def _embedded(rng: np.random.Generator, coordinates: Array, sigma: float) -> Array:
    """Coordinates under a random linear map, with noise in every direction."""
    n_points, n_given = coordinates.shape
    mapped = coordinates @ (rng.normal(size=(n_given, N_DIMS)) / np.sqrt(N_DIMS))
    return mapped + sigma * rng.normal(size=(n_points, N_DIMS))


def _planar(rng: np.random.Generator, coordinates: Array, sigma: float) -> Array:
    """Coordinates in the first dimensions, with noise in every direction."""
    cloud = sigma * rng.normal(size=(len(coordinates), N_DIMS))
    cloud[:, : coordinates.shape[1]] += coordinates
    return cloud


LOOP_FREE: dict[str, Population] = {
    "gaussian": gaussian,
    "anisotropic": anisotropic,
    "curved sheet": curved_sheet,
    "curved sheet, dense at one end": dense_ended_sheet,
    "surface": surface,
    "folded surface": folded_surface,
    "three sheets": sheets,
    "square": square,
    "sphere": sphere,
    "3-sphere": three_sphere,
    "sparse cone": sparse_cone,
    "skewed coordinates": skewed,
    "tree": tree,
    "star": star,
    "random walk": random_walk,
    "heavy tails (t, 3)": student,
    "log-normal norms": lognormal_norms,
    "10 clusters": lambda rng, n: clusters(rng, n, 10),
    "30 clusters": lambda rng, n: clusters(rng, n, 30),
    "100 clusters": lambda rng, n: clusters(rng, n, 100),
    "20 to 60 uneven clusters": uneven_clusters,
    "uneven clusters on a curved sheet": lambda rng, n: uneven_clusters(rng, n, curved_sheet),
    "uneven clusters on a surface": lambda rng, n: uneven_clusters(rng, n, surface),
    "uneven clusters in a sparse cone": lambda rng, n: uneven_clusters(rng, n, sparse_cone),
    "last tokens": last_tokens,
    "last tokens on a curved sheet": lambda rng, n: last_tokens(rng, n, curved_sheet),
    "last tokens on a surface": lambda rng, n: last_tokens(rng, n, surface),
    "clusters on an open arc": open_arc,
    "horseshoe": horseshoe,
}
LOOPED: dict[str, Population] = {
    "circle, noise .1": lambda rng, n: noisy_circle(rng, n, sigma=0.1),
    "circle, noise .2": noisy_circle,
    "circle in two dimensions": lambda rng, n: noisy_circle(rng, n, n_dims=2),
    "circle, noise .3": lambda rng, n: noisy_circle(rng, n, sigma=0.3),
    "ellipse 3:1": ellipse,
    "uneven circle": uneven_circle,
    "figure eight": figure_eight,
    "torus": torus,
    "torus of equal circles": equal_torus,
    "weekdays": weekdays,
    "circle of 20 % of the variance": lambda rng, n: circle_beside(rng, n, 0.2),
    "circle of 5 % of the variance": lambda rng, n: circle_beside(rng, n, 0.05),
}
IN_BETWEEN: dict[str, Population] = {
    "five sixths of a circle": nearly_closed_arc,
    "five binary features": binary_features,
    "two factors of twelve": two_factors,
    "uneven clusters on a sphere": lambda rng, n: uneven_clusters(rng, n, sphere),
    "last tokens on a sphere": lambda rng, n: last_tokens(rng, n, sphere),
}
LOOP_POPULATIONS = LOOP_FREE | LOOPED | IN_BETWEEN
FAMILIES = {"curved sheets": sheet_layers, "spheres": sphere_layers, "layers of last tokens": token_layers}
"""Fourteen layers of the same texts without a loop: name -> generator, layers, points to clouds."""
