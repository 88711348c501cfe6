"""Files of clouds as people have them: arrays by layer, a long table, one row a text; what else they hold is labels.

Each reader gives named arrays, see :mod:`todacomm.analysis.cloud_readers`; :func:`read_cloud_file` sorts them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np

from todacomm.analysis.cloud_readers import READERS
from todacomm.core.facts import RunWarning
from todacomm.models.layers import MIDDLE, middle_layer
from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.machine import available_memory
from todacomm.system.npz import Arrays
from todacomm.system.order import in_order
from todacomm.system.printable import cell
from todacomm.system.units import format_bytes

TEXTS = "texts"
"""Name of an array of strings that holds the texts themselves."""
LAYER = "layer"
"""Name of a column that says which layer a row belongs to."""
MOST_NAMED = 5
"""Arrays that an error names."""
_LIKE_LAYERS = re.compile(r"embedding|final|layer_\d+(_attention|_ffn)?")


@dataclass(frozen=True)
class CloudFile:
    """What a file gives.

    Attributes
    ----------
    clouds : dict of ndarray, shape (n_points, n_dims)
        By layer, in the order of depth.
    labels : dict of ndarray, shape (n_points,)
        Columns of numbers or strings, one value for each row of every cloud.
    warnings : tuple of RunWarning
        What was set aside, and why.
    """

    clouds: dict[str, np.ndarray]
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    warnings: tuple[RunWarning, ...] = ()


def read_cloud_file(path: Path, layers: Iterable[str] = ()) -> CloudFile:
    """Clouds and labels of a file.

    A two-dimensional array of numbers is a cloud; without one, an array of shape (layers, points, dimensions) is a
    cloud a layer. An array of one value a row is a label. With a label ``layer``, a cloud whose rows belong to several
    layers is split, each layer's rows in their order. What fits neither is set aside with a warning.

    Parameters
    ----------
    layers : iterable of str
        Names of the clouds to take, in this order; ``middle`` for the middle block's; all of them without names. Where
        a label ``layer`` stands beside several clouds, the name of the one to split may be among them.

    Raises
    ------
    UserError
        The file cannot be read, holds no cloud, lacks a layer that is asked for, or its clouds differ in rows.
    """
    if path.suffix not in READERS:
        raise UserError(f"{path} is no file of clouds", f"expected a name that ends in {', '.join(READERS)}")
    with foreign_file(path, "a file of clouds", "store one array of shape (n_points, n_dims) for each layer"):
        read = READERS[path.suffix](path)
        _check_memory(path, read.arrays)
        return sort_arrays(read, path, layers)


def sort_arrays(read: Arrays, path: Path, layers: Iterable[str] = ()) -> CloudFile:
    """Named arrays as clouds and labels, see :func:`read_cloud_file`; ``path`` is what errors call them."""
    warnings = [RunWarning("array_refused", f"{name} was set aside: {why}") for name, why in read.refused.items()]
    clouds = {name: array for name, array in read.arrays.items() if _is_cloud(array)}
    others = {name: array for name, array in read.arrays.items() if name not in clouds}
    stacks = [name for name, array in others.items() if array.ndim == 3 and all(map(_is_cloud, array))]
    if not clouds and len(stacks) == 1:
        clouds = {f"layer_{place}": cloud for place, cloud in enumerate(others.pop(stacks[0]))}
    layers = tuple(layers)
    if LAYER in others:
        long = [name for name in layers if name in clouds]
        clouds, others = _split_by_layer(path, {name: clouds[name] for name in long} or clouds, others)
        layers = tuple(name for name in layers if name not in long)
    if not clouds:
        shapes = [f"{name} of shape {array.shape} and {array.dtype}" for name, array in others.items()]
        held = [*shapes, *(f"{name}: {why}" for name, why in read.refused.items())][:MOST_NAMED]
        named = "; ".join(shorten(cell(one), 160, placeholder="...") for one in held)
        raise UserError(
            f"{path} holds no cloud{f', but {named}' if named else ' and nothing else'}",
            "store one array of numbers of shape (n_points, n_dims) for each layer",
        )
    clouds = _chosen(path, clouds, layers, read.refused)
    n_points = _common_rows(path, clouds)
    labels = {name: array for name, array in others.items() if array.shape == (n_points,)}
    if TEXTS in others and TEXTS not in labels:
        raise UserError(f"{path} has {TEXTS} for another number of points than {n_points}", "give one text a point")
    warnings += [
        RunWarning("array_set_aside", f"{name} of shape {array.shape} was set aside: it is no cloud and no label")
        for name, array in others.items()
        if name not in labels
    ]
    return CloudFile(clouds, labels, tuple(warnings))


def in_order_of_depth(names: Iterable[str]) -> list[str]:
    """Names of layers by depth where their names tell it, as numbers and not as text; else as they came.

    >>> in_order_of_depth(["final", "layer_0", "layer_10", "layer_2", "embedding"])
    ['embedding', 'layer_0', 'layer_2', 'layer_10', 'final']
    >>> in_order_of_depth(["late", "early"]), in_order_of_depth(["h.0", "h.10", "h.9"])
    (['late', 'early'], ['h.0', 'h.9', 'h.10'])
    """
    names = list(names)
    if all(_LIKE_LAYERS.fullmatch(name) for name in names):
        return sorted(names, key=_depth)
    templates = {re.sub(r"\d+", "#", name, count=1) for name in names}
    if len(templates) == 1 and "#" in next(iter(templates)):
        return sorted(names, key=_first_number)
    return names


def _depth(name: str) -> tuple[int, tuple[int, str], int]:
    ends = {"embedding": (0, (0, ""), 0), "final": (2, (0, ""), 0)}
    part = {"_attention": 0, "_ffn": 1}.get(name[len(name.rstrip("_abcdefghijklmnopqrstuvwxyz")) :], 2)
    return ends.get(name) or (1, _first_number(name), part)


def _first_number(name: str) -> tuple[int, str]:
    return in_order(re.findall(r"\d+", name)[0])


def _is_cloud(array: np.ndarray) -> bool:
    return array.ndim == 2 and array.shape[1] > 0 and array.dtype.kind in "fiu"


def _split_by_layer(
    path: Path, clouds: Mapping[str, np.ndarray], others: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """One cloud with a column that names each row's layer, as a cloud a layer; labels from the first layer's rows."""
    column = others[LAYER]
    long = [name for name, cloud in clouds.items() if column.shape == (len(cloud),)]
    if len(long) != 1:
        raise UserError(
            f"{path} has a column {LAYER} of shape {column.shape} and {len(long)} clouds of as many rows",
            "store one cloud beside it, choose one with layers=NAME, or rename the column",
        )
    if column.dtype.kind == "f" and (column == column.round()).all():
        column = column.astype(np.int64)
    values = list(dict.fromkeys(column.tolist()))
    if all(isinstance(value, int) for value in values):
        values.sort()
    named = {value: f"layer_{value}" if isinstance(value, int) else str(value) for value in values}
    cloud = clouds[long[0]]
    split = {name: cloud[column == value] for value, name in named.items()}
    first = column == values[0]
    labels = {
        name: array[first] if array.shape == column.shape else array for name, array in others.items() if name != LAYER
    }
    _check_same_texts(path, column, values, others)
    return {name: split[name] for name in in_order_of_depth(split)}, labels


def _check_same_texts(path: Path, column: np.ndarray, values: list[Any], others: Mapping[str, np.ndarray]) -> None:
    """Row i of every layer must be the same text: labels that say otherwise are an error."""
    for name, array in others.items():
        if name == LAYER or array.shape != column.shape:
            continue
        first = array[column == values[0]]
        for value in values[1:]:
            own = array[column == value]
            if name == TEXTS and len(own) == len(first) and sorted(own) != sorted(first):
                raise UserError(
                    f"{path} has other texts in {LAYER}={value} than in {values[0]}",
                    "row i must be text i in every layer: give the same texts to each",
                )
            if len(own) == len(first) and not np.array_equal(own, first) and sorted(own) == sorted(first):
                raise UserError(
                    f"{path} has the rows of {LAYER}={value} in another order than those of {values[0]} (by {name})",
                    f"sort the rows by {LAYER} and {name}",
                )


def _chosen(
    path: Path, clouds: Mapping[str, np.ndarray], layers: tuple[str, ...], refused: Mapping[str, str]
) -> dict[str, np.ndarray]:
    names = in_order_of_depth(clouds)
    wanted = [middle_layer(names) if name == MIDDLE and name not in clouds else name for name in layers]
    if missing := [f"{name} ({refused[name]})" if name in refused else name for name in wanted if name not in clouds]:
        raise UserError(f"{path} has no layer {', '.join(missing)}", f"choose from {', '.join(clouds)}")
    return {name: clouds[name] for name in wanted or names}


def _check_memory(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Whether the arrays can be held as float64: a view can declare a size that no file and no memory holds."""
    needed = sum(8 * array.size for array in arrays.values() if array.dtype.kind in "fiu")
    if needed > available_memory() // 2:
        raise UserError(
            f"{path} holds {format_bytes(needed)} of numbers, more than half of the free memory", "store fewer of them"
        )


def _common_rows(path: Path, clouds: Mapping[str, np.ndarray]) -> int:
    rows = {name: len(cloud) for name, cloud in clouds.items()}
    if len(set(rows.values())) > 1:
        listed = ", ".join(f"{name} {n}" for name, n in rows.items())
        raise UserError(
            f"{path} has layers with different numbers of rows ({listed})",
            "row i must be text i in every layer; choose layers of equal rows with layers=NAME,NAME",
        )
    return next(iter(rows.values()))
