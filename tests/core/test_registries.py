"""Every row of the registries holds what it promises: a function that runs, on what it says that it needs."""

import inspect
import re

import numpy as np
import pytest

from todacomm.core.inference import half_samples
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import (
    COMPARED,
    COUNTS,
    INTERVAL_METRICS,
    LAYER_METRICS,
    RUN_METRICS,
    TESTED_METRICS,
    layer_metrics,
    measure,
    metric_key,
)
from todacomm.core.nulls import NULLS
from todacomm.core.parts import Parts
from todacomm.core.similarity import DIAGRAM_DISTANCES, SIMILARITIES
from todacomm.settings.analysis import OPTIONS

METRICS = {**LAYER_METRICS, **RUN_METRICS}
SIMILAR = {**SIMILARITIES, **DIAGRAM_DISTANCES}


@pytest.fixture(params=[(60, 30), (50, 90)], ids=["tall", "wide"])
def layer(request):
    return analyze_layer(np.random.default_rng(1).normal(size=request.param) * np.linspace(1, 3, request.param[1]))


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_words_and_its_function_says_where_it_is_from(name):
    metric = METRICS[name]
    assert metric.label
    assert metric.short
    assert metric.meaning.endswith(".")
    assert not metric.twin or METRICS[metric.twin].twin == ""
    cited = re.sub(r"\s+", " ", f"{inspect.getdoc(metric.compute)} {inspect.getmodule(metric.compute).__doc__}")
    assert [source for source in metric.source if source not in cited] == []
    assert ">>> " in inspect.getdoc(metric.compute)


@pytest.mark.parametrize("name", SIMILAR)
def test_a_similarity_says_what_its_values_mean(name):
    similarity = SIMILAR[name]
    assert similarity.reading.endswith(".")
    assert similarity.chance
    assert similarity.range[0] < similarity.range[1]
    assert abs(similarity.alike) == 1


def test_views_have_what_metrics_need_whole_and_in_part(layer):
    whole = layer.view(layer.cloud)
    (part,) = Parts(whole, half_samples(len(layer.cloud), 1, 0))
    for name in layer_metrics(1):
        for view in (whole, part):
            assert np.isfinite(LAYER_METRICS[name].measure(view)) or name == "spectrum_alpha", name


def test_a_part_of_all_rows_is_the_whole(layer):
    rows = np.arange(len(layer.cloud))
    (part,) = Parts(layer.view(layer.cloud), rows[None])
    assert measure(part, layer_metrics(1)) == pytest.approx(layer.metrics, rel=1e-9, nan_ok=True)


def test_the_distances_are_let_go_before_homology_and_taken_again_when_asked_for(layer):
    view = layer.view(layer.cloud)
    before = view.distances
    assert view.diagrams
    assert {"distances", "among"}.isdisjoint(view.__dict__)
    np.testing.assert_array_equal(view.distances, before)


def test_the_groups_of_metrics_are_those_of_their_rows():
    assert tuple(name for name in LAYER_METRICS if LAYER_METRICS[name].compared) == COMPARED
    assert set(COMPARED) <= set(INTERVAL_METRICS)
    assert all(LAYER_METRICS[name].scale_free for name in COMPARED)
    assert set(TESTED_METRICS) - {"h1_count_long"} <= set(INTERVAL_METRICS)
    assert set(COUNTS) == {"n_points", "n_distinct", "duplicate_fraction"}
    assert all(LAYER_METRICS[name].degree is not None for name in TESTED_METRICS)  # no other is drawn in their space
    assert metric_key("mean_norm") == "cloud/mean_norm"


@pytest.mark.parametrize("kind", [kind for kind, null in NULLS.items() if null.draw is not None])
@pytest.mark.parametrize("seed", range(3))
def test_a_draw_gives_as_many_clouds_of_the_same_shapes_and_the_generator_decides_them(kind, seed):
    rng = np.random.default_rng(seed)
    clouds = [rng.normal(size=(12, n_dims)) for n_dims in (3, 20, 1)]
    one, same, other = (NULLS[kind].draw(clouds, np.random.default_rng(s)) for s in (seed, seed, seed + 1))
    assert [cloud.shape for cloud in one] == [cloud.shape for cloud in clouds]
    for drawn, again, different, cloud in zip(one, same, other, clouds, strict=True):
        np.testing.assert_array_equal(drawn, again)
        assert not np.array_equal(drawn, different)
        np.testing.assert_allclose(drawn.mean(axis=0), cloud.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(drawn.var(axis=0), cloud.var(axis=0))


def test_a_null_either_draws_or_needs_a_pass_of_the_model():
    for null in NULLS.values():
        assert null.needs_pass == (null.draw is None)
        assert null.needs_pass == bool(null.changes)
        assert set(null.changes) <= set(OPTIONS)
        assert null.label
        assert null.shows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n_points", "n_dims"), [(20, 3), (12, 40)])
def test_a_similarity_is_symmetric_within_its_range_and_best_for_a_cloud_with_itself(seed, n_points, n_dims):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, n_points, n_dims))
    for name, row in SIMILARITIES.items():
        a, b = row.prepare(first), row.prepare(second)
        value, itself = row.measure(a, b), row.measure(a, a)
        assert value == pytest.approx(row.measure(b, a), abs=1e-12), name
        assert row.range[0] - 0.5 <= value <= row.range[1] + 1e-9, name  # debiased: a little below 0 by chance
        assert row.alike * itself > row.alike * value, name
        assert itself == pytest.approx(row.range[1] if row.alike > 0 else row.range[0], abs=1e-6), name
