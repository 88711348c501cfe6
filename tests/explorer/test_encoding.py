"""What a page holds is what went in, to the error that its bits allow, and never markup."""

import json

import numpy as np
import pytest

from todacomm.explorer.encoding import LEVELS, number, quantised, restored, rows, script_json, single


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_16_bits_are_off_by_at_most_half_a_step_in_each_column(rng, scale):
    values = rng.normal(size=(500, 6)) * scale * np.array([1.0, 10.0, 0.1, 1e3, 1.0, 1.0])
    error = np.abs(restored(quantised(values)) - values)
    step = np.ptp(values, axis=0) / LEVELS
    assert (error <= step / 2 * (1 + 1e-9)).all()
    assert (error.max(axis=0) > step / 4).all()  # the bound is not a loose one


def test_16_bits_hold_the_ends_and_what_is_not_known():
    values = np.array([[3.0, np.nan], [7.0, np.inf], [5.0, np.nan]])
    back = restored(quantised(values))
    assert back[0, 0] == 3.0
    assert back[1, 0] == pytest.approx(7.0, rel=1e-12)
    assert np.isnan(back[:, 1]).all()


def test_a_constant_column_and_none_at_all():
    assert restored(quantised(np.full(4, 2.5))).tolist() == [2.5] * 4
    assert restored(quantised(np.empty((0, 3)))).shape == (0, 3)


def test_32_bits_hold_seven_digits(rng):
    values = rng.gamma(2.0, 10.0, (300, 2))
    np.testing.assert_allclose(restored(single(values)), values, rtol=2.0**-24)


@pytest.mark.parametrize("largest", [65534, 65535, 200_000])
def test_rows_come_back_whatever_their_number(largest):
    given = np.array([[0, -1], [largest, 17]])
    assert restored(rows(given)).tolist() == given.tolist()


def test_a_row_below_none_is_an_error():
    with pytest.raises(ValueError, match="row -2"):
        rows([0, -2])


def test_no_number_is_written_for_what_is_not_defined():
    assert number(float("nan")) is None
    assert number(float("inf")) is None
    assert number(0.123456789, 4) == 0.1235


HOSTILE = [
    "</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028\u2029", "\ud800", "\x00\x1f", "\ufffe", "&lt;",
    'quote " back \\ slash', "\u202e reversed",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_words_come_back_from_json_that_holds_no_markup(words):
    text = script_json({words: [words]})
    assert json.loads(text) == {words: [words]}
    assert not set(text) & set("<>&\u2028\u2029\ud800\x00\ufffe")
    text.encode("utf-8")
