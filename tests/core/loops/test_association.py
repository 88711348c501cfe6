"""Associations: known values, invariances, permutation p that hold where nothing goes with anything."""

import numpy as np
import pytest

from todacomm.core.loops import explain_angle, explain_sides
from todacomm.core.loops.association import MIN_POINTS


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def even(n_points=720):
    return np.arange(n_points) * 2.0 * np.pi / n_points


def strengths(associations):
    return {one.covariate: one.strength for one in associations}


def test_known_strengths_of_an_angle(rng):
    """A covariate that rises evenly once around: R^2 = 6 / pi^2. Four quarters: 8 / pi^2 of the variance."""
    angle = even()
    values = {
        "rising": angle,
        "height": np.cos(angle),
        "quarter": np.floor(angle / (np.pi / 2)).astype(int).astype(str),
    }
    result = strengths(explain_angle(angle, values, rng, permutations=19))
    assert result["rising"] == pytest.approx(np.sqrt(6.0) / np.pi, abs=2e-3)
    assert result["quarter"] == pytest.approx(np.sqrt(8.0) / np.pi, abs=2e-3)
    assert result["height"] > 0.98  # ranks of a cosine


@pytest.mark.parametrize("angles", [(0.0, np.pi), (0.3, 1.7)])
def test_two_angles_go_with_what_differs_between_them_and_with_nothing_else(rng, angles, recwarn):
    angle = np.tile(angles, 20)
    values = {"angle": angle, "turned": angle + 1.0, "noise": rng.permutation(np.arange(40.0))}
    same, turned, noise = explain_angle(angle, values, rng, kinds={"turned": "circular"}, permutations=99)
    assert {same.covariate, turned.covariate} == {"angle", "turned"}
    assert (same.strength, turned.strength) == pytest.approx((1.0, 1.0))
    assert same.p_adjusted == turned.p_adjusted == 0.01
    assert noise.p > 0.05
    assert not recwarn.list


def test_where_all_known_points_may_have_one_angle_the_p_has_all_permutations(rng, recwarn):
    angle = np.r_[rng.uniform(0.0, 2.0 * np.pi, 4), np.full(36, 1.0)]
    word = np.array(["a", "b"] * 6 + [None] * 28, dtype=object)
    number = np.r_[rng.normal(size=12), np.full(28, np.nan)]
    result = explain_angle(angle, {"word": word, "number": number}, rng, permutations=199)
    assert all(np.isfinite([one.strength, one.p, one.p_adjusted]).all() for one in result)
    assert min(one.p for one in result) < 1.0
    assert not recwarn.list


def test_circular_covariate_is_the_angle_turned_and_reversed(rng):
    angle = rng.uniform(0.0, 2.0 * np.pi, 200)
    result = explain_angle(
        angle, {"same": 1.0 - angle, "double": 2.0 * angle}, rng, kinds={"same": "circular", "double": "circular"}
    )
    assert strengths(result)["same"] == pytest.approx(1.0)
    assert strengths(result)["double"] < 0.2
    assert result[0].kind == "circular"


def test_turning_the_angle_and_stretching_the_covariate_change_nothing(rng):
    angle = rng.uniform(0.0, 2.0 * np.pi, 150)
    length = np.cos(angle) + rng.normal(size=150)
    group = rng.integers(3, size=150).astype(str)
    group[angle < 1.0] = "0"
    one = strengths(explain_angle(angle, {"length": length, "group": group}, rng, permutations=9))
    other = strengths(explain_angle(2.0 - angle, {"length": np.exp(length), "group": group}, rng, permutations=9))
    assert one == pytest.approx(other)


def test_known_strengths_of_sides(rng):
    side = np.arange(100) < 40
    values = {
        "separated": np.arange(100.0),
        "same": np.where(side, "a", "b"),
        "equal": np.tile([1.0, 2.0], 50),
        "hour": np.where(side, 0.0, np.pi),
    }
    result = strengths(explain_sides(side, values, rng, kinds={"hour": "circular"}))
    assert [result[name] for name in ("separated", "same", "hour")] == pytest.approx([1.0, 1.0, 1.0])
    assert result["equal"] == 0.0


def test_single_far_point_has_its_largest_value_in_one_text_of_fifty(rng):
    """One point against 49: the most extreme value in either direction has p = 2 / 50."""
    side = np.arange(50) == 7
    values = rng.normal(size=50)
    values[7] = 99.0
    (result,) = explain_sides(side, {"value": values}, rng, permutations=4999)
    assert result.strength == pytest.approx(1.0)
    assert result.p == pytest.approx(0.04, abs=0.01)


@pytest.mark.parametrize("explain", ["angle", "sides"])
def test_p_values_hold_where_nothing_goes_with_anything(explain):
    rng = np.random.default_rng(3)
    runs, plain, adjusted, sizes = 150, 0, 0, []
    for _ in range(runs):
        values = {
            "skewed": np.exp(rng.normal(size=60)),
            "ties": rng.integers(3, size=60),
            "group": rng.integers(8, size=60).astype(str),
            "hole": np.where(rng.uniform(size=60) < 0.3, np.nan, rng.normal(size=60)),
        }
        if explain == "angle":
            result = explain_angle(rng.vonmises(0.0, 1.0, 60), values, rng, permutations=99)
        else:
            result = explain_sides(rng.uniform(size=60) < 0.2, values, rng, permutations=99)
        plain += sum(one.p <= 0.05 for one in result)
        adjusted += min(one.p_adjusted for one in result) <= 0.05
        sizes += [one.strength for one in result]
        assert all(one.p_adjusted >= one.p for one in result)
    assert 0.025 <= plain / (4 * runs) <= 0.08
    assert adjusted / runs <= 0.12  # 99.9 % bound of a true 5 %
    assert np.median(sizes) < 0.1  # chance is 0


def test_true_association_comes_first(rng):
    angle = rng.uniform(0.0, 2.0 * np.pi, 200)
    values = {f"noise {index}": rng.normal(size=200) for index in range(10)}
    values["length"] = np.sin(angle - 1.0) + rng.normal(size=200)
    best, *rest = explain_angle(angle, values, rng)
    assert best.covariate == "length"
    assert best.p_adjusted <= 0.005
    assert min(one.p_adjusted for one in rest) > 0.05


def test_undefined_associations_come_last_with_their_reason(rng):
    angle = rng.uniform(0.0, 2.0 * np.pi, 40)
    few = np.full(40, np.nan)
    few[: MIN_POINTS - 1] = rng.normal(size=MIN_POINTS - 1)
    values = {
        "few": few,
        "constant": np.ones(40),
        "id": np.arange(40).astype(str),
        "none": np.array([None] * 40, dtype=object),
        "length": rng.normal(size=40),
    }
    first, *rest = explain_angle(angle, values, rng, permutations=19)
    assert first.covariate == "length"
    assert {one.covariate: one.undefined for one in rest} == {
        "few": "few points", "constant": "constant", "id": "all different", "none": "few points",
    }  # fmt: skip
    assert all(np.isnan([one.strength, one.p, one.p_adjusted]).all() for one in rest)


def test_unknown_values_and_points_without_an_angle_are_left_out(rng):
    angle = even(100)
    height = np.cos(angle)
    group = np.where(height > 0, "up", "down").astype(object)
    angle[:10], height[10:20], group[20:25] = np.nan, np.inf, None
    result = {one.covariate: one.n_points for one in explain_angle(angle, {"height": height, "group": group}, rng)}
    assert result == {"height": 80, "group": 85}


def test_numbers_that_are_names_are_groups_where_said(rng):
    angle = rng.uniform(0.0, 2.0 * np.pi, 120)
    document = np.array([3, 1, 2, 0])[np.floor(angle / (np.pi / 2)).astype(int)]
    assert explain_angle(angle, {"document": document}, rng)[0].kind == "numeric"
    (result,) = explain_angle(angle, {"document": document}, rng, kinds={"document": "categorical"})
    assert result.kind == "categorical"
    assert result.strength > 0.85


@pytest.mark.parametrize(
    ("values", "kinds", "message"),
    [
        ({"length": [1.0, 2.0]}, {}, "the values of length are 2 for 12 points: expected one for each"),
        ({"length": np.ones(12)}, {"lenght": "numeric"}, "a kind is given for lenght, and no values"),
        (
            {"length": np.ones(12)},
            {"length": "number"},
            "unknown kind 'number': choose numeric, categorical or circular",
        ),
    ],
)
def test_errors_name_what_was_given(rng, values, kinds, message):
    with pytest.raises(ValueError, match=message):
        explain_angle(even(12), values, rng, kinds=kinds)


@pytest.mark.parametrize("sizes", [[5] * 30, [2, 8] * 15, [1, 1, 1, 20] * 6])
@pytest.mark.parametrize("of_sides", [False, True])
def test_what_documents_have_in_common_goes_with_nothing_where_they_are_exchanged_whole(sizes, of_sides):
    """Angles and topics of documents that have nothing to do with each other: p of 150 sets of documents."""
    clusters, n_clusters = np.repeat(np.arange(len(sizes)), sizes), len(sizes)
    called = np.zeros((2, 3))
    for seed in range(150):
        rng = np.random.default_rng(seed)
        angle = rng.uniform(0.0, 2.0 * np.pi, n_clusters)[clusters] + rng.normal(scale=0.3, size=len(clusters))
        known = {
            "topic": rng.integers(0, 3, n_clusters)[clusters].astype(str),
            "level": rng.normal(size=n_clusters)[clusters] + 0.3 * rng.normal(size=len(clusters)),
            "own": rng.normal(size=len(clusters)),
        }
        for place, exchanged in enumerate((None, clusters.tolist())):
            options = {"permutations": 99, "clusters": exchanged}
            if of_sides:
                explained = explain_sides(np.cos(angle) > 0.0, known, np.random.default_rng(seed), **options)
            else:
                explained = explain_angle(angle, known, np.random.default_rng(seed), **options)
            p = {one.covariate: one.p for one in explained}
            called[place] += [p[name] <= 0.05 for name in known]
    of_texts, of_clusters = called / 150
    assert (of_texts[:2] > 0.3).all()
    assert (of_clusters <= 0.11).all()  # 3 standard deviations above .05


def test_what_goes_around_with_documents_is_seen_where_they_are_exchanged_whole():
    clusters = np.repeat(np.arange(30), [2, 8] * 15)
    place = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, 30)
    angle = place[clusters] + np.random.default_rng(1).normal(scale=0.3, size=len(clusters))
    (one,) = explain_angle(
        angle, {"height": np.sin(place)[clusters]}, np.random.default_rng(2), clusters=clusters.tolist()
    )
    assert one.p <= 0.002
    assert one.strength > 0.9
