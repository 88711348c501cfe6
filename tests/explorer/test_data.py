"""Data that contradict themselves are refused with what was seen and what was expected."""

from dataclasses import replace

import numpy as np
import pytest

from tests.explorer.material import analysis_data, comparison_data
from todacomm.explorer import Edges, ExplorerLayer, Loop, SimilarityMap
from todacomm.results.texts import text_table


@pytest.fixture(scope="module")
def data():
    return analysis_data(n=40, n_layers=2)


def test_edges_that_do_not_rise():
    with pytest.raises(ValueError, match="lengths fall"):
        Edges(np.array([0, 1]), np.array([1, 2]), np.array([2.0, 1.0]))


def test_an_unknown_verdict():
    with pytest.raises(ValueError, match="choose loop, few texts, none or not tested"):
        Loop(1, 0.0, 1.0, "perhaps")


def test_a_bar_that_dies_first():
    with pytest.raises(ValueError, match="born at 2"):
        Loop(1, 2.0, 1.0, "none")


def test_scores_without_their_shares():
    with pytest.raises(ValueError, match=r"\(5, 3\) with 2 explained shares"):
        ExplorerLayer("layer_0", 0, 0.0, np.zeros((5, 3)), np.ones(2))


def test_another_number_of_h0_bars_than_edges(data):
    with pytest.raises(ValueError, match="expected as many"):
        replace(data.layers[1], diagrams=[np.array([[0.0, 1.0]])])


def test_an_infinite_bar(data):
    endless = [data.layers[1].diagrams[0], np.array([[0.0, np.inf]])]
    with pytest.raises(ValueError, match="not finite"):
        replace(data.layers[1], diagrams=endless)


def test_angles_of_other_texts(data):
    with pytest.raises(ValueError, match="3 angles, expected one for each of 40"):
        replace(data.layers[1], loops=[Loop(1, 0.0, 1.0, "none", angles=np.zeros(3))])


def test_layers_of_other_texts(data):
    with pytest.raises(ValueError, match="40 rows, expected one for each of 2 texts"):
        replace(data, texts=text_table(["a", "b"]))


def test_no_layers(data):
    with pytest.raises(ValueError, match="no layer"):
        replace(data, layers=[])


def test_a_map_of_another_shape():
    pair = comparison_data(n=40, n_layers=2)
    with pytest.raises(ValueError, match=r"\(3, 3\), expected \(2, 3\)"):
        replace(pair, similarities=[SimilarityMap("cka", "CKA", np.zeros((3, 3)))])
    with pytest.raises(ValueError, match=r"\(3, 2\), expected \(2, 3\)"):
        replace(pair, similarities=[SimilarityMap("cka", "CKA", np.zeros((2, 3)), p=np.zeros((3, 2)))])


def test_one_model_is_no_comparison():
    pair = comparison_data(n=40, n_layers=2)
    with pytest.raises(ValueError, match="1 models: expected two at least"):
        replace(pair, sides=pair.sides[:1])
