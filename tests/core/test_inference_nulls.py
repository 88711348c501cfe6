"""Null models: rotations keep what they must, p-values are exact, families share one claim."""

import numpy as np
import pytest
from scipy import stats

from tests.core.shapes import noisy_circle
from tests.core.shapes import rotation as turn
from todacomm.core.inference import (
    INTERVAL_METRICS,
    TESTED_METRICS,
    control_rows,
    null_draws,
    null_rows,
    p_value,
    step_down_max_t,
    universal_p_values,
)
from todacomm.core.layer import analyze_layer
from todacomm.core.nulls import permuted_dimensions, rotation


def test_a_rotation_is_orthogonal_and_leaves_the_ones_alone(rng):
    matrix = rotation(30, rng)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(30), atol=1e-12)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)


def test_rotations_are_uniform(rng):
    """Moments of the uniform distribution on the rotations that fix the ones, n = 6: sign errors of QR show in both."""
    draws = np.array([rotation(6, rng) for _ in range(4000)])
    np.testing.assert_allclose(draws.mean(axis=0), 1 / 6, atol=4 * np.sqrt((5 / 36) / 4000))
    np.testing.assert_allclose(draws.var(axis=0), 5 / 36, rtol=0.12)
    assert np.trace(draws, axis1=1, axis2=2).mean() == pytest.approx(1.0, abs=4 / np.sqrt(4000))


def test_a_rotated_cloud_has_exactly_the_mean_and_the_covariance(rng):
    cloud = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 5)) + 3.0
    rotated = rotation(40, rng) @ cloud
    np.testing.assert_allclose(rotated.mean(axis=0), cloud.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(np.cov(rotated.T), np.cov(cloud.T), rtol=1e-10)


def test_layers_share_the_rotation_of_a_draw_and_turning_a_layer_changes_nothing(rng):
    cloud = rng.normal(size=(30, 6)) * [4, 3, 2, 1, 1, 1]
    layers = {"one": analyze_layer(cloud), "turned": analyze_layer(cloud @ turn(rng, 6) + 5.0)}
    draws = null_draws(layers, 5, np.random.default_rng(0))
    np.testing.assert_allclose(draws["one"], draws["turned"], rtol=1e-4)


def test_threads_and_layers_with_duplicates_change_no_draw_of_the_others(rng):
    cloud = rng.normal(size=(30, 6))
    doubled = cloud.copy()
    doubled[20:] = doubled[:10]
    alone = null_draws({"a": analyze_layer(cloud)}, 6, np.random.default_rng(0))
    layers = {"doubled": analyze_layer(doubled), "a": analyze_layer(cloud), "point": analyze_layer(np.zeros((30, 6)))}
    beside = null_draws(layers, 6, np.random.default_rng(0), threads=3)
    assert np.array_equal(alone["a"], beside["a"])
    assert set(beside) == {"doubled", "a"}
    assert beside["doubled"].shape == (6, len(TESTED_METRICS))


def test_no_draws_and_no_layers_give_nothing(rng):
    layer = analyze_layer(rng.normal(size=(20, 3)))
    assert null_draws({"a": layer}, 0, rng) == {}
    assert null_draws({}, 3, rng) == {}
    assert null_rows({"a": layer}, {}, {}) == []


def test_more_long_bars_than_the_covariance_explains_have_a_small_p(rng):
    """Sixteen circles in a grid have a long bar each, and nine between them; rotated clouds have three or four."""
    angles = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    circles = np.vstack([ring + 3.2 * np.array(divmod(place, 4)) for place in range(16)])
    circles += 0.02 * rng.normal(size=circles.shape)
    noise = rng.normal(size=circles.shape)
    layers = {"circles": analyze_layer(circles), "noise": analyze_layer(noise)}
    rows = null_rows(layers, null_draws(layers, 39, np.random.default_rng(0)), {})
    p = {row["layer"]: row["p_adjusted"] for row in rows if row["metric"] == "h1_count_long"}
    assert layers["circles"].metrics["h1_count_long"] == 25
    assert p["circles"] == 1 / 40
    assert p["noise"] > 0.05


def test_p_counts_the_draws_at_least_as_extreme():
    draws = np.arange(39.0)
    assert p_value(100.0, draws, "upper") == 1 / 40
    assert p_value(-1.0, draws, "upper") == 1.0
    assert p_value(-1.0, draws, "two-sided") == 2 / 40
    assert p_value(-1.5, draws, "two-sided") == 1 / 40
    assert p_value(19.0, draws, "two-sided") == 1.0
    assert p_value(0.0, np.zeros(39), "upper") == 1.0


@pytest.mark.parametrize("tail", ["upper", "two-sided"])
def test_an_adjusted_p_is_never_below_the_plain_one(rng, tail):
    for _ in range(100):
        values = rng.gamma(2.0, size=(20, 6))
        plain = [p_value(values[0, i], values[1:, i], tail) for i in range(6)]
        assert (step_down_max_t(values[0], values[1:], tail) >= plain).all()


def westfall_young(values):
    """The definition, step by step, for values of shape (1 + draws, layers) with the observed ones first."""
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    left, adjusted, least = list(range(z.shape[1])), np.empty(z.shape[1]), 0.0
    while left:
        first = max(left, key=lambda layer: z[0, layer])
        least = max(least, np.mean(z[:, left].max(axis=1) >= z[0, first]))
        adjusted[first] = least
        left.remove(first)
    return adjusted


def test_max_t_is_the_step_down_of_westfall_and_young(rng):
    for _ in range(20):
        values = rng.normal(size=(20, 6)) + rng.normal(size=(20, 1))
        values[0, :2] += 3.0
        np.testing.assert_array_equal(step_down_max_t(values[0], values[1:], "upper"), westfall_young(values))


def test_max_t_costs_nothing_for_a_layer_that_repeats_another(rng):
    values = rng.normal(size=(40, 1))
    values[0] = 4.0
    many = np.tile(values, (1, 14))
    assert step_down_max_t(many[0], many[1:], "upper").tolist() == [1 / 40] * 14


def test_max_t_follows_the_layers_and_looks_both_ways(rng):
    values = rng.normal(size=(40, 5))
    values[0, 3] = -9.0
    order = rng.permutation(5)
    adjusted = step_down_max_t(values[0], values[1:], "two-sided")
    assert adjusted[3] == 1 / 40
    assert step_down_max_t(values[0], values[1:], "upper")[3] == 1.0
    np.testing.assert_array_equal(step_down_max_t(values[0, order], values[1:, order], "two-sided"), adjusted[order])


def test_a_layer_without_spread_is_never_found():
    draws = np.column_stack([np.ones(39), np.arange(39.0)])
    assert step_down_max_t([1.0, 50.0], draws, "upper").tolist() == [1.0, 1 / 40]


def test_max_t_keeps_its_word_over_fourteen_tied_layers(rng):
    """Family-wise error of exchangeable rows with heavy tails, 400 families at 5 %: within its binomial bounds."""
    rejected = 0
    for _ in range(400):
        values = rng.standard_t(3, size=(40, 14)) + 2.0 * rng.standard_t(3, size=(40, 1))
        rejected += step_down_max_t(values[0], values[1:], "two-sided").min() <= 0.05
    low, high = stats.binom.ppf([0.001, 0.999], 400, 0.05)
    assert low <= rejected <= high


def test_the_universal_null_sees_a_clear_circle_and_neither_noise_nor_a_noisy_one():
    rng = np.random.default_rng(0)
    ring = noisy_circle(rng, n_points=150, n_dims=3, sigma=0.1)
    assert universal_p_values(analyze_layer(ring).diagrams[1]).min() < 0.05
    for _ in range(5):
        assert universal_p_values(analyze_layer(rng.normal(size=(100, 20))).diagrams[1]).min() > 0.05
    assert universal_p_values(analyze_layer(noisy_circle(rng, n_points=200)).diagrams[1]).min() > 0.05


def test_the_universal_null_follows_its_formula():
    dgm = np.array([[1.0, 1.2], [2.0, 2.6], [1.0, 3.0]])
    strength = np.log(np.log([1.2, 1.3, 3.0]))
    expected = np.exp(-np.exp(strength - strength.mean() - 0.57721566))
    np.testing.assert_allclose(universal_p_values(dgm), np.minimum(1.0, 3 * expected), rtol=1e-7)
    assert len(universal_p_values(np.empty((0, 2)))) == 0
    with pytest.raises(ValueError, match="born at 0"):
        universal_p_values(np.array([[0.0, 1.0]]))


def test_permuted_dimensions_keep_each_coordinate_and_lose_what_ties_them(rng):
    shared = rng.normal(size=(300, 1))
    cloud = np.tile(shared, (1, 4))
    (permuted,) = permuted_dimensions([cloud], rng)
    np.testing.assert_array_equal(np.sort(permuted, axis=0), np.sort(cloud, axis=0))
    off_diagonal = np.corrcoef(permuted.T)[np.triu_indices(4, 1)]
    assert np.abs(off_diagonal).max() < 0.25


def some_layers(rng, factor=1.0):
    return {name: analyze_layer(factor * rng.normal(size=(24, 4))) for name in ("embedding", "layer_0")}


def test_one_control_gives_a_difference_with_its_error_and_no_p(rng):
    layers, control = some_layers(rng), some_layers(rng, 2.0)
    halves = {name: rng.normal(size=(20, len(INTERVAL_METRICS))) for name in layers}
    rows = control_rows("random_weights", layers, [control], halves, halves)
    row = next(r for r in rows if r["layer"] == "layer_0" and r["metric"] == "mean_norm")
    value, other = layers["layer_0"].metrics["mean_norm"], control["layer_0"].metrics["mean_norm"]
    assert row["difference"] == pytest.approx(value - other)
    assert row["mean"] == pytest.approx(other)
    assert row["se"] == pytest.approx(1e-5 * max(value, other)), "the halves are the same: what is left is rounding"
    assert all(np.isnan(row[column]) for column in ("sd", "lo", "hi", "p", "p_adjusted", "family"))


def test_a_control_gets_a_p_from_nineteen_draws_on_where_its_kind_may(rng):
    layers = some_layers(rng)
    controls = [some_layers(rng, 0.1) for _ in range(19)]
    rows = control_rows("random_weights", layers, controls, {}, {})
    row = next(r for r in rows if r["layer"] == "embedding" and r["metric"] == "mean_norm")
    assert (row["p"], row["p_adjusted"], row["family"], row["draws"]) == (0.05, 0.05, 2, 19)
    assert np.isnan(row["se"])
    for fewer in (
        control_rows("random_weights", layers, controls[:18], {}, {}),
        control_rows("permuted_dimensions", layers, controls, {}, {}),
    ):
        assert all(np.isnan(row["p"]) and np.isnan(row["p_adjusted"]) for row in fewer)
    assert control_rows("random_weights", layers, [], {}, {}) == []
