"""Permutations of the rows: equal to measuring permuted clouds anew, and valid for the closest of many pairs."""

import numpy as np
import pytest
from scipy import stats

from todacomm.core.clouds import distances
from todacomm.core.similarity import cka, knn_overlap, prepare_all, procrustes, similarity_grid
from todacomm.core.similarity.chance import chance, judged, permuted_grids, relative_order

MEASURES = {
    "cka": cka,
    "procrustes": procrustes,
    "knn_overlap": lambda a, b: knn_overlap(distances(a), distances(b)),
}


def clouds(rng: np.random.Generator, n: int, *widths: int) -> dict[str, np.ndarray]:
    return {f"layer_{i}": rng.normal(size=(n, width)) for i, width in enumerate(widths)}


@pytest.mark.parametrize("measure", MEASURES)
def test_an_index_into_what_is_prepared_is_the_measure_of_permuted_rows(measure, rng):
    first, second = clouds(rng, 40, 5, 60, 8), clouds(rng, 40, 50, 7)
    result = chance(prepare_all(first)[0], prepare_all(second)[0], measure, np.random.default_rng(5), permutations=4)
    again = np.random.default_rng(5)
    orders = [again.permutation(40) for _ in range(4)]
    grids = np.array(
        [[[MEASURES[measure](a[order], b) for b in second.values()] for a in first.values()] for order in orders]
    )
    assert result.mean == pytest.approx(grids.mean(axis=0), abs=1e-9)
    assert result.sd == pytest.approx(grids.std(axis=0, ddof=1), abs=1e-9)
    assert result.value == pytest.approx(
        np.array([[MEASURES[measure](a, b) for b in second.values()] for a in first.values()])
    )


@pytest.mark.parametrize("measure", ["cka", "knn_overlap"])
def test_among_unrelated_layers_the_closest_of_many_pairs_is_no_closer_than_chance(measure):
    """150 pairs of models with 3 x 3 layers tied to one another: p of the closest, and the smallest adjusted p."""
    rng = np.random.default_rng(0)
    closest, plain, adjusted = [], [], []
    for _ in range(150):
        sides = []
        for _ in range(2):
            texts = rng.normal(size=(30, 4))
            sides.append({str(i): texts + 0.5 * rng.normal(size=(30, 4)) for i in range(3)})
        result = chance(*(prepare_all(side)[0] for side in sides), measure, rng, permutations=39)
        assert (result.p_adjusted >= result.p).all()
        closest.append(result.closest_p)
        plain.append(result.p.min())
        adjusted.append(result.p_adjusted.min())
    most = stats.binom.ppf(0.999, 150, 0.05)
    assert np.sum(np.array(closest) <= 0.05) <= most
    assert np.sum(np.array(adjusted) <= 0.05) <= most
    assert np.sum(np.array(plain) <= 0.05) > most  # what a search over pairs finds without the maxima


def test_of_several_models_those_with_nothing_in_common_are_seldom_named():
    """120 times three models, the first two of the same texts, the third of others: 18 of 27 pairs are unrelated."""
    rng = np.random.default_rng(1)
    false, missed = 0, 0
    for _ in range(120):
        texts, others = rng.normal(size=(2, 30, 4))
        models = [
            prepare_all({str(i): base + 0.5 * rng.normal(size=(30, 4)) for i in range(3)})[0]
            for base in (texts, texts, others)
        ]
        orders = [[rng.permutation(30) for _ in range(39)] for _ in models]
        values, draws = [], []
        for one, other in ((0, 1), (0, 2), (1, 2)):
            relative = [relative_order(*both) for both in zip(orders[one], orders[other], strict=True)]
            grid = similarity_grid(models[one], models[other], "cka")
            values.append(grid.ravel())
            permuted = permuted_grids(models[one], models[other], "cka", relative, np.isfinite(grid))
            draws.append(permuted.reshape(39, -1))
        adjusted = judged(np.concatenate(values), np.concatenate(draws, axis=1), "cka").p_adjusted
        false += (adjusted[9:] <= 0.05).any()
        missed += (adjusted[:9] > 0.05).any()
    assert false <= stats.binom.ppf(0.999, 120, 0.05)
    assert missed == 0


@pytest.mark.parametrize("measure", MEASURES)
def test_layers_of_the_same_texts_are_closer_than_chance(measure):
    rng = np.random.default_rng(3)
    texts = rng.normal(size=(60, 10))
    sides = [prepare_all({str(i): texts + 0.3 * rng.normal(size=texts.shape) for i in range(2)})[0] for _ in range(2)]
    result = chance(*sides, measure, rng, permutations=19)
    assert result.closest_p == 0.05
    assert result.p_adjusted.max() == 0.05
    assert result.value[result.closest] == result.closest_value
    better = np.max if measure != "procrustes" else np.min
    assert result.closest_value == better(result.value)
    assert better([result.closest_value, result.threshold]) == result.closest_value != result.threshold


def test_width_and_few_texts_bring_unrelated_clouds_near_and_chance_shows_it():
    """Procrustes of independent noise: .22 for 75 texts in 768 dimensions, .58 for 500."""
    rng = np.random.default_rng(0)
    for n, level in ((75, 0.22), (500, 0.58)):
        sides = [prepare_all(clouds(rng, n, 768))[0] for _ in range(2)]
        result = chance(*sides, "procrustes", rng, permutations=2)
        assert result.value[0, 0] == pytest.approx(level, abs=0.01)
        assert result.mean[0, 0] == pytest.approx(level, abs=0.01)
        assert np.isnan(result.threshold)


def test_only_the_pairs_asked_for_are_compared(rng):
    layers = prepare_all(clouds(rng, 30, 4, 4, 4))[0]
    result = chance(layers, layers, "cka", rng, permutations=19, pairs=[(0, 1), (2, 2)])
    assert np.argwhere(np.isfinite(result.value)).tolist() == [[0, 1], [2, 2]]
    for table in (result.mean, result.sd, result.p, result.p_adjusted):
        assert (np.isfinite(table) == np.isfinite(result.value)).all()
    assert result.closest == (2, 2)


def test_a_layer_that_cannot_be_compared_leaves_a_gap(rng):
    first = prepare_all({"flat": np.ones((30, 4)), **clouds(rng, 30, 4)})[0]
    second = prepare_all(clouds(rng, 30, 4, 6))[0]
    result = chance(first, second, "knn_overlap", rng, permutations=5)
    assert np.isnan(result.p).tolist() == [[True, True], [False, False]]
    assert result.closest[0] == 1
    none = chance({"flat": None}, second, "cka", rng, permutations=5)
    assert none.closest == (-1, -1)
    assert np.isnan([none.closest_value, none.closest_p, none.threshold]).all()


def test_threads_change_no_number(rng):
    layers = prepare_all(clouds(rng, 40, 6, 50))[0]
    for measure in MEASURES:
        one, two = (
            chance(layers, layers, measure, np.random.default_rng(0), permutations=5, threads=threads)
            for threads in (1, 2)
        )
        assert (one.mean == two.mean).all()


def test_what_cannot_be_drawn_is_refused(rng):
    layers = prepare_all(clouds(rng, 30, 4))[0]
    with pytest.raises(ValueError, match="unknown measure 'rsa': choose cka, procrustes or knn_overlap"):
        chance(layers, layers, "rsa", rng)
    with pytest.raises(ValueError, match="0 permutations: expected 1 at least"):
        chance(layers, layers, "cka", rng, permutations=0)
    with pytest.raises(ValueError, match="clouds of 30 and 31 texts"):
        chance(layers, prepare_all(clouds(rng, 31, 4))[0], "cka", rng)


@pytest.mark.parametrize("n_values", [5, 12])
def test_common_neighbours_among_rows_that_coincide_are_those_of_permuted_rows(rng, n_values):
    """Which of equally near rows is named is decided by the order of the rows, anew in every permutation."""
    ours, theirs = (rng.normal(size=(n_values, 6))[rng.integers(0, n_values, 40)] for _ in range(2))
    orders = [rng.permutation(40) for _ in range(5)]
    sides = (prepare_all({"layer": cloud})[0] for cloud in (ours, theirs))
    permuted = permuted_grids(*sides, "knn_overlap", orders, np.ones((1, 1), dtype=bool))
    expected = [knn_overlap(distances(ours[order]), distances(theirs)) for order in orders]
    np.testing.assert_array_equal(permuted[:, 0, 0], expected)


def test_p_of_independent_clouds_whose_rows_coincide_is_even(rng):
    def few():
        return prepare_all({"layer": rng.normal(size=(5, 8))[rng.integers(0, 5, 60)]})[0]

    p = [chance(few(), few(), "knn_overlap", rng, permutations=19).p[0, 0] for _ in range(100)]
    assert np.mean(np.array(p) <= 0.05) <= 0.13  # 5 % expected


def test_small_angles_of_permutations_are_exact(rng):
    """An outlier that stays in its place rules both sides."""
    ours = rng.normal(size=(70, 100))
    ours[0] += 1e6
    theirs = ours[:, :5].copy()
    order = np.append(0, rng.permutation(69) + 1)
    sides = (prepare_all({"layer": cloud})[0] for cloud in (ours, theirs))
    permuted = permuted_grids(*sides, "procrustes", [order], np.ones((1, 1), dtype=bool))[0, 0, 0]
    assert permuted == pytest.approx(procrustes(ours[order], theirs), abs=1e-7)
    assert permuted > 1e-6
