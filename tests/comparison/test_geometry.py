"""Paired geometry of stored clouds and diagrams."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.comparison.conftest import add_similarity, make, only
from tests.helpers.records import record
from todacomm.comparison import (
    diagram_distances,
    divergences,
    gather,
    model_distances,
    nearest_layers,
    similarity,
)
from todacomm.comparison.divergence import divergence_seconds
from todacomm.comparison.similarities import at_matched_depth
from todacomm.core.clouds import distances
from todacomm.core.similarity import SIMILARITIES, cka, rtd_directions
from todacomm.core.vectors import recorded_vectors
from todacomm.settings.comparison import ComparisonConfig


def config(**options: object) -> ComparisonConfig:
    return ComparisonConfig.from_flat({"rtd_points": 20, "threads": 1, **options})


def test_equal_clouds_are_alike_in_every_measure(store: Path) -> None:
    """alpha and beta have the same clouds; gamma's are others of the same law."""
    record(make("alpha", 4, seed=1))
    record(make("beta", 4, seed=1))
    found = gather()
    table, warned = similarity(found)
    assert warned == ()
    assert len(table) == 3 * 4 * 4
    same = table[table["layer_a"] == table["layer_b"]]
    np.testing.assert_allclose(only(same, measure="cka")["value"], 1.0)
    np.testing.assert_allclose(only(same, measure="procrustes")["value"], 0.0, atol=1e-6)
    np.testing.assert_allclose(only(same, measure="knn_overlap")["value"], 1.0)
    np.testing.assert_allclose(model_distances(found, table).to_numpy(), 0.0, atol=1e-6)
    shapes = diagram_distances(found)
    assert set(shapes["degree"]) == {0, 1}
    np.testing.assert_allclose(shapes[["bottleneck", "wasserstein"]], 0.0, atol=1e-6)
    apart = divergences(found, config())
    np.testing.assert_allclose(apart["rtd"], 0.0, atol=1e-6)
    assert (apart["null"] > 1.0).all()
    assert apart["p"].isna().all()


def test_the_nearest_layer_of_a_twin_is_the_same_layer(store: Path) -> None:
    for name in ("alpha", "beta"):
        result = make(name, 4, seed=1)
        vectors = [recorded_vectors(layer.diagrams, 1.0 + layer.index) for layer in result.layers]
        layers = [
            replace(layer, curves=layer.curves | more) for layer, more in zip(result.layers, vectors, strict=True)
        ]
        record(replace(result, layers=tuple(layers)))
    table = nearest_layers(gather())
    assert len(table) == 2 * 4
    assert list(table["layer_a"]) == list(table["layer_b"])
    np.testing.assert_allclose(table[["landscape_distance", "image_distance"]], 0.0, atol=1e-9)


def test_a_grid_has_every_pair_of_layers_and_its_cost_is_told(models: dict[str, str]) -> None:
    found = gather(models="alpha,beta", weights="trained")
    matched = divergences(found, config(rtd_permutations=0))
    grid = divergences(found, config(rtd_permutations=0, geometry="grid"))
    assert (len(matched), len(grid)) == (4, 4 * 5)
    assert divergence_seconds(found, config(geometry="grid")) == pytest.approx(5 * divergence_seconds(found, config()))
    assert divergence_seconds(found, config(), threads=4) == pytest.approx(divergence_seconds(found, config()) / 4)
    assert divergence_seconds(found, config(geometry="none")) == 0.0
    both = matched.merge(grid, on=["label_a", "label_b", "layer_a", "layer_b"])
    np.testing.assert_allclose(both["rtd_x"], both["rtd_y"])


def test_threads_change_the_time_of_a_divergence_and_no_number(models: dict[str, str]) -> None:
    found = gather(models="alpha,gamma", weights="trained")
    pd.testing.assert_frame_equal(divergences(found, config(), threads=3), divergences(found, config(), threads=1))


def test_a_divergence_is_the_mean_of_its_two_directions_which_swap_with_the_models(models: dict[str, str]) -> None:
    found = gather(models="alpha,gamma", weights="trained")
    table = divergences(found, config(rtd_permutations=0))
    np.testing.assert_allclose(table["rtd"], (table["rtd_ab"] + table["rtd_ba"]) / 2)
    assert np.abs(table["rtd_ab"] - table["rtd_ba"]).max() > 0.01
    a, b = found.analyses["alpha"], found.analyses["gamma"]
    chosen = np.random.default_rng(config().seed).permutation(60)[:20]
    row = table.iloc[-1]
    clouds = [analysis.cloud(layer)[chosen] for analysis, layer in ((b, row["layer_b"]), (a, row["layer_a"]))]
    swapped = rtd_directions(*(distances(cloud.astype(float)) for cloud in clouds))
    assert swapped == (pytest.approx(row["rtd_ba"]), pytest.approx(row["rtd_ab"]))


def test_chance_stands_beside_every_similarity_and_the_dear_ones_at_matched_depth(store: Path) -> None:
    """alpha and beta are of one law and have nothing in common; their clouds of different layers have neither."""
    for name, seed in (("alpha", 1), ("beta", 2)):
        record(make(name, 4, seed=seed))
    gathered = gather(allow_mixed=True)
    table = similarity(gathered, permutations=39)[0]
    matched = at_matched_depth(gathered, table)
    for name in SIMILARITIES:
        own, rest = only(matched, measure=name), only(table.drop(matched.index), measure=name)
        assert own[["chance", "p", "p_adjusted"]].notna().all(axis=None)
        assert rest["p"].isna().all() if name == "procrustes" else rest["p"].notna().all()
        assert set(own["permutations"]) == {19 if name == "procrustes" else 39}
        assert (own["p_adjusted"] >= own["p"]).all()
        assert (own["p_adjusted"] > 0.05).all()
    overlap = only(table, measure="knn_overlap")["chance"]
    np.testing.assert_allclose(overlap, 10 / 59, atol=0.02)  # ten neighbours of 59 others
    np.testing.assert_allclose(only(table, measure="cka")["chance"], 0.0, atol=0.03)


def test_twins_beat_chance_layer_for_layer_and_in_no_other(store: Path) -> None:
    for name in ("alpha", "beta"):
        record(make(name, 4, seed=1))
    table = similarity(gather(), permutations=99)[0]
    aligned = only(table, measure="cka")
    same = aligned["layer_a"] == aligned["layer_b"]
    np.testing.assert_allclose(aligned[same]["p_adjusted"], 0.01)
    assert (aligned[~same]["p_adjusted"] > 0.05).all()
    np.testing.assert_allclose(only(table, measure="procrustes")["p_adjusted"].dropna(), 0.05)


def test_every_model_has_an_order_of_its_own_in_each_permutation(models: dict[str, str]) -> None:
    """Three models: the draws of a pair are its clouds with both orders of texts, the same for all its layers."""
    gathered = gather(models="alpha,beta,gamma", weights="trained", seed=5)
    table = similarity(gathered, permutations=3, seed=5)[0]
    row = only(table, measure="cka", label_a="beta", label_b="gamma", layer_a="layer_1", layer_b="final").iloc[0]
    chosen = np.random.default_rng(0).permutation(60)
    clouds = [
        gathered.analyses[label].cloud(layer)[chosen] for label, layer in (("beta", "layer_1"), ("gamma", "final"))
    ]
    draws = []
    for draw in range(3):
        orders = [np.random.default_rng([5, place, draw]).permutation(60) for place in (1, 2)]
        draws.append(cka(*(cloud[order] for cloud, order in zip(clouds, orders, strict=True))))
    assert row["chance"] == pytest.approx(np.mean(draws), abs=1e-9)


def test_without_permutations_there_is_no_chance(models: dict[str, str]) -> None:
    table = similarity(gather(models="alpha,gamma", weights="trained"), permutations=0)[0]
    assert table["value"].notna().all()
    assert table[["chance", "p", "p_adjusted"]].isna().all(axis=None)
    assert set(table["permutations"]) == {0}


def test_a_similarity_of_ones_own_is_measured_with_no_further_line(
    models: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_similarity(monkeypatch)
    found = gather(models="alpha,gamma", weights="trained")
    table = similarity(found)[0]
    assert list(dict.fromkeys(table["measure"])) == [*SIMILARITIES]
    assert (only(table, measure="equal_sizes")["value"] == 1.0).all()


def test_nineteen_permutations_give_a_p(models: dict[str, str]) -> None:
    found = gather(models="alpha", weights="")
    table = divergences(found, config(rtd_permutations=19, rtd_points=15))
    np.testing.assert_allclose(table["p"], 1 / 20)  # the two have the same clouds
    assert set(table["points"]) == {15}


def test_without_clouds_there_is_no_similarity_and_a_reason(store: Path) -> None:
    record(make("alpha", 4))
    record(make("beta", 4, keep_clouds=False))
    found = gather()
    table, warned = similarity(found)
    assert table.empty
    assert [warning.code for warning in warned] == ["no_clouds"]
    assert str(warned[0]).startswith("beta stored no clouds")
    assert model_distances(found, table).isna().to_numpy().sum() == 2
    assert divergences(found, config()).empty
    assert len(diagram_distances(found)) == 4 * 2


def test_different_texts_are_not_paired_but_have_distances_of_shape(store: Path) -> None:
    record(make("alpha", 4))
    other = make("beta", 4)
    record(replace(other, dataset=replace(other.dataset, digest="others")))
    found = gather(allow_mixed=True)
    assert similarity(found)[0].empty
    assert len(diagram_distances(found)) == 4 * 2
