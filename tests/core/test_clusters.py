"""Half-samples of clusters: whole ones, each as often, and errors that are right where texts of a cluster lie alike."""

import numpy as np
import pytest

from todacomm.core.equivalence import joint_law, paired_contrast, simultaneous
from todacomm.core.inference import (
    INTERVAL_METRICS,
    effective_clusters,
    half_samples,
    infer,
    intervals,
    metric_values,
    replicate,
)
from todacomm.core.layer import analyze_layer

SIZES = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])


def test_a_half_holds_whole_clusters_but_for_one():
    clusters = np.repeat(list("abcdefghij"), SIZES)
    for half in half_samples(len(clusters), 50, 3, list(clusters)):
        assert len(np.unique(half)) == len(half) == len(clusters) // 2
        share = np.bincount(clusters[half].view(np.uint32) - ord("a"), minlength=10) / SIZES
        assert ((share > 0) & (share < 1)).sum() <= 1


def test_every_cluster_is_in_half_of_them_and_more_begin_with_the_same():
    clusters = np.repeat(np.arange(20), 3)
    halves = half_samples(60, 2000, 0, clusters.tolist())
    counts = np.bincount(halves.ravel(), minlength=60)
    assert counts.reshape(20, 3)[:, 0] == pytest.approx(1000, abs=110)  # 5 standard deviations
    assert np.array_equal(halves[:7], half_samples(60, 7, 0, clusters.tolist()))
    assert not np.array_equal(halves[:7], half_samples(60, 7, 1, clusters.tolist()))


def test_names_and_order_of_the_clusters_in_the_texts_do_not_matter_to_what_is_drawn():
    clusters = np.repeat(np.arange(9), 4)
    order = np.random.default_rng(0).permutation(36)
    drawn = [np.unique(clusters[half]) for half in half_samples(36, 5, 0, clusters.tolist())]
    again = [np.unique(clusters[order][half]) for half in half_samples(36, 5, 0, [f"n{c}" for c in clusters[order]])]
    assert all(map(np.array_equal, drawn, again))


def test_a_cluster_for_each_point_is_expected():
    with pytest.raises(ValueError, match="3 clusters of 4 points: expected one for each"):
        half_samples(4, 2, 0, "aab")


def alike(seed: int, clusters: np.ndarray, correlation: float) -> np.ndarray:
    """Gaussian texts, of which those of one cluster share a part."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(clusters.max() + 1, 20))[clusters]
    own = rng.normal(size=(len(clusters), 20))
    return (np.sqrt(correlation) * shared + np.sqrt(1.0 - correlation) * own) * np.arange(1, 21) ** -0.5


@pytest.mark.parametrize("sizes", [[5] * 40, [2, 8] * 20])
def test_intervals_hold_for_other_clusters_where_those_of_texts_do_not(sizes):
    """Standard errors over the true spread, over 60 sets of fresh clusters of which the texts share half their part."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    values, of_texts, of_clusters = [], [], []
    for seed in range(60):
        cloud = alike(seed, clusters, 0.5)
        layer = analyze_layer(cloud, maxdim=0)
        values.append(metric_values(layer.metrics))
        for errors, drawn_of in ((of_texts, None), (of_clusters, clusters.tolist())):
            halves = half_samples(len(clusters), 40, seed, drawn_of)
            errors.append(intervals(values[-1], replicate(layer, cloud, halves).values).se)
    value = np.array(values)
    for metric in ("mean_norm", "median_distance", "participation_ratio", "effective_rank", "top_dim_variance"):
        column = INTERVAL_METRICS.index(metric)
        spread = value[:, column].std(ddof=1)
        narrow, right = (np.sqrt(np.mean(np.array(errors)[:, column] ** 2)) for errors in (of_texts, of_clusters))
        assert narrow / spread < 0.82, metric
        assert 0.8 < right / spread < 1.3, metric
        away = np.abs(value[:, column] - value[:, column].mean())
        assert np.mean(away <= 1.96 * np.array(of_clusters)[:, column]) >= 0.85, metric


def test_no_more_false_differences_over_clusters_than_promised():
    """Differences of 6 cells that clusters have and the population has not: simultaneous intervals of 300 pairs."""
    rng, clusters = np.random.default_rng(0), np.repeat(np.arange(20), 8)
    missed = np.zeros(2)
    for seed in range(300):
        cells = rng.normal(size=(20, 6))[clusters] + rng.normal(size=(160, 6))
        for place, (drawn_of, n_units) in enumerate(((None, 160), (clusters.tolist(), 20))):
            halves = cells[half_samples(160, 100, seed, drawn_of)].mean(axis=1)
            contrast = paired_contrast(np.zeros(6), cells.mean(axis=0), np.zeros((100, 6)), halves, relative=False)
            result = simultaneous(contrast, joint_law(contrast, n_units, rng, 499))
            missed[place] += ((result.lo > 0.0) | (result.hi < 0.0)).any()
    of_texts, of_clusters = missed / 300
    assert of_texts > 0.5
    assert of_clusters <= 0.09  # 3 standard deviations above .05


def test_a_run_with_few_clusters_is_told_so_and_its_loops_are_of_the_same_halves():
    clusters = [f"document {number}" for number in np.repeat(np.arange(12), 5)]
    angles = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, 60)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    layer = analyze_layer(circle)
    whole = infer({"layer_0": layer}, {"layer_0": circle}, replicates=20, nulls=0, n_loops=1, seed=5, clusters=clusters)
    halves = half_samples(60, 20, 5, clusters)
    expected = replicate(layer, circle, halves)
    np.testing.assert_array_equal(whole.replicates["layer_0"], expected.values)
    assert len(whole.loops.left["layer_0"]) == 20
    (warning,) = [warning for warning in whole.warnings if warning.code == "few_clusters"]
    assert warning.text == "half-samples are of 12 clusters: the width of intervals is uncertain by 21 %"


def test_a_loop_that_the_texts_of_one_document_make_is_none_of_documents():
    rng = np.random.default_rng(2)
    angles = rng.uniform(0.0, 2.0 * np.pi, 90)
    ring = np.column_stack([4.0 * np.cos(angles), 4.0 * np.sin(angles), np.zeros((90, 8))])
    ring += rng.normal(scale=0.2, size=ring.shape)
    beside = rng.normal(size=(150, 10)) + 9.0 * np.eye(10)[0]
    cloud = np.vstack([ring, beside])
    layers, others = {"layer_0": analyze_layer(cloud)}, [f"d{number // 5}" for number in range(150)]
    of_one, of_thirty = ["ring"] * 90, [f"r{number % 30}" for number in rng.permutation(90)]
    rows = [
        infer(layers, {"layer_0": cloud}, n_loops=1, seed=0, clusters=clusters).loops.rows[0]
        for clusters in (None, of_one + others, of_thirty + others)
    ]
    assert [row["verdict"] for row in rows] == ["loop", "few texts", "loop"]
    of_texts, of_one_document, of_documents = (row["reproduction"] for row in rows)
    assert of_one_document < of_texts - 0.15
    assert of_documents == pytest.approx(of_texts, abs=0.05)


@pytest.mark.parametrize("sizes", [[7] * 24, [90] + [5] * 30, [2, 8] * 20])
def test_clusters_that_count_are_those_of_a_mean_with_the_same_variance(sizes):
    """The variance of a mean of points that coincide in each cluster is that of so many independent points."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(0)
    means = rng.normal(size=(20_000, len(sizes))) @ np.array(sizes) / len(clusters)
    assert effective_clusters(clusters.tolist()) == pytest.approx(1.0 / means.var(), rel=0.03)


def test_clusters_of_unequal_size_are_warned_of_by_what_counts():
    clusters = ["ring"] * 30 + [f"d{number}" for number in range(30)]
    layer = analyze_layer(np.random.default_rng(0).normal(size=(60, 4)))
    whole = infer({"layer_0": layer}, {"layer_0": layer.cloud}, replicates=20, nulls=0, n_loops=0, clusters=clusters)
    assert [warning.text for warning in whole.warnings if warning.code == "few_clusters"] == [
        "half-samples are of 31 clusters, which count as 3.9 of one size: the width of intervals is uncertain by 42 %"
    ]
