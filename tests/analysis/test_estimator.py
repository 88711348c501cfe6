"""The transformer of scikit-learn: its contract, and the same numbers as an analysis."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from todacomm import LayerTopology
from todacomm.core.layer import analyze_layer


@parametrize_with_checks([LayerTopology()])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def test_the_columns_are_the_metrics_of_an_analysis(rng):
    clouds = rng.normal(size=(3, 30, 4))
    topology = LayerTopology(pca=0).fit(clouds)
    features = topology.transform(clouds)
    names = topology.get_feature_names_out().tolist()
    assert {"h0_total_norm", "h1_max_norm", "twonn_dimension"} <= set(names)
    assert "h0_max_lifetime" not in names
    for cloud, row in zip(clouds, features, strict=True):
        expected = analyze_layer(cloud, pca=0).metrics
        np.testing.assert_array_equal(row, [expected[name] for name in names])


def test_a_row_is_a_cloud_point_after_point(rng):
    clouds = rng.normal(size=(3, 30, 4))
    stacked = LayerTopology().fit_transform(clouds)
    np.testing.assert_array_equal(LayerTopology(n_dims=4).fit_transform(clouds.reshape(3, -1)), stacked)
    np.testing.assert_array_equal(LayerTopology().fit_transform(list(clouds)), stacked)


def test_a_classifier_behind_it_tells_circles_from_noise(rng):
    angles = rng.uniform(0, 2 * np.pi, (40, 60))
    circles = np.stack([np.cos(angles), np.sin(angles)], axis=-1) + rng.normal(scale=0.1, size=(40, 60, 2))
    clouds, labels = np.concatenate([circles, rng.normal(size=(40, 60, 2))]), np.repeat([1, 0], 40)
    classify = make_pipeline(LayerTopology(["h1_max_norm", "h0_total_norm"]), StandardScaler(), LogisticRegression())
    classify.fit(clouds[::2], labels[::2])
    assert classify.score(clouds[1::2], labels[1::2]) > 0.95


@pytest.mark.parametrize(
    ("topology", "shape", "says"),
    [
        (LayerTopology(["h9_max"]), (2, 20, 3), "unknown metrics h9_max"),
        (LayerTopology("h9_max"), (2, 20, 3), "unknown metrics h9_max"),
        (LayerTopology(5), (2, 20, 3), "metrics is 5: expected names"),
        (LayerTopology(n_dims=7), (2, 20), "expected a multiple of n_dims=7"),
        (LayerTopology(n_dims=0), (2, 20), "n_dims is 0: expected a whole number, at least 1"),
        (LayerTopology(n_dims=2.0), (2, 20), "n_dims is 2.0: expected a whole number"),
        (LayerTopology(pca=-1), (2, 20, 3), "pca is -1: expected a whole number, at least 0"),
        (LayerTopology(maxdim="1"), (2, 20, 3), "maxdim is '1': expected a whole number"),
        (LayerTopology(standardize="no"), (2, 20, 3), "standardize is 'no': expected True or False"),
        (LayerTopology(metric="euclid"), (2, 20, 3), "unknown metric 'euclid'"),
        (LayerTopology(engine="lune"), (2, 20, 3), "unknown engine 'lune'"),
    ],
)
def test_what_does_not_fit_is_refused(topology, shape, says):
    with pytest.raises(ValueError, match=says):
        topology.fit(np.ones(shape))


@pytest.mark.parametrize("shape", [(2, 60), (2, 10, 6), (2, 60, 1)])
def test_clouds_of_another_shape_than_it_was_fitted_to_are_refused(rng, shape):
    topology = LayerTopology(["twonn_dimension"]).fit(rng.normal(size=(2, 20, 3)))
    assert topology.cloud_shape_ == (20, 3)
    with pytest.raises(ValueError, match=r"it was fitted to clouds of shape \(20, 3\): give clouds of that shape"):
        topology.transform(rng.normal(size=shape))


def test_rows_are_clouds_of_the_fitted_shape_only_with_its_n_dims(rng):
    clouds = rng.normal(size=(2, 20, 3))
    topology = LayerTopology(["twonn_dimension"], n_dims=3).fit(clouds)
    np.testing.assert_array_equal(topology.transform(clouds.reshape(2, -1)), topology.transform(clouds))
    with pytest.raises(ValueError, match=r"clouds of shape \(30, 2\), and it was fitted"):
        topology.set_params(n_dims=2).transform(clouds.reshape(2, -1))


def test_a_string_is_one_metric(rng):
    clouds = rng.normal(size=(2, 20, 3))
    topology = LayerTopology("h1_count").fit(clouds)
    assert topology.get_feature_names_out().tolist() == ["h1_count"]
    np.testing.assert_array_equal(topology.transform(clouds), LayerTopology(["h1_count"]).fit_transform(clouds))


def test_clouds_of_different_shapes_are_refused_with_both(rng):
    with pytest.raises(ValueError, match=r"clouds of shape \(19, 3\) and \(20, 3\): expected all of one shape"):
        LayerTopology().fit([rng.normal(size=(20, 3)), rng.normal(size=(19, 3))])
