"""Distances between clouds of the same texts: invariances, known margins, spread over half-samples, a real pair."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.core.shapes import rotation
from todacomm.core.clouds import distances
from todacomm.core.equivalence import (
    PLACE_MEASURES,
    blended,
    judge,
    place_contrast,
    place_margins,
    places,
)
from todacomm.core.inference import half_samples
from todacomm.core.similarity import cka, procrustes, rtd, rtd_directions

QUICK = ("cka_distance", "procrustes", "neighbours_lost")
NO_HALVES = np.empty((0, 0), dtype=np.intp)


def spread(rng: np.random.Generator, n: int, d: int = 20) -> np.ndarray:
    return rng.normal(size=(n, d)) * np.arange(1, d + 1) ** -0.5


@pytest.mark.parametrize(("n", "d"), [(40, 5), (30, 90)])
def test_rotation_translation_and_scale_move_no_text(n, d, rng):
    cloud = rng.normal(size=(n, d))
    result = places(cloud, 3.0 * cloud @ rotation(rng, d) + 1.0, half_samples(n, 3, 0))
    assert result.values == pytest.approx(np.zeros(5), abs=1e-5)
    assert result.halves == pytest.approx(np.zeros((3, 5)), abs=1e-5)


def test_the_measures_are_those_of_the_library(rng):
    base, candidate = rng.normal(size=(40, 6)), rng.normal(size=(40, 90))
    result = dict(zip(PLACE_MEASURES, places(base, candidate, NO_HALVES).values, strict=True))
    assert result["cka_distance"] == pytest.approx(1.0 - cka(base, candidate))
    assert result["procrustes"] == pytest.approx(procrustes(base, candidate))
    assert (result["rtd_base"] + result["rtd_candidate"]) / 2 == pytest.approx(
        rtd(distances(base), distances(candidate))
    )


def test_a_half_sample_is_measured_as_if_it_were_all(rng):
    base, candidate = rng.normal(size=(2, 40, 6))
    halves = half_samples(40, 3, 0)
    expected = [places(base[half], candidate[half], NO_HALVES).values for half in halves]
    assert places(base, candidate, halves).halves == pytest.approx(np.array(expected), abs=1e-9)


def test_each_direction_of_the_divergence_sees_what_the_other_model_joined(rng):
    """Two clusters that the second model has joined: the first direction is large, the second small."""
    points = 0.1 * rng.normal(size=(40, 2))
    two = points + np.where(np.arange(40)[:, None] < 20, 0.0, [3.0, 0.0])
    base, candidate = rtd_directions(distances(two), distances(points))
    assert base > 0.0
    assert rtd_directions(distances(points), distances(two)) == (candidate, base)
    line = distances(np.arange(10.0)[:, None])
    assert rtd_directions(line, 2.0 * line) == (0.0, 0.0)
    with pytest.raises(ValueError, match="first table has 10 rows, the second 40"):
        rtd_directions(line, distances(points))


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_blend_is_the_same_share_for_every_measure(share):
    """Among many texts CKA loses the share itself, and Procrustes the angle whose squared sine it is."""
    rng = np.random.default_rng(0)
    margins = dict(zip(PLACE_MEASURES, place_margins(spread(rng, 800), rng, share=share, measures=QUICK), strict=True))
    assert margins["cka_distance"] == pytest.approx(share, rel=0.06)
    assert margins["procrustes"] == pytest.approx(np.arcsin(np.sqrt(share)), rel=0.03)
    assert 0.0 < margins["neighbours_lost"] < 1.0
    assert np.isnan([margins["rtd_base"], margins["rtd_candidate"]]).all()


@pytest.mark.parametrize("n", [40, 41])
def test_a_blend_leaves_the_covariance_and_takes_from_the_other_half(n):
    rng = np.random.default_rng(1)
    cloud = spread(rng, n, 3) + 5.0
    mean = np.mean([blended(cloud, 0.3, rng) for _ in range(300)], axis=0)
    assert mean == pytest.approx(cloud.mean(axis=0) + np.sqrt(0.7) * (cloud - cloud.mean(axis=0)), abs=0.3)
    covariance = np.mean([np.cov(blended(cloud, 0.3, rng).T) for _ in range(300)], axis=0)
    assert np.abs(covariance / np.cov(cloud.T) - 1.0)[np.eye(3, dtype=bool)].max() < 0.1
    assert blended(cloud, 1e-12, rng) == pytest.approx(cloud, abs=1e-4)
    swapped = blended(cloud, 1.0, rng)
    assert np.linalg.norm(swapped - cloud, axis=1).min() > 0.0  # each is another text
    assert np.linalg.norm(swapped[:, None] - cloud, axis=2).min(axis=1).max() < 1e-9


def test_what_two_halves_differ_by_goes_to_0_and_a_blend_of_them_does_not(rng):
    """Why the margin is a blend: the halves' own distance is sampling, and would call less and less the same."""
    cloud = rng.normal(size=(800, 40)) * np.arange(1.0, 41.0) ** -0.5

    def by_halves(texts):
        centred, order = texts - texts.mean(axis=0), rng.permutation(len(texts))
        one, other = (centred @ centred[half].T for half in np.array_split(order, 2))
        return places(one, other, NO_HALVES, measures=("cka_distance",)).values[0]

    few, many = (np.mean([by_halves(cloud[rng.permutation(800)[:n]]) for _ in range(6)]) for n in (100, 800))
    assert few > 5.0 * many
    blends = [place_margins(cloud[:n], rng, measures=("cka_distance",))[0] for n in (100, 800)]
    assert blends[0] == pytest.approx(blends[1], rel=0.6)
    assert blends[1] == pytest.approx(0.01, rel=0.1)


def test_intervals_cover_the_mean_distance():
    """50 pairs of 60 texts: standard errors near the true spread, divergences too."""
    values, errors = [], []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        base = spread(rng, 60)
        result = places(base, np.sqrt(0.8) * base + np.sqrt(0.2) * spread(rng, 60), half_samples(60, 20, seed))
        values.append(result.values)
        errors.append(place_contrast([result]).se[0])
    value, error = np.array(values), np.array(errors)
    assert (np.mean(np.abs(value - value.mean(axis=0)) <= 1.96 * error, axis=0) >= 0.86).all()
    ratio = np.sqrt(np.mean(error**2, axis=0)) / value.std(axis=0, ddof=1)
    assert (ratio > 0.75).all()
    assert (ratio < 1.7).all()


def test_equal_clouds_are_the_same_where_no_blend_changes_a_neighbour(rng):
    """Groups of 11 texts far from each other: the ten neighbours of each text are the others of its group."""
    base = np.repeat(50.0 * rng.normal(size=(6, 8)), 11, axis=0) + rng.normal(size=(66, 8))
    margins = place_margins(base, rng, measures=("neighbours_lost",))
    result = places(base, 2.0 * base, half_samples(66, 40, 0), measures=("neighbours_lost",))
    judged = judge(place_contrast([result]), margins, 66, rng, draws=999)
    assert judged.verdicts[0, 2] == "same"
    assert np.isfinite(judged.texts_if_same)


def test_a_light_change_is_the_same_and_a_heavy_one_different():
    rng = np.random.default_rng(2)
    base = spread(rng, 200)
    margins = place_margins(base, rng, measures=QUICK)
    verdicts = {}
    for share in (0.0, 0.005, 0.3):
        changed = np.sqrt(1.0 - share) * base + np.sqrt(share) * spread(rng, 200)
        result = places(base, changed, half_samples(200, 100, 0), measures=QUICK)
        judged = judge(place_contrast([result]), margins, 200, rng, draws=1999)
        verdicts[share] = judged.verdict, judged.verdicts[0].tolist()
    undefined = ["undefined", "undefined"]
    assert verdicts == {
        0.0: ("same", ["same"] * 3 + undefined),
        0.005: ("same", ["same"] * 3 + undefined),
        0.3: ("different", ["different"] * 3 + undefined),
    }


def test_what_has_no_shape_has_no_places(rng):
    cloud, flat = rng.normal(size=(20, 4)), np.ones((20, 4))
    broken = cloud.copy()
    broken[3, 1] = np.nan
    halves = half_samples(20, 2, 0)
    for other in (flat, broken):
        result = places(cloud, other, halves)
        assert np.isnan(result.values).all()
        assert np.isnan(result.halves).all()
        assert np.isnan(place_margins(other, rng, draws=1)).all()
    layers = [places(*pair, halves) for pair in ((cloud, flat), (flat, cloud), (flat, flat), (cloud, cloud))]
    assert [layer.missing for layer in layers] == ["candidate", "base", "both", ""]
    contrast = place_contrast(layers)
    assert contrast.missing[:, 0].tolist() == ["candidate", "base", "both", ""]
    judged = judge(contrast, 0.1, 20, rng, draws=99)
    assert judged.layer_verdicts.tolist() == ["undecided", "undecided", "undefined", "same"]
    assert judged.verdict == "undecided"  # a candidate without a shape is never the same


def test_what_cannot_be_compared_is_refused(rng):
    cloud = rng.normal(size=(20, 4))
    with pytest.raises(ValueError, match="clouds of 20 and 19 texts"):
        places(cloud, cloud[1:], NO_HALVES)
    with pytest.raises(ValueError, match="unknown measure 'cka': choose cka_distance"):
        places(cloud, cloud, NO_HALVES, measures=["cka"])
    with pytest.raises(ValueError, match="a share of 0: expected above 0 and at most 1"):
        place_margins(cloud, rng, share=0)


@pytest.mark.skipif(importlib.util.find_spec("actopo") is None, reason="the package actopo 0.1.0 is not installed")
def test_a_real_pair_of_models_lies_differently():
    """Qwen2.5-0.5B, base and instruct, 600 texts, as the package actopo 0.1.0 ships them."""
    spec = importlib.util.find_spec("actopo")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    base, candidate = (
        np.load(folder / f"example_{name}.npy", allow_pickle=False).astype(float) for name in ("base", "instruct")
    )
    rng = np.random.default_rng(0)
    result = places(base, candidate, half_samples(600, 12, 0), measures=QUICK)
    assert result.values[0] == pytest.approx(1.0 - 0.602, abs=5e-4)
    permuted = [places(base, candidate[rng.permutation(600)], NO_HALVES, measures=QUICK).values[0] for _ in range(5)]
    assert np.mean(permuted) == pytest.approx(1.0, abs=0.003)
    margins = place_margins(base, rng, measures=QUICK, draws=2)
    judged = judge(place_contrast([result]), margins, 600, rng)
    assert judged.verdicts[0, :3].tolist() == ["different"] * 3
