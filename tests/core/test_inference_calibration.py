"""Intervals and p-values keep their word: small versions of benchmarks/calibration.py with fixed seeds."""

import numpy as np
import pytest
from scipy import stats

from tests.core.shapes import noisy_circle
from todacomm.core.inference import (
    INTERVAL_METRICS,
    TESTED_METRICS,
    half_samples,
    intervals,
    metric_values,
    null_draws,
    null_rows,
    p_value,
    replicate,
    step_down_max_t,
)
from todacomm.core.layer import analyze_layer

LONGEST = TESTED_METRICS.index("h1_max_norm")


def ranks(clouds, draws, rng):
    """Rank of each layer among its draws and the draws themselves, by layer and tested metric."""
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    values = np.array([[layer.metrics[metric] for metric in TESTED_METRICS] for layer in layers.values()])
    return values, np.stack(list(null_draws(layers, draws, rng).values()), axis=1)


def test_intervals_cover_the_expectation():
    """80 anisotropic clouds of 100 points: standard errors near the true spread, and never far below it."""
    values, errors = [], []
    for seed in range(80):
        cloud = np.random.default_rng(seed).normal(size=(100, 20)) * np.arange(1, 21) ** -0.5
        layer = analyze_layer(cloud)
        halves = replicate(layer, cloud, half_samples(100, 30, seed))
        estimate = intervals(metric_values(layer.metrics), halves.values)
        values.append(estimate.value)
        errors.append(estimate.se)
    value, error = np.array(values), np.array(errors)
    covered = np.mean(np.abs(value - value.mean(axis=0)) <= 1.96 * error, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt(np.mean(error**2, axis=0)) / value.std(axis=0, ddof=1)
    conservative = {"h0_entropy", "h1_entropy", "mean_cosine", "effective_rank", "twonn_dimension", "spectrum_alpha"}
    for name, cover, r in zip(INTERVAL_METRICS, covered, ratio, strict=True):
        if name == "spectrum_alpha":  # undefined with 20 dimensions
            continue
        assert cover >= 0.88, name
        assert 0.75 <= r <= (2.5 if name in conservative else 1.6), name


@pytest.mark.parametrize("decay", [0.0, 1.0])
def test_rotation_p_is_uniform_on_gaussian_rows_of_any_covariance(decay):
    rng = np.random.default_rng(int(decay))
    uniform = []
    for _ in range(80):
        values, draws = ranks({"layer": rng.normal(size=(40, 12)) * np.arange(1, 13) ** -decay}, 19, rng)
        rank = [20 * p_value(values[0, m], draws[:, 0, m], "upper") for m in range(len(TESTED_METRICS))]
        uniform.append((np.array(rank) - rng.uniform(size=len(rank))) / 20)  # ranks 1 to 20, spread over their cells
    for metric, sample in zip(TESTED_METRICS, np.array(uniform).T, strict=True):
        counted = metric == "h1_count_long"  # ties make its p larger than a uniform one, never smaller
        assert stats.kstest(sample, "uniform", alternative="greater" if counted else "two-sided").pvalue > 0.005, metric


def test_no_more_false_findings_over_fourteen_layers_than_promised():
    """Gaussian layers of the same 20 texts, tied to one another: family-wise error within its binomial bounds."""
    rng = np.random.default_rng(0)
    families, rejected = 40, np.zeros(len(TESTED_METRICS))
    for _ in range(families):
        texts = rng.normal(size=(20, 6))
        clouds = {str(i): texts * rng.uniform(0.5, 2, 6) + 0.5 * rng.normal(size=(20, 6)) for i in range(14)}
        values, draws = ranks(clouds, 19, rng)
        for m in range(len(TESTED_METRICS)):
            rejected[m] += step_down_max_t(values[:, m], draws[..., m], "two-sided").min() <= 0.05
    assert (rejected <= stats.binom.ppf(0.999, families, 0.05)).all()


def test_a_noisy_circle_in_fifty_dimensions_is_found():
    """Noise of .2 in 50 dimensions, 300 points: by H1's maximum in at least 8 of 10 seeds."""
    detected = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        values, draws = ranks({"layer": noisy_circle(rng)}, 19, rng)
        detected += p_value(values[0, LONGEST], draws[:, 0, LONGEST], "upper") <= 0.05
    assert detected >= 8


def test_a_circle_in_one_of_fourteen_layers_is_found_there_alone():
    """With the 39 draws of the defaults."""
    rng = np.random.default_rng(0)
    clouds = {f"layer_{i}": rng.normal(size=(200, 20)) * np.arange(1, 21) ** -0.5 for i in range(14)}
    clouds["layer_6"] = noisy_circle(rng, n_points=200, n_dims=20)
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    rows = null_rows(layers, null_draws(layers, 39, rng), {})
    adjusted = {row["layer"]: row["p_adjusted"] for row in rows if row["metric"] == "h1_max_norm"}
    assert adjusted.pop("layer_6") < 0.05
    assert min(adjusted.values()) > 0.05
