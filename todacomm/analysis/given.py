"""Observations of objects in memory, in place of models, texts and files that have names."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from todacomm.analysis.cloud_files import sort_arrays
from todacomm.analysis.cloud_readers import of_column, of_tensor
from todacomm.analysis.observe import Given, Observe, forward_pass
from todacomm.analysis.own_clouds import observe_clouds
from todacomm.core.checks import as_array
from todacomm.results.observation import Observation
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.values import OBJECT
from todacomm.system.npz import Arrays
from todacomm.texts.documents import text_rows

OF_NAMED_MODELS = (
    "revision", "device", "dtype", "placement", "adapter", "trust_remote_code", "allow_pickle",
)  # fmt: skip
"""Options of how a model that has a name is found and loaded."""
OF_NAMED_TEXTS = ("dataset_revision", "unit", "endings")


def given_objects(tokenizer: Any, texts: Any, options: Mapping[str, Any]) -> tuple[AnalysisConfig, Observe]:
    """The settings of an analysis of objects, and what it is observed with.

    Parameters
    ----------
    tokenizer : PreTrainedTokenizerBase or None
    texts : sequence of str, Series, DataFrame, datasets.Dataset or None
    options : mapping
        Options by name; ``model`` may be an object.

    Raises
    ------
    ValueError
        An object is of the wrong kind or stands beside its own name or an option of named ones, or a model lacks its
        tokenizer.
    """
    from todacomm.models.given import check_model, model_name
    from todacomm.texts.given import given_texts

    model = options.get("model", "")
    named = {**options}
    if not isinstance(model, str):
        check_model(model, tokenizer)
        named["model"] = f"{OBJECT}{model_name(model)}"
    elif tokenizer is not None:
        raise ValueError("tokenizer is given beside a model that is none or a name: give the model as an object")
    config = given_settings(texts, named)
    read = None if texts is None else given_texts(texts, config.texts)
    given = Given(None if isinstance(model, str) else model, tokenizer, read)
    return config, partial(forward_pass, given=given)


def given_settings(texts: Any, options: Mapping[str, Any]) -> AnalysisConfig:
    """The settings of an analysis of objects, of which ``model`` is a name: that of an object begins with ``object:``.

    Raises
    ------
    ValueError
        Texts are none or stand beside ``dataset``, or an option is unknown, wrong, or one of what has a name.
    """
    from todacomm.texts.given import count_texts

    refused: tuple[str, ...] = OF_NAMED_MODELS if options.get("model", "").startswith(OBJECT) else ()
    refused += OF_NAMED_TEXTS if texts is not None else ()
    own = {} if texts is None else {"dataset": f"{OBJECT}texts", "unit": "row", "samples": count_texts(texts)}
    if texts is not None and "dataset" in options:
        raise ValueError(f"got texts and dataset={options['dataset']!r}: give one or the other")
    if idle := [name for name in refused if name in options]:
        raise ValueError(f"{', '.join(idle)} would have no effect: objects are read as they are; leave it out")
    return AnalysisConfig.given(None, {**own, **options})


def given_clouds(
    clouds: Any,
    labels: pd.DataFrame | Mapping[str, Any] | None,
    name: str,
    distances: bool = False,
    layers: Iterable[str] = (),
) -> Observation:
    """Arrays as an observation.

    Parameters
    ----------
    clouds : mapping or list of array, shape (n_points, n_dims), or array
        By layer; an array of two dimensions is one layer, one of three a layer each.
    labels : DataFrame or mapping of array, shape (n_points,)
        A column ``texts`` of strings holds the texts themselves.
    distances : bool
        Whether the arrays are square matrices of distances.
    layers : iterable of str
        Names of those to take; all of them without names.

    Raises
    ------
    ValueError
        They are no clouds of the same rows; a label has another number of rows.
    """
    if not isinstance(clouds, Mapping):
        several = isinstance(clouds, list | tuple) and all(getattr(one, "ndim", 0) == 2 for one in clouds)
        clouds = {f"layer_{place}": one for place, one in enumerate(clouds if several else [clouds])}
    arrays = {str(layer): _numbers(cloud, str(layer)) for layer, cloud in clouds.items()}
    file = sort_arrays(Arrays(arrays), Path(name), layers)
    rows = len(next(iter(file.clouds.values())))
    if labels is not None and not isinstance(labels, Mapping | pd.DataFrame):
        raise ValueError(f"labels is a {type(labels).__name__}: expected a DataFrame, or a column by each name")
    columns = {
        str(column): _label(values, f"label {column}")
        for column, values in dict({} if labels is None else labels).items()
    }
    for column, values in columns.items():
        if values.shape != (rows,):
            raise ValueError(f"label {column} has shape {values.shape}: expected ({rows},), one value a point")
    made = observe_clouds(replace(file, labels={**file.labels, **columns}), Path(name), distances)
    return replace(made, model=replace(made.model, name=name))  # a name is no path: v1.1 and v1.2 are two models


def _label(values: Any, name: str) -> np.ndarray:
    array = _numbers(values, name)
    if array.ndim != 1 or array.dtype.kind in "fiub":
        return array
    text_rows((value for value in values if isinstance(value, str)), name)
    return of_column(pd.Series(list(values)))


def _numbers(array: Any, name: str) -> np.ndarray:
    try:
        return of_tensor(array) if hasattr(array, "detach") else np.asarray(array)
    except ValueError:
        return as_array(array, name)  # which says how long its rows are
