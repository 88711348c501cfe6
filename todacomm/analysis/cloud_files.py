"""Files of clouds as people have them: arrays by layer, a long table, one row a text; what else they hold is labels.

Each reader gives named arrays. :func:`read_cloud_file` sorts them into clouds and labels.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from todacomm.core.facts import RunWarning
from todacomm.models.layers import MIDDLE, middle_layer
from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.machine import available_memory
from todacomm.system.npz import Arrays, read_npy, read_npz
from todacomm.system.units import format_bytes

if TYPE_CHECKING:
    import pandas as pd

TEXTS = "texts"
"""Name of an array of strings that holds the texts themselves."""
LAYER = "layer"
"""Name of a column that says which layer a row belongs to."""
DIGITS = "0123456789"
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

    A two-dimensional array of numbers is a cloud. An array of one value a row is a label. With a label ``layer``, a
    cloud whose rows belong to several layers is split, each layer's rows in their order. What fits neither is set
    aside with a warning.

    Parameters
    ----------
    layers : iterable of str
        Names of the clouds to take, in this order; ``middle`` for the middle block's; all of them without names.

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
    if LAYER in others:
        clouds, others = _split_by_layer(path, clouds, others)
    clouds = _chosen(path, clouds, tuple(layers))
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
    return _in_order(re.findall(r"\d+", name)[0])


def _in_order(digits: str) -> tuple[int, str]:
    """A number as a key to sort by, however many digits it has."""
    return len(digits.lstrip("0")), digits.lstrip("0")


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
            "store one cloud beside it, or rename the column",
        )
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
            if len(own) == len(first) and not np.array_equal(own, first) and sorted(own) == sorted(first):
                raise UserError(
                    f"{path} has the rows of {LAYER}={value} in another order than those of {values[0]} (by {name})",
                    f"sort the rows by {LAYER} and {name}",
                )


def _chosen(path: Path, clouds: Mapping[str, np.ndarray], layers: tuple[str, ...]) -> dict[str, np.ndarray]:
    if not clouds:
        raise UserError(
            f"{path} holds no cloud", "store one array of numbers of shape (n_points, n_dims) for each layer"
        )
    names = in_order_of_depth(clouds)
    wanted = [middle_layer(names) if name == MIDDLE and name not in clouds else name for name in layers]
    if missing := [name for name in wanted if name not in clouds]:
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


def _read_npy(path: Path) -> Arrays:
    array = read_npy(path)
    if array.ndim == 3:
        return Arrays({f"layer_{index}": cloud for index, cloud in enumerate(array)})
    return Arrays({"layer_0": array})


def _read_safetensors(path: Path) -> Arrays:
    from safetensors import safe_open

    arrays: dict[str, np.ndarray] = {}
    with foreign_file(path, "a safetensors file", "write it again with safetensors"), safe_open(path, "np") as file:
        for name in file.keys():  # noqa: SIM118
            if file.get_slice(name).get_dtype() == "BF16":
                arrays |= _bfloat16(path, [name])
            else:
                arrays[name] = file.get_tensor(name)
    return Arrays(arrays)


def _bfloat16(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Tensors in a precision that numpy lacks, as float32; their bits are the upper half of a float32's."""
    import json
    import struct

    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        arrays = {}
        for name in names:
            start, end = header[name]["data_offsets"]
            file.seek(8 + length + start)
            bits = np.frombuffer(file.read(end - start), dtype="<u2").astype(np.uint32) << 16
            arrays[name] = bits.view(np.float32).reshape(header[name]["shape"])
    return arrays


def of_tensor(tensor: Any) -> np.ndarray:
    """A tensor, wherever it is and in whatever precision, as numbers of numpy."""
    tensor = tensor.detach().cpu()
    half = tensor.is_floating_point() and tensor.element_size() < 4
    return np.asarray(tensor.float() if half else tensor)


def _read_torch(path: Path) -> Arrays:
    import torch

    with foreign_file(path, "a file of tensors", "save a dictionary of tensors with torch.save"):
        stored = torch.load(path, map_location="cpu", weights_only=True)
    named = stored if isinstance(stored, Mapping) else {"layer_0": stored}
    arrays, refused = {}, {}
    for name, tensor in named.items():
        if hasattr(tensor, "detach"):
            arrays[str(name)] = of_tensor(tensor)
        elif isinstance(tensor, list) and all(isinstance(item, str | int | float) for item in tensor):
            arrays[str(name)] = np.array(tensor)
        else:
            refused[str(name)] = f"it is a {type(tensor).__name__}, not a tensor"
    return Arrays(arrays, refused)


def _read_table(path: Path) -> Arrays:
    """One row a text (and layer): the columns of numbers that share a name and a number are the cloud's dimensions.

    Columns such as ``x0, x1, x2`` or ``0, 1, 2`` form one cloud; a parquet column of lists is a cloud by itself; any
    other column is a label.
    """
    import pandas as pd

    with foreign_file(path, "a table", "write it again as .csv or .parquet"):
        frame = pd.read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
        if frame.columns.has_duplicates:
            twice = ", ".join(map(str, frame.columns[frame.columns.duplicated()]))
            raise UserError(f"{path} has several columns of one name ({twice})", "give every column a name of its own")
        dimensions: dict[str, list[str]] = {}
        arrays: dict[str, np.ndarray] = {}
        for column in frame.columns:
            values = frame[column]
            if values.dtype == object and len(values) and isinstance(values.iloc[0], list | np.ndarray):
                arrays[str(column)] = np.stack([np.asarray(row, dtype=np.float64) for row in values])
            elif (stem := _stem(str(column))) != str(column) and pd.api.types.is_numeric_dtype(values):
                dimensions.setdefault(stem, []).append(column)
            else:
                arrays[str(column)] = (
                    values.to_numpy(dtype=str) if values.dtype.kind not in "fiu" else values.to_numpy()
                )
        for prefix, columns in dimensions.items():
            if len(columns) == 1:
                arrays[str(columns[0])] = frame[columns[0]].to_numpy()
            else:
                ordered = sorted(columns, key=lambda name: _in_order(str(name)[len(str(name).rstrip(DIGITS)) :]))
                arrays[prefix or "layer_0"] = frame[ordered].to_numpy(dtype=np.float64)
    return Arrays(arrays)


def _stem(column: str) -> str:
    """A column's name without the number at its end, and without the sign before that."""
    stem = column.rstrip(DIGITS)
    return stem[:-1] if stem != column and stem.endswith(("_", ".")) else stem


def _read_parquet(path: Path) -> "pd.DataFrame":
    """A parquet file whose pages unpack to what there is memory for."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
    needed = max(sum(group.total_byte_size for group in groups), 8 * file.metadata.num_rows * file.metadata.num_columns)
    if needed > available_memory() // 2:
        raise UserError(f"{path} declares {format_bytes(needed)}, more than half of the free memory", "store less")
    frame: pd.DataFrame = file.read().to_pandas()
    return frame


def _read_hdf5(path: Path) -> Arrays:
    """Every dataset of an HDF5 file by its path; of an ``.h5ad`` file ``X``, ``obsm/*``, ``layers/*`` and ``obs/*``."""
    try:
        import h5py
    except ImportError as error:
        raise UserError(f"{path} needs h5py ({error})", "install it: pip install h5py") from error
    arrays: dict[str, np.ndarray] = {}
    refused: dict[str, str] = {}

    def take(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        short = re.sub(r"^(obsm|layers|obs)/", "", name)
        if path.suffix == ".h5ad" and not re.match(r"(X$|obsm/|layers/|obs/)", name):
            return
        if item.external or item.is_virtual:
            refused[short] = "its numbers are in other files, which are not opened"
            return
        if item.nbytes > available_memory() // 2:
            raise UserError(f"{path} declares {format_bytes(item.nbytes)} for {name}", "store fewer numbers")
        if item.dtype.kind in "fiu":
            arrays[short] = item[()]
        elif item.dtype.kind in "OS":
            arrays[short] = item.asstr()[()].astype(str)
        else:
            refused[short] = f"it holds {item.dtype} values"

    with foreign_file(path, "an HDF5 file", "write it again with h5py"), h5py.File(path, "r") as file:
        file.visititems(take)
    for name in [name.removesuffix("/codes") for name in arrays if name.endswith("/codes")]:
        if (known := arrays.get(f"{name}/categories")) is not None:  # a column of words, as anndata stores it
            arrays[name] = np.append(known.astype(str), "")[arrays.pop(f"{name}/codes")]  # -1 stands for none
            del arrays[f"{name}/categories"]
    return Arrays(arrays, refused)


READERS: dict[str, Callable[[Path], Arrays]] = {
    ".npz": read_npz,
    ".npy": _read_npy,
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".parquet": _read_table,
    ".csv": _read_table,
    ".h5": _read_hdf5,
    ".hdf5": _read_hdf5,
    ".h5ad": _read_hdf5,
}
"""Ending of a file's name -> its reader."""
