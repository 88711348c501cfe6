"""Files of named arrays, by their endings: what each holds, and what of it cannot be read as numbers or words."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import numpy as np

from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.machine import available_memory
from todacomm.system.npz import Arrays, read_npy, read_npz
from todacomm.system.order import in_order
from todacomm.system.units import format_bytes

if TYPE_CHECKING:
    import pandas as pd

DIGITS = "0123456789"


def _read_npy(path: Path) -> Arrays:
    return Arrays({"layer_0": read_npy(path)})


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

    remedy = "save a dictionary of tensors with torch.save"
    with foreign_file(path, "a file of tensors", remedy):
        try:
            stored = torch.load(path, map_location="cpu", weights_only=True)
        except UnpicklingError as error:  # its own message advises to run the code
            raise UserError(f"{path} cannot be read as a file of tensors (it holds other objects)", remedy) from error
    layers = stored if isinstance(stored, list | tuple) else [stored]
    named = stored if isinstance(stored, Mapping) else {f"layer_{place}": one for place, one in enumerate(layers)}
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
        _check_header(path, _first_row(path) if path.suffix == ".csv" else list(map(str, frame.columns)))
        dimensions: dict[str, list[str]] = {}
        arrays: dict[str, np.ndarray] = {}
        refused: dict[str, str] = {}
        for column in frame.columns:
            values = frame[column]
            if values.dtype == object and any(isinstance(row, list | np.ndarray) for row in values):
                try:
                    arrays[str(column)] = np.stack([np.asarray(row, dtype=np.float64) for row in values])
                except (TypeError, ValueError):
                    refused[str(column)] = "its rows are not numbers, as many in each"
            elif (stem := _stem(str(column))) != str(column) and pd.api.types.is_numeric_dtype(values):
                dimensions.setdefault(stem, []).append(column)
            else:
                arrays[str(column)] = of_column(values)
        for prefix, columns in dimensions.items():
            if len(columns) == 1:
                arrays[str(columns[0])] = frame[columns[0]].to_numpy()
            else:
                if others := [name for name in arrays if _stem(name) == prefix]:
                    raise UserError(
                        f"{path}: {others[0]} stands beside {columns[0]} and {columns[1]}, numbers of one cloud, "
                        "and is none of them",
                        "correct its cells, or give it another name",
                    )
                ordered = sorted(columns, key=lambda name: in_order(str(name)[len(str(name).rstrip(DIGITS)) :]))
                arrays[prefix or "layer_0"] = frame[ordered].to_numpy(dtype=np.float64)
    return Arrays(arrays, refused)


def of_column(values: "pd.Series[Any]") -> np.ndarray:
    """A column of a table as numbers, or as words, of which one that is missing is empty."""
    if values.dtype.kind in "fiu":
        return values.to_numpy()
    return values.astype(object).where(values.notna(), "").to_numpy(dtype=str)


def _first_row(path: Path) -> list[str]:
    """The names of a table's columns as they stand in the file: those of a frame are made to differ."""
    import pandas as pd

    (row,) = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).to_numpy().tolist()
    return [name for name in row if name]


def _check_header(path: Path, names: list[str]) -> None:
    if all(map(_is_number, names)) and not all(name.isdigit() for name in names):
        numbers = ", ".join(names[:3])
        raise UserError(f"{path} begins with numbers ({numbers} ...)", "give it a first row of names, such as x0,x1,x2")
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        several = ", ".join(twice)
        raise UserError(f"{path} has several columns of one name ({several})", "give every column a name of its own")


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


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
        short = re.sub(r"^(obsm|layers|obs)/", "", name)
        if path.suffix == ".h5ad" and not re.match(r"(X$|obsm/|layers/|obs/)", name):
            return
        if str(item.attrs.get("encoding-type", "")) in ("csr_matrix", "csc_matrix"):
            refused[short] = "it is sparse: store it dense"
        if not isinstance(item, h5py.Dataset) or short.rpartition("/")[0] in refused:
            return
        if item.external or item.is_virtual:
            refused[short] = "its numbers are in other files, which are not opened"
            return
        if item.nbytes > available_memory() // 2:
            raise UserError(f"{path} declares {format_bytes(item.nbytes)} for {name}", "store fewer numbers")
        if item.dtype.kind in "fiub":
            arrays[short] = item[()]
        elif h5py.check_string_dtype(item.dtype):
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
