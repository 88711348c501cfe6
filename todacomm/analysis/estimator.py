"""Clouds in, numbers out, as a transformer of scikit-learn."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from todacomm.core.checks import as_whole, require_choice
from todacomm.core.clouds import METRICS
from todacomm.core.homology import resolve_engine
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import layer_metrics, metric_of


class LayerTopology(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Metrics of clouds as features: one row a cloud, one column a metric.

    Every cloud is measured by itself, as :func:`todacomm.core.layer.analyze_layer` does; fitting learns nothing but the
    shape of the input. A metric that is undefined for a cloud is nan: put an imputer behind it where clouds may be
    degenerate.

    Parameters
    ----------
    metrics : str, sequence of str or None
        Name of a layer metric, or of several; None for all scale-free ones of shape and geometry.
    n_dims : int
        Coordinates of a point, for input of two dimensions: each of its rows is a whole cloud, point after point.
    pca, standardize, maxdim, metric, engine
        As in :func:`todacomm.core.layer.analyze_layer`.

    Attributes
    ----------
    n_features_in_ : int
        Numbers of a cloud.
    cloud_shape_ : tuple of int
        Points of a cloud, and coordinates of a point: those of every cloud that is transformed.
    metrics_ : tuple of str
        The columns of the output.

    >>> angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> circle = np.column_stack([np.cos(angles), np.sin(angles)])
    >>> LayerTopology(metrics=["h1_count"]).fit_transform([circle, 2 * circle]).tolist()
    [[1.0], [1.0]]
    """

    def __init__(
        self,
        metrics: Any = None,
        *,
        n_dims: int = 1,
        pca: int = 50,
        standardize: bool = False,
        maxdim: int = 1,
        metric: str = "euclidean",
        engine: str = "auto",
    ) -> None:
        self.metrics = metrics
        self.n_dims = n_dims
        self.pca = pca
        self.standardize = standardize
        self.maxdim = maxdim
        self.metric = metric
        self.engine = engine

    def fit(self, X: Any, y: Any = None) -> "LayerTopology":
        """Check the clouds and the names of the metrics.

        Parameters
        ----------
        X : array, shape (n_clouds, n_points, n_dims) or (n_clouds, n_points * n_dims), or list of equal clouds

        Raises
        ------
        ValueError
            A metric is unknown, an option is of the wrong kind, or the clouds are not of one shape and finite.
        """
        self._check_options()
        self.metrics_ = self._chosen()
        self.cloud_shape_ = self._clouds(X, reset=True).shape[1:]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The metrics of every cloud.

        Returns
        -------
        ndarray, shape (n_clouds, n_metrics)

        Raises
        ------
        ValueError
            The clouds are not finite, or of another shape than those that it was fitted to.
        """
        check_is_fitted(self, "cloud_shape_")
        self._check_options()
        clouds = self._clouds(X, reset=False)
        if clouds.shape[1:] != self.cloud_shape_:
            raise ValueError(
                f"X holds clouds of shape {clouds.shape[1:]}, and it was fitted to clouds of shape "
                f"{self.cloud_shape_}: give clouds of that shape (rows are read with n_dims), or fit it again"
            )
        measured = (
            analyze_layer(
                cloud,
                pca=self.pca,
                standardize=self.standardize,
                maxdim=self.maxdim,
                metric=self.metric,
                engine=self.engine,
            ).metrics
            for cloud in clouds
        )
        return np.array([[values[name] for name in self.metrics_] for values in measured], dtype=np.float64)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns: the metrics."""
        check_is_fitted(self, "cloud_shape_")
        return np.array(self.metrics_, dtype=object)

    def _check_options(self) -> None:
        """Refuse what is no option: scikit-learn's estimators take anything when they are made."""
        as_whole(self.n_dims, "n_dims", low=1)
        as_whole(self.pca, "pca")
        as_whole(self.maxdim, "maxdim")
        if not isinstance(self.standardize, bool | np.bool_):
            raise ValueError(f"standardize is {self.standardize!r}: expected True or False")
        require_choice("metric", self.metric, METRICS)
        resolve_engine(self.engine, self.maxdim)

    def _chosen(self) -> tuple[str, ...]:
        """The names of the metrics, each of which is measured with these options."""
        known = layer_metrics(self.maxdim)
        if self.metrics is None:
            return _features(known)
        if not isinstance(self.metrics, Iterable):
            raise ValueError(f"metrics is {self.metrics!r}: expected names of layer metrics, or None")
        chosen = (self.metrics,) if isinstance(self.metrics, str) else tuple(self.metrics)
        if unknown := [str(name) for name in chosen if name not in known]:
            raise ValueError(f"unknown metrics {', '.join(unknown)}: choose from {', '.join(known)}")
        return chosen

    def _clouds(self, X: Any, reset: bool) -> np.ndarray:
        """The input as an array of shape (n_clouds, n_points, n_dims)."""
        stacked = getattr(X, "ndim", 2) == 3 or (isinstance(X, list) and X and np.ndim(X[0]) == 2)
        if stacked:
            if len(shapes := sorted({np.shape(cloud) for cloud in X})) > 1:
                raise ValueError(f"X holds clouds of shape {shapes[0]} and {shapes[-1]}: expected all of one shape")
            clouds = check_array(np.asarray(X), allow_nd=True, dtype=np.float64)
            validate_data(self, clouds.reshape(len(clouds), -1), reset=reset)
            return clouds
        flat = validate_data(self, X, dtype=np.float64, reset=reset)
        if flat.shape[1] % self.n_dims:
            raise ValueError(f"X has {flat.shape[1]} numbers a row: expected a multiple of n_dims={self.n_dims}")
        return flat.reshape(len(flat), -1, self.n_dims)


def _features(names: tuple[str, ...]) -> tuple[str, ...]:
    """Metrics that do not change where a cloud is made larger."""
    return tuple(
        name for name in names if metric_of(name).scale_free and metric_of(name).table in ("shape", "geometry")
    )
