"""Two sides in turns: the arithmetic of pairs, and guards that let nothing pass that differs."""

import numpy as np
import pytest

from benchmarks.measuring import Disagreement, Measured, Pairs, close, in_child, in_turns, same_diagrams, timed

SQUARE = [np.array([[0.0, 1.0]] * 3), np.array([[1.0, np.sqrt(2.0)]])]


def agreed(own, other):
    return "all equal"


def test_the_median_is_of_ratios_and_not_the_ratio_of_medians():
    ours = [Measured(None, seconds) for seconds in (1.0, 10.0, 2.0)]
    peer = [Measured(None, seconds) for seconds in (2.0, 50.0, 6.0)]
    pairs = Pairs(ours, peer)
    assert pairs.ratios == [2.0, 5.0, 3.0]
    assert pairs.ratio == 3.0
    assert (pairs.own_seconds, pairs.peer_seconds) == (2.0, 6.0)


def test_memory_is_our_share_of_the_peers():
    pairs = Pairs([Measured(None, 1.0, 30)] * 2, [Measured(None, 1.0, 60), Measured(None, 1.0, 120)])
    assert pairs.memory_share == 0.375


def test_sides_take_turns_in_being_first():
    calls = []

    def side(name):
        def work():
            calls.append(name)
            return Measured(name, 1.0)

        return work

    pairs = in_turns(side("ours"), side("peer"), 3, agreed)
    assert calls == ["ours", "peer", *("ours", "peer"), *("peer", "ours"), *("ours", "peer")]
    assert [one.result for one in pairs.ours] == ["ours"] * 3
    assert pairs.agreement == "all equal"
    calls.clear()
    in_turns(side("ours"), side("peer"), 1, agreed, warm_up=False)
    assert calls == ["ours", "peer"]


@pytest.mark.parametrize("warm_up", [True, False])
def test_sides_that_differ_are_not_reported(warm_up):
    with pytest.raises(Disagreement, match="number: they differ by 1 "):
        in_turns(
            lambda: timed(lambda: 1.0), lambda: timed(lambda: 2.0), 5, lambda *two: close(*two, "number"),
            warm_up=warm_up,
        )  # fmt: skip


def test_one_pair_that_differs_is_enough():
    later = iter([1.0, 1.0, 1.0, 1.1])
    with pytest.raises(Disagreement):
        in_turns(lambda: timed(lambda: 1.0), lambda: timed(lambda: next(later)), 3, lambda *two: close(*two, "number"))


def test_nan_and_another_shape_are_no_agreement():
    assert close([1.0, 2.0], [1.0, 2.0 + 1e-6], "numbers") == "numbers equal to 1e-05"
    for other in ([1.0, np.nan], [1.0], [1.0, 2.001]):
        with pytest.raises(Disagreement):
            close([1.0, 2.0], other, "numbers")


def test_diagrams_are_compared_without_the_essential_bar_their_order_and_rounding():
    h0, h1 = SQUARE
    peer = [np.vstack([h0, [[0.0, np.inf]]]), np.vstack([[[1.2, 1.2 + 1e-7]], h1 * (1 + 1e-7)])]
    assert same_diagrams(SQUARE, peer) == "diagrams equal to 1e-05"


@pytest.mark.parametrize(
    "other",
    [
        [SQUARE[0][:2], SQUARE[1]],
        [SQUARE[0], SQUARE[1] * 1.001],
        [SQUARE[0], np.empty((0, 2))],
        SQUARE[:1],
    ],
    ids=["a bar less", "a bar moved", "no loop", "a degree less"],
)
def test_diagrams_that_differ_disagree(other):
    with pytest.raises(Disagreement):
        same_diagrams(SQUARE, other)
    with pytest.raises(Disagreement):
        same_diagrams(other, SQUARE)


def test_a_child_is_measured_by_its_own_memory():
    small, large = in_child(_hold, 0), in_child(_hold, 200)
    assert small.result == 0
    assert 150 * 2**20 < large.peak_bytes - small.peak_bytes < 300 * 2**20


def _hold(megabytes):
    return int(np.ones(megabytes * 2**17).nbytes) // 2**20
