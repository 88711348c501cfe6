"""Numbers of hand-made diagrams."""

import numpy as np
import pytest

from todacomm.core.metrics import LAYER_METRICS, layer_metrics, metric_of
from todacomm.core.metrics.bars import BAR_METRICS, count_long, max_ratio, persistence_entropy
from todacomm.core.view import Bars


@pytest.mark.parametrize(("dgm", "expected"), [([[0, 1], [2, 3]], 0.69314718), ([[4, 6], [2, 6]], 0.63651417)])
def test_entropy_before_division(dgm, expected):
    assert persistence_entropy(np.array(dgm, float)) * np.log(2) == pytest.approx(expected, abs=1e-8)


def test_entropy_is_one_for_even_bars_and_undefined_for_one():
    assert persistence_entropy(np.array([[0.0, 2.0]] * 7)) == pytest.approx(1.0)
    assert np.isnan(persistence_entropy(np.array([[0.0, 2.0]])))


def test_long_bars_are_counted_against_the_diameter():
    assert count_long(np.array([0.031, 0.029, 1.0]), 1.0) == 2


def test_bars_born_at_zero_have_no_ratio():
    assert max_ratio(np.array([[0.0, 1.0], [1.0, 1.5]])) == 1.5


OF_BARS = {name: metric for name, metric in BAR_METRICS.items() if metric.of == "cloud"}


class OneDiagram:
    """Stands for a view whose diagrams are all the same, in every degree."""

    def __init__(self, dgm, unit=2.0):
        self._bars = Bars(np.array(dgm, dtype=float).reshape(-1, 2), 4, unit, 3.0)

    def bars(self, degree):
        return self._bars


def test_the_second_degree_has_the_functions_of_the_first():
    view = OneDiagram([[1.0, 1.5], [1.0, 3.0]])
    assert metric_of("h2_total_persistence").measure(view) == 2.5
    assert metric_of("h2_max_norm").measure(view) == 1.0
    for name, metric in OF_BARS.items():
        if metric.degree == 1:
            other = metric_of(name.replace("h1_", "h2_"))
            assert other.compute is metric.compute
            assert other.degree == 2
            assert other.measure(view) == pytest.approx(metric.measure(view))
            assert "H2" in other.label
            assert (other.null_tail, other.interval, other.compared, other.reading) == (None, False, False, "")


def test_what_is_known_of_holes_alone_is_not_said_of_voids():
    assert metric_of("h2_count").meaning == "Number of H2 bars."
    assert metric_of("h2_entropy").meaning == "Evenness of the H2 lifetimes: 1 where all are equal."
    of_holes = ("noise", "covariance", "interval", "clusters", "loop", "H1")
    meanings = [metric_of(name).meaning for name in layer_metrics(2) if name.startswith("h2_")]
    assert len(meanings) == 8
    assert not [text for text in meanings if any(word in text for word in of_holes)]


@pytest.mark.parametrize("seed", range(5))
def test_scale_multiplies_raw_numbers_of_bars_and_leaves_the_others(seed):
    rng = np.random.default_rng(seed)
    births = rng.uniform(0.1, 1.0, size=9)
    dgm = np.column_stack([births, births + rng.uniform(0.1, 2.0, size=9)])
    view, scaled = OneDiagram(dgm, 1.3), OneDiagram(5.0 * dgm, 6.5)
    scaled._bars = Bars(scaled._bars.dgm, 4, 6.5, 15.0)
    for name, metric in OF_BARS.items():
        factor = 1.0 if metric.scale_free else 5.0
        assert metric.measure(scaled) == pytest.approx(factor * metric.measure(view)), name


def test_a_diagram_without_bars_has_numbers_wherever_they_have_a_meaning():
    values = {name: metric.measure(OneDiagram([])) for name, metric in OF_BARS.items()}
    assert values["h1_max_ratio"] == 1.0
    assert {name for name, value in values.items() if np.isnan(value)} == {"h0_entropy", "h1_entropy"}
    assert sum(value == 0.0 for value in values.values()) == len(values) - 3


def test_an_unknown_metric_is_refused():
    for name in ("h3_count", "h2_mean_lifetime", "norm"):
        with pytest.raises(ValueError, match=f"unknown metric '{name}'"):
            metric_of(name)
    assert metric_of("mean_norm") is LAYER_METRICS["mean_norm"]
