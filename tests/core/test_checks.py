"""Bad input is an error of every public function that says what was given, and never a wrong number.

Public is what a room of the core exports, and every function of the modules without exports. Each that takes an array
has good arguments in good_arguments.py, and one after another is replaced by a bad one.
"""

import inspect
from importlib import import_module

import numpy as np
import pytest

from tests.core.good_arguments import ANGLES, BARS, CLOUD, CONTRAST, DGM, GOOD, MATRIX, MEMBERS, RNG
from todacomm.core import (
    checks,
    clouds,
    convergence,
    curves,
    equivalence,
    homology,
    inference,
    loops,
    nulls,
    ranks,
    similarity,
    subsamples,
)
from todacomm.core import layer as of_layer
from todacomm.core.homology import persistence
from todacomm.core.inference import intervals, p_value, paired_difference, step_down, step_down_max_t
from todacomm.core.metrics import whole_run

ROOMS = ("equivalence", "inference", "loops", "similarity")
MODULES = (
    "clouds", "convergence", "curves", "homology", "landmarks", "layer", "metrics", "nulls", "ranks", "rogue",
    "subsamples", "vectors", "inference.step_down", "metrics.bars", "metrics.dimension", "metrics.health",
    "metrics.whole_run",
)  # fmt: skip
INNER = {
    clouds.condensed: "of distances that were checked",
    homology.h1_bars: "of distances that were checked, and a divergence takes it twice",
    homology.outermost_first: "of distances that were checked",
    step_down.in_stages: "the function that it is given checks the draws",
    equivalence.overall: "its arrays are words of any shape",
}
"""Functions that take arrays and check none, and why."""

MEASURE_NOTHING = {
    of_layer.analyze_layer, subsamples.subsamples, clouds.standardize, nulls.rotated, nulls.permuted_dimensions,
    similarity.prepare_all, equivalence.places, equivalence.place_margins, equivalence.blended, inference.replicate,
    inference.infer, equivalence.measure_groups,
}  # fmt: skip
"""A cloud with nan has no number there, and the result says so; of a layer it was said when the layer was measured."""
OF_ANY_SHAPE = {"truncated"}


def public_functions():
    for name in (*ROOMS, *MODULES):
        module = import_module(f"todacomm.core.{name}")
        for function in vars(module).values():
            own = inspect.isfunction(function) and function.__module__.startswith(module.__name__)
            if (
                own
                and not function.__name__.startswith("_")
                and (name in ROOMS or function.__module__ == module.__name__)
            ):
                yield function


def takes_arrays(function):
    annotations = [parameter.annotation for parameter in inspect.signature(function).parameters.values()]
    return any("ndarray" in repr(each) or "_SupportsArray" in repr(each) for each in annotations)


def given(value):
    """The array that an argument is, or the first of several."""
    if isinstance(value, dict):
        return next(iter(value.values()), None)
    return value[0] if isinstance(value, list) else value


def arguments(kind=None):
    """Arguments that are an array: a cloud, distances, a diagram, or with no kind any other."""
    kinds = (CLOUD, MATRIX, DGM)
    cases = [
        pytest.param(function, good, name, id=f"{function.__name__}-{name}")
        for function, good in GOOD
        for name, value in good.items()
        if isinstance(given(value), np.ndarray)
        and (given(value) is kind if kind is not None else not any(given(value) is each for each in kinds))
    ]
    return pytest.mark.parametrize(("function", "good", "name"), cases)


def call_with(function, good, name, bad):
    value = good[name]
    if isinstance(value, dict):
        bad = {**value, next(iter(value)): bad}
    elif isinstance(value, list):
        bad = [bad, *value[1:]]
    function(**{**good, name: bad})


def test_every_public_function_that_takes_an_array_is_here():
    public, listed = set(public_functions()), [function for function, _ in GOOD]
    assert {function.__name__ for function in filter(takes_arrays, public.difference(listed, INNER))} == set()
    assert {function.__name__ for function in {*listed, *INNER}.difference(public)} == set()
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(("function", "good"), GOOD, ids=[function.__name__ for function, _ in GOOD])
def test_the_good_arguments_are_good(function, good):
    function(**good)


@arguments(CLOUD)
@pytest.mark.parametrize(
    ("cloud", "seen"),
    [
        (np.arange(6.0), r"has shape \(6,\): expected \(n_points, n_dims\)"),
        (np.zeros((2, 6, 3)), r"has shape \(2, 6, 3\)"),
        (np.empty((0, 3)), r"has shape \(0, 3\): expected at least one point"),
        (np.empty((6, 0)), r"has shape \(6, 0\)"),
        ([[1.0, 2.0], [3.0]], "has rows of 1 and 2 numbers"),
        ([["a", "b"]] * 6, "is list without numbers"),
        (np.full((6, 2), 1j), "is ndarray without numbers"),
    ],
    ids=["vector", "three axes", "no point", "no coordinate", "unequal rows", "words", "complex"],
)
def test_what_is_no_cloud_is_named(function, good, name, cloud, seen):
    with pytest.raises(ValueError, match=seen):
        call_with(function, good, name, cloud)


@arguments(CLOUD)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_cloud_that_is_not_finite_is_named(function, good, name, value):
    cloud = CLOUD.copy()
    cloud[2, 1] = cloud[5, 0] = value
    if function in MEASURE_NOTHING:
        return
    with pytest.raises(ValueError, match="holds nan or infinity in 2 of 12 rows"):
        call_with(function, good, name, cloud)


@arguments(MATRIX)
@pytest.mark.parametrize(
    ("matrix", "seen"),
    [
        (np.ones(6), r"have shape \(6,\)"),
        (np.ones((6, 5)), r"have shape \(6, 5\): expected \(n_points, n_points\)"),
        ([[0.0, 1.0], [1.0]], "have rows of 1 and 2 numbers"),
        (np.full((6, 6), np.nan), "hold nan or infinity in 6 of 6 rows"),
        (np.eye(6) - 1.0, "run from -1"),
        (np.ones((6, 6)), "up to 1 on the diagonal"),
        (np.triu(np.ones((6, 6)), 1), "have 1 from point 0 to 1 and 0 back: give symmetric distances"),
    ],
    ids=["vector", "oblong", "unequal rows", "nan", "below 0", "diagonal", "one way"],
)
def test_what_are_no_distances_is_named(function, good, name, matrix, seen):
    with pytest.raises(ValueError, match=seen):
        call_with(function, good, name, matrix)


@arguments(DGM)
@pytest.mark.parametrize(
    ("dgm", "seen"),
    [
        ([1.0, 2.0], r"has shape \(2,\): expected \(bars, 2\)"),
        ([[1.0, 2.0, 3.0]], r"has shape \(1, 3\)"),
        ([[0.0, 1.0], [0.0, np.inf]], "holds nan or infinity in 1 of 2 rows: leave the essential bars out"),
    ],
    ids=["vector", "three columns", "essential"],
)
def test_what_is_no_diagram_is_named(function, good, name, dgm, seen):
    with pytest.raises(ValueError, match=seen):
        call_with(function, good, name, dgm)


@arguments()
def test_what_are_no_numbers_or_no_table_of_them_is_named(function, good, name):
    with pytest.raises(ValueError, match="rows of 1 and 2 numbers"):
        call_with(function, good, name, [[1.0, 2.0], [3.0]])
    with pytest.raises(ValueError, match="without numbers: expected"):
        call_with(function, good, name, ["a", "b"])
    if name not in OF_ANY_SHAPE:
        with pytest.raises(ValueError, match="shape"):
            call_with(function, good, name, given(good[name])[None])


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        (lambda: convergence.recommended_size([50, 100], [1.0], [0.1, 0.1], 1.0), "the means are 1 for 2 sizes"),
        (lambda: convergence.recommended_size([50, 100], [1.0, 1.0], [0.1], 1.0), "the spreads are 1 for 2 sizes"),
        (lambda: convergence.last_doubling([], []), "no sizes: expected some"),
        (lambda: convergence.expected_seconds([50, 100], [1], 50, 0.1), "the times are 1 for 2 sizes"),
        (lambda: curves.euler_curve([[1.0, 2.0], [1.0]]), "the numbers of a Betti curve are 1 for 2 distances"),
        (lambda: whole_run.pseudo_perplexity([1.0], [1.0, 1.0]), "the weights are 2 for 1 losses"),
        (lambda: equivalence.most_changed([[0.1]], ["a", "b"]), "the names are 2 for 1 layers"),
        (lambda: equivalence.places(CLOUD, CLOUD, [[0, 12]]), "hold 12 of 12 points: expected .* 0 to 11"),
        (lambda: equivalence.judge(CONTRAST, np.ones(3), 50, RNG), r"has shape \(3,\): expected \(1, 2\)"),
        (lambda: loops.smoothed_angle(CLOUD, ANGLES[1:]), "the angles are 11 for 12 points"),
        (lambda: loops.circular_correlation(ANGLES, ANGLES[1:]), "the second angles are 11 for 12 points"),
        (lambda: loops.life_left(MATRIX, BARS, MEMBERS[:, 1:]), "columns of the members are 11 for 12 points"),
        (lambda: loops.leading(MATRIX, BARS, MEMBERS[:, 1:], [DGM]), "columns of the members are 11 for 12 points"),
        (lambda: loops.leading(MATRIX, BARS, MEMBERS, [DGM] * 5), "members are .* for 5 diagrams"),
        (lambda: loops.explain_sides(["x", "y"] * 6, {}, RNG), "the sides are list without numbers"),
        (lambda: loops.explain_sides([0, 1, 2] * 4, {}, RNG), "the sides hold 2: expected True and False"),
        (lambda: loops.explain_angle(ANGLES, {"place": [[1, 2], [3]]}, RNG), "place has rows of 1 and 2 entries"),
        (lambda: loops.explain_angle(ANGLES, {"place": ["x"] * 12}, RNG, kinds={"place": "numeric"}),
         "place has values that are no numbers: its kind is categorical, not numeric"),
        (lambda: ranks.average_ranks([1.0, np.nan]), "the values hold nan, which has no rank"),
        (lambda: similarity.linkage([[0.0]]), "distances of 1 rows: a tree joins 2 at least"),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_is_named(call, seen):
    with pytest.raises(ValueError, match=seen):
        call()


@pytest.mark.parametrize("measure", [similarity.cka, similarity.procrustes])
def test_clouds_of_other_texts_are_no_pair(measure):
    with pytest.raises(ValueError, match="the first cloud has 8 rows, the second 9: expected the same texts"):
        measure(RNG.normal(size=(8, 3)), RNG.normal(size=(9, 3)))


def test_replicates_fit_their_values():
    with pytest.raises(ValueError, match=r"replicates have shape \(4, 2\): expected \(replicates, 3\)"):
        intervals([1.0, 2.0, 3.0], np.ones((4, 2)), grows=False)
    with pytest.raises(ValueError, match="expected both sides on the same half-samples"):
        paired_difference([1.0], [1.0], np.ones((4, 1)), np.ones((5, 1)), grows=False)
    with pytest.raises(ValueError, match=r"draws have shape \(3, 1\): expected \(replicates, 2\)"):
        step_down_max_t([1.0, 2.0], np.ones((3, 1)), "upper")


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown tail 'lower': choose upper or two-sided"):
        p_value(1.0, np.ones(3), "lower")
    with pytest.raises(ValueError, match="unknown metric 'euclid': choose euclidean, cosine, cityblock or chebyshev"):
        clouds.distances(np.ones((3, 2)), "euclid")


@pytest.mark.parametrize("kind", [np.float32, np.int64, list])
def test_numbers_of_any_kind_become_float64_and_float64_is_not_copied(kind):
    cloud = RNG.integers(9, size=(5, 2))
    given = cloud.tolist() if kind is list else cloud.astype(kind)
    assert checks.as_cloud(given).dtype == np.float64
    same = RNG.normal(size=(5, 2))
    assert checks.as_cloud(same) is same


def test_rounding_to_float32_is_no_asymmetry(rng):
    matrix = clouds.distances(rng.normal(size=(30, 4)))
    rounded = np.where(np.tri(30, dtype=bool), matrix, matrix.astype(np.float32))
    np.testing.assert_array_equal(checks.as_distances(rounded), np.maximum(rounded, rounded.T))
    with pytest.raises(ValueError, match="back: give symmetric distances, such as the mean of both ways"):
        checks.as_distances(matrix * (1.0 + 1e-5 * np.tri(30)))


def test_rounding_is_no_negative_distance():
    """Cosine distances of parallel rows come out as -2e-16."""
    rows = RNG.normal(size=(5, 7))
    matrix = clouds.distances(np.vstack([rows, 3.0 * rows, 7.0 * rows]), "cosine")
    assert homology.spanning_tree(np.where(matrix == 0.0, matrix, matrix - 2e-16)).shape == (14, 2)


def circle_distances(rng):
    angles = rng.uniform(0.0, 2.0 * np.pi, 60)
    points = np.column_stack([np.cos(angles), np.sin(angles)]) + 0.05 * rng.normal(size=(60, 2))
    return np.linalg.norm(points[:, None] - points, axis=2)


def test_distances_that_differ_by_rounding_from_one_way_to_the_other_have_the_bars_of_symmetric_ones(rng):
    """As float32 products give them: one triangle a bit longer than the other."""
    between = circle_distances(rng).astype(np.float32)
    uneven = between.copy()
    upper = np.triu(rng.random(between.shape) < 0.3, 1)
    uneven[upper] = np.nextafter(uneven[upper], np.float32(9.0))
    assert not np.array_equal(uneven, uneven.T)
    even = np.maximum(uneven, uneven.T)
    for ours, theirs in zip(persistence(uneven), persistence(even), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.ptp(persistence(uneven)[1], axis=1).max() > 1.0
    bars = loops.loop_bars(uneven)
    assert (loops.life_left(uneven, bars, np.ones((1, 60), dtype=bool)) == 1.0).all()
    assert loops.shortest_loop(uneven, bars[0]).points.size > 5


@pytest.mark.parametrize("rounded", [-0.0, -1e-16])
def test_a_distance_below_zero_by_rounding_is_zero(rng, rounded):
    between = circle_distances(rng)
    between[3, 7] = between[7, 3] = 0.0
    below = between.copy()
    below[3, 7] = below[7, 3] = rounded
    for ours, theirs in zip(persistence(below), persistence(between), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(persistence(below)[1])


def test_bars_of_other_points_are_refused(rng):
    between = circle_distances(rng)
    (bar, *_) = loops.loop_bars(between)
    few = between[:5, :5]
    with pytest.raises(ValueError, match=r"the ends of the bar's edges hold .* of 5 points"):
        loops.shortest_loop(few, bar)
    with pytest.raises(ValueError, match=r"the ends of a bar's edges hold .* of 5 points"):
        loops.life_left(few, [bar], np.ones((1, 5), dtype=bool))
    with pytest.raises(ValueError, match=r"the ends of a bar's edges hold .* of 5 points"):
        loops.left_on_groups(few, [bar], 2)
