"""Claims about the loops of a run: a circle among layers without a loop, with its points in order."""

import numpy as np
import pytest

from todacomm.core.inference import infer
from todacomm.core.layer import analyze_layer
from todacomm.core.loops.coordinates import circular_correlation
from todacomm.core.loops.whole_run import LOOP


@pytest.fixture(scope="module")
def clouds():
    rng = np.random.default_rng(5)
    angle = rng.uniform(0.0, 2.0 * np.pi, 200)
    circle = rng.normal(scale=0.15, size=(200, 20))
    circle[:, 0] += np.cos(angle)
    circle[:, 1] += np.sin(angle)
    sheet = rng.normal(size=(200, 3))
    curved = np.column_stack([sheet, *(sheet[:, i] * sheet[:, j] for i in range(3) for j in range(i, 3))])
    repeated = circle.copy()
    repeated[180:] = repeated[:20]
    return {"circle": circle, "sheet": curved, "noise": rng.normal(size=(200, 20)), "repeated": repeated}, angle


@pytest.fixture(scope="module")
def inference(clouds):
    layers = {name: analyze_layer(cloud, pca=0) for name, cloud in clouds[0].items()}
    return infer(layers, clouds[0], replicates=40, nulls=39, n_loops=2, seed=1)


def test_the_circles_alone_are_loops(inference):
    claims = {row["layer"]: row["verdict"] for row in inference.loops.rows if row["rank"] == 1}
    assert {name for name, claim in claims.items() if claim == LOOP} == {"circle", "repeated"}
    assert all(row["verdict"] != LOOP for row in inference.loops.rows if row["rank"] == 2)


def test_the_longest_bar_has_the_p_of_the_table_of_nulls(inference):
    of_nulls = {row["layer"]: row for row in inference.null_rows if row["metric"] == "h1_max_norm"}
    for row in inference.loops.rows:
        if row["rank"] == 1:
            assert (row["p"], row["p_adjusted"]) == (of_nulls[row["layer"]]["p"], of_nulls[row["layer"]]["p_adjusted"])


def test_points_have_their_place_on_the_loop_and_the_loop_goes_around(clouds, inference):
    angle = clouds[1]
    (on_circle,) = (one for one in inference.loops.points if one.layer == "circle" and one.rank == 1)
    assert circular_correlation(on_circle.angle, angle) > 0.95
    steps = np.angle(np.exp(1j * np.diff(angle[on_circle.points], append=angle[on_circle.points[0]])))
    assert abs(steps.sum()) == pytest.approx(2 * np.pi)
    (on_repeated,) = (one for one in inference.loops.points if one.layer == "repeated" and one.rank == 1)
    np.testing.assert_array_equal(on_repeated.angle[180:], on_repeated.angle[:20])


def test_without_halves_or_draws_nothing_is_claimed(clouds):
    layers = {"circle": analyze_layer(clouds[0]["circle"], pca=0)}
    for options in ({"replicates": 0, "nulls": 39}, {"replicates": 20, "nulls": 0}):
        rows = infer(layers, clouds[0], n_loops=1, **options).loops.rows
        assert [row["verdict"] for row in rows] == ["not tested"]
    landmarks = {"circle": analyze_layer(clouds[0]["circle"], pca=0, landmarks=60)}
    assert [row["verdict"] for row in infer(landmarks, clouds[0], n_loops=1).loops.rows] == ["not tested"]
    assert infer(layers, clouds[0], n_loops=0, replicates=0, nulls=0).loops.rows == []
