"""P-values of bars and what is claimed of them."""

from dataclasses import replace

import numpy as np
import pytest

from todacomm.core.inference import p_value, step_down_max_t
from todacomm.core.loops import Evidence, bar_p_values, verdict
from todacomm.core.loops.verdict import LEVEL, PROMINENT, REPRODUCED

DRAWS = np.random.default_rng(0).gamma(3.0, size=(39, 4))
LIFETIMES = [np.array([9.0, 7.0, 2.0]), np.array([4.0]), np.array([]), np.array([12.0, 11.0])]


def test_longest_bars_have_the_p_of_their_layers():
    longest = [9.0, 4.0, 0.0, 12.0]
    plain, adjusted = zip(*bar_p_values(LIFETIMES, DRAWS), strict=True)
    expected = step_down_max_t(longest, DRAWS, "upper")
    for layer in (0, 1, 3):
        assert plain[layer][0] == p_value(longest[layer], DRAWS[:, layer], "upper")
        assert adjusted[layer][0] == expected[layer]


def test_shorter_bars_have_no_smaller_p_and_adjustment_lowers_none():
    for plain, adjusted in bar_p_values(LIFETIMES, DRAWS):
        assert (np.diff(plain) >= 0.0).all()
        assert (np.diff(adjusted) >= 0.0).all()
        assert (adjusted >= plain).all()


def test_one_layer_is_its_own_family():
    ((plain, adjusted),) = bar_p_values([np.array([5.0, 3.0])], DRAWS[:, :1])
    np.testing.assert_array_equal(plain, adjusted)


def test_any_bar_of_any_layer_is_claimed_in_five_per_cent_of_null_families():
    rng = np.random.default_rng(1)
    claimed = 0
    for _ in range(400):
        shared = rng.gamma(3.0, size=(40, 1))
        values = shared + rng.gamma(2.0, size=(40, 6))
        lifetimes = [np.array([value, 0.95 * value]) for value in values[0]]
        claimed += min(adjusted.min() for _, adjusted in bar_p_values(lifetimes, values[1:])) <= LEVEL
    assert claimed / 400 <= 0.085  # 99.9 % bound of a true 5 %


GOOD = Evidence(LEVEL, REPRODUCED, PROMINENT, REPRODUCED)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "loop"),
        ({"reproduction": REPRODUCED - 1e-6}, "few texts"),
        ({"prominence": PROMINENT - 1e-6}, "few texts"),
        ({"group_reproduction": REPRODUCED - 1e-6}, "few texts"),
        ({"p_adjusted": LEVEL + 1e-6}, "none"),
        ({"p_adjusted": 1.0, "reproduction": np.nan, "prominence": np.nan}, "none"),
        ({"reproduction": np.nan}, "not tested"),
        ({"prominence": np.nan}, "not tested"),
        ({"group_reproduction": np.nan}, "not tested"),
        ({"p_adjusted": np.nan}, "not tested"),
    ],
)
def test_verdict(changes, expected):
    assert verdict(replace(GOOD, **changes)) == expected


def test_conditions_name_what_is_missing():
    evidence = replace(GOOD, reproduction=0.1, prominence=0.8, group_reproduction=0.4)
    assert [name for name, met in evidence.conditions().items() if not met] == ["reproduced", "prominent", "of_many"]
