"""Clouds that were taken elsewhere: ``model=clouds:FILE``, read as an observation without torch."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from todacomm.analysis.cloud_files import TEXTS, CloudFile, read_cloud_file
from todacomm.core.checks import as_distances
from todacomm.core.facts import RunWarning
from todacomm.core.metrics import LAYER_METRICS
from todacomm.models.names import model_name
from todacomm.results.facts import OWN, ModelFacts, TextFacts
from todacomm.results.observation import Observation
from todacomm.results.table import RUN_LAYER
from todacomm.results.texts import text_table
from todacomm.settings.values import OWN_CLOUDS
from todacomm.system.digests import digest_of
from todacomm.system.errors import UserError
from todacomm.texts import repeated_texts
from todacomm.texts.documents import text_rows

MIN_POINTS = 10
LARGEST = 1e18
"""Largest absolute value of a cloud: its squared distances must be numbers in single precision, which engines use."""
WITHOUT_COORDINATES = RunWarning(
    "distances_alone",
    "distances are given and no coordinates: PCA, the rotation null, pictures of points and "
    f"{', '.join(name for name, metric in LAYER_METRICS.items() if metric.needs_coordinates)} do not apply",
)
PRECISION_LOSS = 1e-6
"""Share of a cloud's spread that single precision may change; a cloud that would lose more stays in double."""


def read_clouds(path: Path, layers: Iterable[str] = (), distances: bool = False) -> Observation:
    """Clouds from a file, see :func:`todacomm.analysis.cloud_files.read_cloud_file` for its forms.

    Labels become columns of the texts; an array of strings named ``texts`` holds the texts themselves. Two files with
    the same texts or labels are about the same texts, and their analyses are compared text by text.

    Parameters
    ----------
    distances : bool
        Whether each array is a square matrix of distances.

    Raises
    ------
    UserError
        The file is missing or broken, or holds no clouds of the same rows; under 10 rows; values beyond 1e18.
    """
    return observe_clouds(read_cloud_file(path, layers), path, distances)


def observe_clouds(file: CloudFile, path: Path, distances: bool = False) -> Observation:
    """Clouds and labels as an observation.

    Parameters
    ----------
    path : Path
        Where they come from: its stem is their name.
    distances : bool
        Whether they are distances.
    """
    warnings = [*file.warnings, *([WITHOUT_COORDINATES] if distances else [])]
    check = _checked_distances if distances else _checked
    clouds = {name: check(path, name, cloud) for name, cloud in file.clouds.items()}
    n_points = len(next(iter(clouds.values())))
    if n_points < MIN_POINTS:
        raise UserError(f"{path} has {n_points} points a layer", f"give at least {MIN_POINTS}")
    for label, values in file.labels.items():
        if values.dtype.kind == "U":
            text_rows(values.tolist(), f"{path}: {label!r}")
    texts = file.labels.get(TEXTS)
    ids = [f"row/{row}" for row in range(n_points)] if texts is None else [str(text) for text in texts]
    labels = {name: values for name, values in file.labels.items() if name != TEXTS}
    identity = ids if texts is not None else [f"{name}={list(values)}" for name, values in labels.items()] or ids
    return Observation(
        model=ModelFacts(
            name=model_name(f"{OWN_CLOUDS}{path}"),
            source=str(path),
            family=OWN,
            weights_digest=digest_of(
                part for name, cloud in clouds.items() for part in (name.encode(), np.ascontiguousarray(cloud))
            ),
            n_layers=len(clouds),
            width=0 if distances else max(cloud.shape[1] for cloud in clouds.values()),
        ),
        dataset=TextFacts(
            name=f"{n_points} own points" if texts is None and not labels else f"{n_points} own texts",
            source=str(path),
            unit="row",
            samples=n_points,
            digest=digest_of("\0".join(identity).encode()),
            n_documents=n_points,
            ids=tuple(ids),
        ),
        clouds=clouds,
        texts=text_table(ids, None if texts is None else ids, columns=labels),
        warnings=(*warnings, *(() if texts is None else repeated_texts(ids))),
    )


def _checked_distances(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """A matrix of distances in double precision, symmetric to the bit."""
    try:
        matrix = as_distances(_named(path, name, array), f"{name} of {path}")
    except ValueError as error:
        raise UserError(str(error), "distances=true takes a square matrix of distances a layer") from error
    return np.asarray((matrix + matrix.T) / 2.0)


def _named(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """An array under a name that is free."""
    if name == RUN_LAYER:
        raise UserError(f"{path} has a layer named {name}, the name of a run's own numbers", "rename it")
    return array


def _checked(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    """A cloud in single precision, or in double where single precision would change its shape."""
    with np.errstate(over="ignore", invalid="ignore"):  # what single precision cannot hold is seen by its loss
        points, single = _named(path, name, array).astype(np.float64), array.astype(np.float32)
    finite = points[np.isfinite(points).all(axis=1)]
    if finite.size and np.abs(finite).max() > LARGEST:
        raise UserError(
            f"{path}: {name} reaches {np.abs(finite).max():.2g}, distances need values up to {LARGEST:.0e}",
            "divide the cloud by a constant: scale-free numbers stay the same",
        )
    spread = np.sqrt(finite.var(axis=0).sum()) if len(finite) else 0.0
    written = np.isfinite(points)
    loss = np.abs(single[written] - points[written]).max(initial=0.0)
    return points if loss > PRECISION_LOSS * spread else single
