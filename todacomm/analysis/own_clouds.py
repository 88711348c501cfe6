"""Clouds that somebody else took: ``model=clouds:FILE`` with one array a layer, read without torch."""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from todacomm.results.observation import Observation
from todacomm.system.digests import digest_of

TEXTS_KEY = "texts"
SUFFIXES = (".npz", ".npy", ".safetensors")
MIN_POINTS = 10


def read_clouds(path: Path) -> Observation:
    """Clouds from a file, one array of shape ``(n_points, n_dims)`` a layer, in the file's order.

    ``.npz`` and ``.safetensors`` hold one array a layer, named after it; ``.npy`` holds one layer, or several stacked
    as ``(n_layers, n_points, n_dims)``. An ``.npz`` may hold the texts too, as an array of strings named ``texts``.

    Raises
    ------
    ValueError
        The file is missing or broken, holds objects, strings or other shapes, or its layers differ in rows.
    """
    arrays, texts = _read(path)
    if not arrays:
        raise ValueError(f"{path} holds no cloud: expected one array of shape (n_points, n_dims) a layer")
    clouds = {name: _checked(path, name, array) for name, array in arrays.items()}
    rows = {name: len(cloud) for name, cloud in clouds.items()}
    n_points = next(iter(rows.values()))
    if len(set(rows.values())) > 1:
        listed = ", ".join(f"{name} {n}" for name, n in rows.items())
        raise ValueError(f"{path} has layers with different numbers of rows ({listed}): row i must be text i")
    if n_points < MIN_POINTS:
        raise ValueError(f"{path} has {n_points} points a layer: expected at least {MIN_POINTS}")
    if texts is not None and len(texts) != n_points:
        raise ValueError(f"{path} has {len(texts)} texts for {n_points} points: expected one a point")
    ids = [f"row/{row}" for row in range(n_points)] if texts is None else [str(text) for text in texts]
    digest = digest_of("\0".join(ids).encode())
    return Observation(
        model={
            "name": path.stem,
            "source": str(path),
            "revision": "",
            "family": "clouds",
            "kind": "unknown",
            "weights": "trained",
            "weights_digest": _digest(clouds),
            "n_layers": len(clouds),
            "width": max(cloud.shape[1] for cloud in clouds.values()),
            "pooling": "unknown",
            "head": None,
        },
        texts={
            "name": path.stem if texts is None else f"{path.stem} texts",
            "source": str(path),
            "revision": "",
            "unit": "row",
            "samples": n_points,
            "digest": digest,
            "n_documents": n_points,
            "ids": ids,
        },
        clouds=clouds,
    )


def _read(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} is no cloud file: expected a name ending in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise ValueError(f"no cloud file at {path}: give the path of a {', '.join(SUFFIXES)} file after clouds:")
    try:
        if path.suffix == ".safetensors":
            return load_file(path), None
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return _stacked(loaded), None
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, BadZipFile, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read ({error}): save plain arrays of numbers, without objects") from error
    return arrays, arrays.pop(TEXTS_KEY, None)


def _stacked(array: np.ndarray) -> dict[str, np.ndarray]:
    if array.ndim == 3:
        return {f"layer_{index}": cloud for index, cloud in enumerate(array)}
    return {"layer_0": array}


def _checked(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"{path}: {name} has shape {array.shape}: expected (n_points, n_dims)")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{path}: {name} holds {array.dtype} values: expected numbers")
    return array.astype(np.float32)


def _digest(clouds: dict[str, np.ndarray]) -> str:
    return digest_of(part for name, cloud in clouds.items() for part in (name.encode(), np.ascontiguousarray(cloud)))
