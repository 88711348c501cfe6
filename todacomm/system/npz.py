"""Arrays out of ``.npy`` and ``.npz`` files: no pickles, and no size believed that the file cannot hold."""

import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.machine import available_memory
from todacomm.system.units import format_bytes

_REMEDY = "save plain arrays with numpy.savez, without objects"


@dataclass(frozen=True)
class Arrays:
    """What an ``.npz`` file holds.

    Attributes
    ----------
    arrays : dict of ndarray
        By name, in the order of the file.
    refused : dict of str
        Name of an array that was not read -> the reason.
    """

    arrays: dict[str, np.ndarray]
    refused: dict[str, str] = field(default_factory=dict)


def read_npz(path: Path, only: Collection[str] | None = None, limit: int | None = None) -> Arrays:
    """Read the arrays of an ``.npz`` file; arrays of Python objects are refused one by one.

    Parameters
    ----------
    only : collection of str, optional
        Names of the arrays to read.
    limit : int, optional
        Bytes that the arrays may take together; half of the free memory without it.

    Raises
    ------
    UserError
        The file is not there, is no zip file of arrays, is encrypted, or declares more than the limit.
    """
    arrays: dict[str, np.ndarray] = {}
    refused: dict[str, str] = {}
    with foreign_file(path, "an .npz file of arrays", _REMEDY), zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        if only is not None:
            members = [info for info in members if info.filename.removesuffix(".npy") in only]
        _check_size(path, sum(info.file_size for info in members), limit)
        for info in members:
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as stream:
                shape, dtype = _header(stream)
            if dtype.hasobject:
                refused[name] = "it holds Python objects, which are not unpickled"
                continue
            _check_declared(path, name, shape, dtype, info.file_size)
            with archive.open(info) as stream:
                arrays[name] = np.lib.format.read_array(BytesIO(stream.read()), allow_pickle=False)
    return Arrays(arrays, refused)


def read_npy(path: Path) -> np.ndarray:
    """The array of an ``.npy`` file.

    Raises
    ------
    UserError
        The file is not there, is no array, holds Python objects, or declares more than it holds or than
        half of the free memory.
    """
    with foreign_file(path, "an .npy file of one array", "save one plain array with numpy.save"):
        size = path.stat().st_size
        _check_size(path, size)
        with path.open("rb") as stream:
            shape, dtype = _header(stream)
        if dtype.hasobject:
            raise UserError(f"{path} holds Python objects, which are not unpickled", _REMEDY)
        _check_declared(path, path.stem, shape, dtype, size)
        return np.load(path, allow_pickle=False)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(stream)
    return shape, dtype


def _check_declared(path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], size: int) -> None:
    declared = dtype.itemsize
    for length in shape:  # Python's integers: a declared shape may not fit into 64 bits
        declared *= int(length)
    if declared > size:
        raise UserError(
            f"{path} declares {format_bytes(declared)} for {name}, whose data are {format_bytes(size)}", _REMEDY
        )


def _check_size(path: Path, size: int, limit: int | None = None) -> None:
    most = available_memory() // 2 if limit is None else limit
    if size > most:
        raise UserError(
            f"{path} unpacks to {format_bytes(size)}, more than the {format_bytes(most)} that it may take",
            "store fewer or smaller arrays",
        )
