"""Bad input is an error of every public function that says what was given, and never a wrong number.

Public is what a room of the core exports, and every function of the modules without exports. Each that takes an array
has arguments here that are good, and one after another is replaced by a bad one.
"""

import inspect
from importlib import import_module

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import squareform

from todacomm.core import (
    checks,
    clouds,
    convergence,
    curves,
    equivalence,
    homology,
    inference,
    landmarks,
    loops,
    nulls,
    ranks,
    rogue,
    similarity,
    subsamples,
    vectors,
)
from todacomm.core import layer as of_layer
from todacomm.core.inference import intervals, p_value, paired_difference, step_down, step_down_max_t
from todacomm.core.metrics import INTERVAL_METRICS, TESTED_METRICS, bars, dimension, health, text_metrics, whole_run

ROOMS = ("equivalence", "inference", "loops", "similarity")
MODULES = (
    "clouds", "convergence", "curves", "homology", "landmarks", "layer", "metrics", "nulls", "ranks", "rogue",
    "subsamples", "vectors", "inference.step_down", "metrics.bars", "metrics.dimension", "metrics.health",
    "metrics.whole_run",
)  # fmt: skip
INNER = {
    clouds.condensed: "of distances that were checked",
    homology.h1_bars: "of distances that were checked, and a divergence takes it twice",
    step_down.in_stages: "the function that it is given checks the draws",
    equivalence.overall: "its arrays are words of any shape",
}
"""Functions that take arrays and check none, and why."""

RNG = np.random.default_rng(0)
ANGLES = np.arange(12) * np.pi / 6.0
CLOUD = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]) + 0.01 * RNG.normal(size=(12, 2))
MATRIX = clouds.distances(CLOUD)
DGM = np.array([[1.0, 2.0], [1.5, 4.0]])
SCALE, VALUES = np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0])
ROWS = RNG.normal(size=(4, 3))  # replicates of the values
MEMBERS = np.ones((2, 12), dtype=np.bool_)
HALVES = np.array([[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]])
LAYER = of_layer.analyze_layer(CLOUD)
BARS = loops.loop_bars(MATRIX)[:1]
CELLS, CELL_HALVES = np.array([[1.0, 2.0]]), RNG.normal(2.0, 0.1, size=(6, 1, 2))
CONTRAST = equivalence.paired_contrast(CELLS, CELLS, CELL_HALVES, 1.1 * CELL_HALVES)
LAW = equivalence.joint_law(CONTRAST, 50, RNG, 99)
INTERVALS = equivalence.simultaneous(CONTRAST, LAW)
GROUPS = equivalence.GroupRows(HALVES, np.empty((0, 2, 6), dtype=np.intp), np.empty((0, 2, 3), dtype=np.intp))
OF_TWO = {"first": VALUES, "second": VALUES}
OF_HALVES = {"value": VALUES, "replicates": ROWS, "grows": False}
OF_PAIRS = {**OF_HALVES, "other": VALUES, "others": ROWS}
OF_LIFETIMES = {"lifetimes": VALUES}
OF_CELLS = {"margin": np.full((1, 2), 0.1)}

GOOD = (
    (of_layer.analyze_layer, {"cloud": CLOUD}),
    (of_layer.analyze_distances, {"distances": MATRIX}),
    (clouds.distinct_rows, {"cloud": CLOUD}),
    (clouds.distinct_points, {"points": CLOUD, "scores": CLOUD, "metric": "cosine"}),
    (clouds.standardize, {"cloud": CLOUD}),
    (clouds.principal_components, {"cloud": CLOUD}),
    (clouds.distances, {"cloud": CLOUD}),
    (convergence.recommended_size, {"sizes": SCALE, "means": VALUES, "spreads": VALUES, "value": 1.0}),
    (convergence.last_doubling, {"sizes": SCALE, "means": VALUES}),
    (convergence.expected_seconds, {"sizes": SCALE, "times": VALUES, "measured_size": 2, "seconds": 1.0}),
    (curves.curve_scale, {"diagrams": [DGM]}),
    (curves.betti_curve, {"dgm": DGM, "scale": SCALE}),
    (curves.euler_curve, {"betti": [VALUES]}),
    (homology.persistence, {"distances": MATRIX}),
    (homology.spanning_tree, {"distances": MATRIX}),
    (landmarks.farthest_points, {"cloud": CLOUD, "n_landmarks": 1, "among": np.arange(12)}),
    (nulls.rotated, {"clouds": [CLOUD], "rng": RNG}),
    (nulls.permuted_dimensions, {"clouds": [CLOUD], "rng": RNG}),
    (ranks.average_ranks, {"values": VALUES}),
    (rogue.rogue_warnings, {"cloud": CLOUD}),
    (subsamples.subsamples, {"cloud": CLOUD, "size": 4, "repeats": 1, "rng": RNG}),
    (vectors.landscape, {"dgm": DGM, "scale": SCALE}),
    (vectors.image, {"dgm": DGM, "birth_grid": SCALE, "persistence_grid": SCALE, "sigma": 0.1}),
    (vectors.image_grids, {"diagrams": [DGM], "sigma": 0.1}),
    (vectors.vector_distances, {"first": [VALUES], "second": [VALUES]}),
    (vectors.recorded_vectors, {"diagrams": [DGM], "unit": 1.0}),
    (text_metrics, {"pooled_tokens": np.arange(3), "truncated": np.array([True, False])}),
    (bars.total_persistence, OF_LIFETIMES),
    (bars.max_lifetime, OF_LIFETIMES),
    (bars.mean_lifetime, {**OF_LIFETIMES, "n_vertices": 4}),
    (bars.count, OF_LIFETIMES),
    (bars.mean_lifetime_norm, {**OF_LIFETIMES, "n_vertices": 4, "unit": 1.0}),
    (bars.total_norm, {**OF_LIFETIMES, "n_vertices": 4, "unit": 1.0}),
    (bars.max_norm, {**OF_LIFETIMES, "unit": 1.0}),
    (bars.max_ratio, {"dgm": DGM}),
    (bars.count_long, {**OF_LIFETIMES, "diameter": 1.0}),
    (bars.persistence_entropy, {"dgm": DGM}),
    (bars.reproduction, {"left": VALUES}),
    (dimension.participation_ratio, {"eigenvalues": VALUES}),
    (dimension.effective_rank, {"eigenvalues": VALUES}),
    (dimension.spectrum_alpha, {"eigenvalues": VALUES, "n_points": 12, "n_dims": 3}),
    (dimension.twonn_dimension, {"distances": MATRIX}),
    (dimension.near_twins, {"distances": MATRIX}),
    (dimension.dimension_over_scale, {"distances": MATRIX}),
    (health.top_token_fraction, {"pooled_tokens": np.arange(3)}),
    (health.truncated_fraction, {"truncated": np.array([True, False])}),
    (health.mean_norm, {"norms": VALUES}),
    (health.top_dim_variance, {"variances": VALUES}),
    (health.mean_cosine, {"mean_direction": VALUES, "n_points": 12}),
    (health.cover_radius, {"to_landmark": VALUES}),
    (whole_run.published_h0_total, {"cloud": CLOUD}),
    (whole_run.published_ratio, {"token_embeddings": CLOUD, "layers": [CLOUD]}),
    (whole_run.pseudo_perplexity, {"losses": VALUES, "weights": VALUES}),
    (equivalence.paired_contrast,
     {"base": VALUES, "candidate": VALUES, "base_halves": ROWS, "candidate_halves": ROWS}),
    (equivalence.spread_of, {"estimate": VALUES, "halves": ROWS, "floor": np.zeros(3), "missing": ["", "", ""]}),
    (equivalence.group_rows, {"in_second": np.arange(16) < 8, "rng": RNG, "permutations": 1, "replicates": 1}),
    (equivalence.label_p_values, {"observed": np.ones((1, 2, 3)), "permuted": np.zeros((4, 1, 2, 3))}),
    (equivalence.measure_groups, {"layer": LAYER, "raw_cloud": CLOUD, "rows": GROUPS}),
    (equivalence.judge, {"contrast": CONTRAST, "n_texts": 50, "rng": RNG, "draws": 99, **OF_CELLS}),
    (equivalence.most_changed, {"lost": np.zeros((2, 5)), "layers": ["layer_0", "layer_1"]}),
    (equivalence.neighbours_lost, {"base": MATRIX, "candidate": MATRIX, "k": 1}),
    (equivalence.places, {"base": CLOUD, "candidate": CLOUD, "halves": HALVES}),
    (equivalence.blended, {"cloud": CLOUD, "share": 0.5, "rng": RNG}),
    (equivalence.place_margins, {"base": CLOUD, "rng": RNG, "draws": 1}),
    (equivalence.plan, {"base": CELLS, "base_halves": CELL_HALVES, "n_texts": 50, "rng": RNG, **OF_CELLS}),
    (equivalence.texts_to_settle, {"intervals": INTERVALS, "n_texts": 50, **OF_CELLS}),
    (equivalence.joint_law, {"contrast": CONTRAST, "n_texts": 50, "rng": RNG, "multipliers": np.ones((9, 6))}),
    (equivalence.cell_verdicts, {"intervals": INTERVALS, **OF_CELLS}),
    (inference.p_value, {"observed": 1.0, "draws": VALUES, "tail": "upper"}),
    (inference.step_down_max_t, {"observed": VALUES, "draws": ROWS, "tail": "upper"}),
    (inference.universal_p_values, {"dgm": DGM}),
    (inference.null_rows,
     {"layers": {"layer_0": LAYER}, "draws": {"layer_0": np.zeros((3, len(TESTED_METRICS)))}, "intervals": {}}),
    (inference.control_rows,
     {"kind": "shuffled_tokens", "layers": {"layer_0": LAYER}, "controls": [{"layer_0": LAYER}],
      "replicates": {"layer_0": np.ones((4, len(INTERVAL_METRICS)))},
      "control_replicates": {"layer_0": np.ones((4, len(INTERVAL_METRICS)))}}),
    (inference.replicate, {"layer": LAYER, "raw_cloud": CLOUD, "halves": HALVES}),
    (inference.betti_bands,
     {"curves": {"betti_0": VALUES, "scale": SCALE}, "mean_lifetime": 1.0, "diagrams": [[DGM], [DGM]]}),
    (inference.intervals, OF_HALVES),
    (inference.paired_difference, OF_PAIRS),
    (inference.paired_p_values, OF_PAIRS),
    (inference.to_full_size, OF_HALVES),
    (inference.infer, {"layers": {"layer_0": LAYER}, "raw_clouds": {"layer_0": CLOUD}, "replicates": 2, "nulls": 0}),
    (step_down.max_t, {"observed": VALUES, "draws": ROWS, "tail": "upper"}),
    (step_down.step_down, {"observed": VALUES, "law": ROWS}),
    (step_down.standardized, {"values": ROWS}),
    (loops.explain_angle, {"angle": ANGLES, "covariates": {"place": list(range(12))}, "rng": RNG, "permutations": 9}),
    (loops.explain_sides,
     {"side": np.arange(12) < 6, "covariates": {"place": list(range(12))}, "rng": RNG, "permutations": 9}),
    (loops.longest_bars, {"dgm": DGM}),
    (loops.loop_bars, {"distances": MATRIX, "dgm": LAYER.diagrams[1]}),
    (loops.circular_coordinate, {"distances": MATRIX, "bar": BARS[0]}),
    (loops.circular_correlation, OF_TWO),
    (loops.smoothed_angle, {"cloud": CLOUD, "angle": ANGLES}),
    (loops.gaps, {"distances": MATRIX}),
    (loops.halves_of_groups,
     {"tree": scipy_linkage(squareform(MATRIX), "average"), "width": 1.0, "n_halves": 1, "rng": RNG}),
    (loops.left_on_groups, {"distances": MATRIX, "bars": BARS, "n_halves": 1}),
    (loops.layer_loops, {"layer": LAYER, "halves": HALVES[:0], "half_diagrams": ()}),
    (loops.shortest_loop, {"distances": MATRIX, "bar": BARS[0]}),
    (loops.leading, {"bars": BARS, "left": np.ones((1, 1)), "dgms": [DGM]}),
    (loops.life_left, {"distances": MATRIX, "bars": BARS, "members": MEMBERS}),
    (loops.membership, {"halves": [np.array([0, 2])], "n_points": 3}),
    (loops.prominence, {"leads": MEMBERS}),
    (loops.bar_p_values, {"lifetimes": [VALUES], "draws": np.ones((3, 1))}),
    (similarity.bottleneck, {"first": DGM, "second": DGM}),
    (similarity.wasserstein, {"first": DGM, "second": DGM}),
    (similarity.scaled, {"dgm": DGM, "unit": 1.0}),
    (similarity.linkage, {"matrix": MATRIX}),
    (similarity.matched_layers, OF_TWO),
    (similarity.prepare_all, {"clouds": {"layer_0": CLOUD}}),
    (similarity.cka, {"first": CLOUD, "second": CLOUD}),
    (similarity.procrustes, {"first": CLOUD, "second": CLOUD}),
    (similarity.knn_overlap, {"first": MATRIX, "second": MATRIX, "k": 1}),
    (similarity.rtd, {"first": MATRIX, "second": MATRIX}),
    (similarity.rtd_directions, {"first": MATRIX, "second": MATRIX}),
    (similarity.rtd_null, {"first": MATRIX, "second": MATRIX, "permutations": 1, "rng": RNG}),
)  # fmt: skip
"""Public functions that take arrays, with good arguments: a cloud is CLOUD, distances are MATRIX, a diagram is DGM."""
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
        (lambda: loops.leading(BARS, np.ones((1, 2)), [DGM]), r"shape \(1, 2\) for 1 bars and 1 diagrams"),
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
    assert checks.as_distances(rounded) is rounded
    with pytest.raises(ValueError, match="back: give symmetric distances, such as the mean of both ways"):
        checks.as_distances(matrix * (1.0 + 1e-5 * np.tri(30)))


def test_rounding_is_no_negative_distance():
    """Cosine distances of parallel rows come out as -2e-16."""
    rows = RNG.normal(size=(5, 7))
    matrix = clouds.distances(np.vstack([rows, 3.0 * rows, 7.0 * rows]), "cosine")
    assert homology.spanning_tree(np.where(matrix == 0.0, matrix, matrix - 2e-16)).shape == (14, 2)
