"""What an analysis will cost: what more of it costs, and how many clouds there are."""

import pytest

from todacomm.settings.analysis import AnalysisConfig
from todacomm.sweeps.checks import ModelSize
from todacomm.sweeps.estimate import comparison_seconds, estimate

GPT2 = ModelSize(124_439_808, 12, 768)


def cost(**options: object):
    return estimate(AnalysisConfig.from_flat(options), GPT2)


def test_what_attention_and_mlp_add_are_clouds_of_their_own():
    """38 clouds instead of 14, each with its homology, intervals, nulls and figure."""
    alone, beside, forward = cost(), cost(layers="all,attention,ffn"), cost(layers="embedding")
    one = (alone.seconds - forward.seconds) / 13
    assert abs(beside.seconds - alone.seconds - 24 * one) < 1e-6 * beside.seconds
    assert beside.memory - alone.memory == 2 * 24 * 500 * 768 * 4


def test_more_points_replicates_and_nulls_cost_more_time():
    least = cost(samples=100, replicates=0, nulls=0)
    for more in ({"samples": 500}, {"replicates": 200}, {"nulls": 99}):
        assert cost(**{"samples": 100, "replicates": 0, "nulls": 0, **more}).seconds > least.seconds


def test_landmarks_cost_as_so_many_points_without_half_samples_and_rotations():
    few, twice = (cost(samples=20_000, landmarks=landmarks) for landmarks in (500, 1000))
    assert twice.seconds - few.seconds == pytest.approx(14 * 0.07 * (4 - 1))
    clouds = 2 * 14 * 768 * 4
    assert few.memory - 20_000 * clouds == cost(samples=500).memory - 500 * clouds


def test_a_comparison_costs_by_the_pairs_of_models():
    one = (AnalysisConfig.from_flat({"samples": 200}), GPT2)
    alone, two, four = (comparison_seconds([one] * count, threads=1) for count in (1, 2, 4))
    start = comparison_seconds([one] * 41, threads=1)  # too many to be paired
    assert alone == 0
    assert abs(four - start - 6 * (two - start)) < 1e-9 * four
    assert two > start
