"""Which texts moved."""

import numpy as np
import pytest

from todacomm.core.clouds import distances
from todacomm.core.equivalence import most_changed, neighbours_lost
from todacomm.core.similarity import knn_overlap


def test_the_mean_over_texts_is_what_the_overlap_lacks(rng):
    base, candidate = (distances(rng.normal(size=(50, 4))) for _ in range(2))
    assert neighbours_lost(base, candidate, 7).mean() == pytest.approx(1.0 - knn_overlap(base, candidate, 7))
    assert not neighbours_lost(base, 2.0 * base).any()


def test_a_text_that_moved_from_one_cluster_to_another_is_first_of_the_list(rng):
    """It loses all of its neighbours, and the texts around it one each."""
    cloud = np.vstack([rng.normal(size=(20, 3)), rng.normal(size=(20, 3)) + 50.0])
    moved = cloud.copy()
    moved[7] += 50.0
    lost = neighbours_lost(distances(cloud), distances(moved), k=5)
    assert lost[7] == 1.0
    assert lost[20:].max() == pytest.approx(0.2)
    result = most_changed([np.zeros(40), lost], ["embedding", "layer_0"], 3)
    assert result[0] == {"text": 7, "lost": 0.5, "rank": 1, "layer": "layer_0", "lost_in_layer": 1.0}
    assert [row["rank"] for row in result] == [1, 2, 3]
    assert result[0]["lost"] > result[1]["lost"] >= result[2]["lost"]


def test_a_layer_that_cannot_be_compared_has_no_say():
    lost = np.array([[np.nan, np.nan], [0.1, 0.4]])
    assert most_changed(lost, ["embedding", "layer_0"])[0]["text"] == 1
    assert most_changed(lost[:1], ["embedding"]) == []


def test_different_texts_are_refused():
    with pytest.raises(ValueError, match="distances of 3 and of 4 texts"):
        neighbours_lost(np.zeros((3, 3)), np.zeros((4, 4)))
