"""Landscapes and images of diagrams: exact values, stability, and the libraries that define the same."""

import numpy as np
import pytest

from todacomm.core.clouds import distances
from todacomm.core.curves import curve_scale
from todacomm.core.homology import persistence
from todacomm.core.similarity import bottleneck, wasserstein
from todacomm.core.vectors import image, image_grids, landscape, recorded_vectors, vector_distances

NONE = np.empty((0, 2))


@pytest.fixture(scope="module")
def pair() -> tuple[np.ndarray, np.ndarray]:
    """H1 of a cloud and of the same cloud, moved a little."""
    rng = np.random.default_rng(3)
    cloud = rng.normal(size=(80, 4))
    first, second = (persistence(distances(c))[1] for c in (cloud, cloud + rng.normal(scale=0.02, size=cloud.shape)))
    return first, second


def test_a_bar_of_length_two_is_a_tent_of_height_one():
    scale = np.linspace(0.0, 3.0, 301)
    levels = landscape(np.array([[0.0, 2.0]]), scale, 3)
    np.testing.assert_allclose(levels[0], np.maximum(0.0, 1.0 - np.abs(scale - 1.0)), atol=1e-12)
    assert not levels[1:].any()
    # the L2 norm of a tent of height h is sqrt(2 h^3 / 3)
    norm = vector_distances([levels], [landscape(NONE, scale, 3)], step=0.01)
    assert norm.item() == pytest.approx(np.sqrt(2.0 / 3.0), rel=1e-4)


def test_levels_fall_and_the_first_integrates_what_the_bars_leave_uncovered():
    scale = np.linspace(0.0, 6.0, 601)
    levels = landscape(np.array([[0.0, 2.0], [4.0, 6.0], [0.0, 2.0]]), scale)
    assert (np.diff(levels, axis=0) <= 0.0).all()
    np.testing.assert_array_equal(levels[0, :300], levels[1, :300])
    assert levels.sum() * 0.01 == pytest.approx(3.0)  # every tent has the area (lifetime / 2)^2


def test_no_level_moves_by_more_than_the_bottleneck_distance(pair):
    first, second = (landscape(dgm, curve_scale(pair, 400), 60) for dgm in pair)
    assert 0.0 < np.abs(first - second).max() <= bottleneck(*pair) * (1 + 1e-9)


def test_an_image_moves_by_no_more_than_the_wasserstein_distance_allows(pair):
    """Adams et al. 2017, theorem 10, with the weight's slope 1 and its maximum the longest lifetime."""
    births, lifetimes = image_grids(pair, sigma=0.2)
    longest = max(np.ptp(dgm, axis=1).max() for dgm in pair)
    for sigma in (0.05, 0.2):
        change = np.abs(image(pair[0], births, lifetimes, sigma) - image(pair[1], births, lifetimes, sigma)).sum()
        bound = np.sqrt(5.0) + np.sqrt(10.0 / np.pi) * longest / sigma
        assert 0.0 < change <= bound * wasserstein(*pair)


def test_an_image_holds_the_total_persistence(pair):
    dgm = pair[0]
    wide = np.linspace(-9.0, 9.0, 40)
    assert image(dgm, wide, wide, 0.1).sum() == pytest.approx(np.ptp(dgm, axis=1).sum())


def test_order_changes_nothing_and_scale_scales(pair, rng):
    dgm = pair[0]
    mixed = dgm[rng.permutation(len(dgm))]
    births, lifetimes = image_grids(pair, sigma=0.1)
    scale = curve_scale(pair)
    np.testing.assert_array_equal(landscape(mixed, scale), landscape(dgm, scale))
    np.testing.assert_allclose(landscape(3.0 * dgm, 3.0 * scale), 3.0 * landscape(dgm, scale), atol=1e-12)
    pixels = image(dgm, births, lifetimes, 0.1)
    np.testing.assert_allclose(image(mixed, births, lifetimes, 0.1), pixels, atol=1e-12)
    np.testing.assert_allclose(image(3.0 * dgm, 3.0 * births, 3.0 * lifetimes, 0.3), 3.0 * pixels, atol=1e-12)


def test_persim_has_the_same_landscape(pair):
    approx = pytest.importorskip("persim").PersLandscapeApprox
    dgm = pair[0]
    end = float(dgm.max())
    theirs = approx(start=0.0, stop=end, num_steps=500, dgms=[dgm], hom_deg=0).values
    ours = landscape(dgm, np.linspace(0.0, end, 500), len(theirs))
    assert np.abs(ours - theirs).max() <= end / 499  # it puts births and deaths on the grid first


def test_gudhi_has_the_same_landscape_times_the_root_of_two(pair):
    their = pytest.importorskip("gudhi.representations").Landscape
    end = float(pair[0].max())
    theirs = their(num_landscapes=4, resolution=100, sample_range=[0.0, end]).fit_transform([pair[0]])[0]
    ours = landscape(pair[0], np.linspace(0.0, end, 100), 4)
    np.testing.assert_allclose(theirs.reshape(4, 100), np.sqrt(2.0) * ours, atol=1e-9)


def test_persim_has_the_same_image(pair):
    imager = pytest.importorskip("persim").PersistenceImager
    theirs = imager(
        birth_range=(0.0, 2.0), pers_range=(0.0, 1.0), pixel_size=0.1, weight="persistence",
        weight_params={"n": 1.0}, kernel_params={"sigma": [[0.01, 0.0], [0.0, 0.01]]},
    ).transform(pair[0], skew=True)  # fmt: skip
    ours = image(pair[0], np.linspace(0.0, 2.0, 21), np.linspace(0.0, 1.0, 11), 0.1)
    np.testing.assert_allclose(theirs, ours, atol=1e-7)


def test_grids_hold_every_bar(pair):
    births, lifetimes = image_grids([NONE, *pair], sigma=0.01, cells=8)
    assert (len(births), len(lifetimes)) == (9, 9)
    for dgm in pair:
        assert image(dgm, births, lifetimes, 0.01).sum() == pytest.approx(np.ptp(dgm, axis=1).sum(), rel=0.02)
    h0 = np.array([[0.0, 1.0], [0.0, 0.5]])
    one_column = image(h0, *image_grids([h0], sigma=0.05), sigma=0.05)
    assert one_column.shape == (1, 20)
    assert one_column.sum() == pytest.approx(1.5, rel=0.01)


def test_an_empty_diagram_is_a_vector_of_zeros():
    assert not landscape(NONE, [0.0, 1.0]).any()
    pixels = image(NONE, *image_grids([NONE], sigma=0.1), sigma=0.1)
    assert pixels.shape == (1, 20)
    assert not pixels.any()
    assert vector_distances([landscape(NONE, [0.0, 1.0])], []).shape == (1, 0)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="holds nan or infinity in 1 of 1 rows"):
        landscape(np.array([[0.0, np.inf]]), [0.0, 1.0])
    with pytest.raises(ValueError, match="holds nan or infinity in 1 of 1 rows"):
        image(np.array([[0.0, np.inf]]), [0.0, 1.0], [0.0, 1.0], 0.1)
    with pytest.raises(ValueError, match=r"standard deviation 0\.0"):
        image(NONE, [0.0, 1.0], [0.0, 1.0], 0.0)
    with pytest.raises(ValueError, match="one grid for all"):
        vector_distances([np.zeros(3)], [np.zeros(4)])


def test_recorded_vectors_know_no_scale_and_lose_no_bar(rng):
    diagrams = persistence(distances(rng.normal(size=(60, 4))))
    once, twice = (recorded_vectors([factor * dgm for dgm in diagrams], factor * 2.5) for factor in (1.0, 3.0))
    assert set(once) == {"landscape_0", "image_0", "landscape_1", "image_1"}
    for name, vector in once.items():
        np.testing.assert_allclose(twice[name], vector, atol=1e-12)
    assert once["landscape_1"].shape == (5, 151)
    for degree, dgm in enumerate(diagrams):
        total = np.ptp(dgm, axis=1).sum() / 2.5
        assert once[f"image_{degree}"].sum() == pytest.approx(total, rel=0.2)
        assert once[f"image_{degree}"].sum() <= total
    assert recorded_vectors(diagrams, np.nan) == {}
