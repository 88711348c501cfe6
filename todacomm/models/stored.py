"""Tensors of safetensors files by name, read into memory of their own: no page of a file stays mapped."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import torch
from torch import Tensor

from todacomm.models.weights import count_parameters

_TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """Where a tensor is: the file, its bytes in it, its form."""

    file: Path
    start: int
    n_bytes: int
    shape: tuple[int, ...]
    dtype: torch.dtype


def stored_tensors(files: Sequence[Path]) -> dict[str, Stored]:
    """What safetensors files hold, by name, from their headers.

    Raises
    ------
    ValueError
        A file is broken or cut short, holds numbers of a kind that is not read (such as 8-bit floats), or two files
        hold a tensor of the same name.
    """
    count_parameters(files)  # refuses files whose header is not to be trusted
    tensors: dict[str, Stored] = {}
    for file in files:
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            if entry["dtype"] not in _TYPES:
                raise ValueError(f"{name} in {file} is stored as {entry['dtype']}: expected {', '.join(_TYPES)}")
            if name in tensors:
                raise ValueError(f"{name} is stored twice, in {tensors[name].file} and {file}: expected it once")
            start, end = entry["data_offsets"]
            shape, dtype = tuple(entry["shape"]), _TYPES[entry["dtype"]]
            tensors[name] = Stored(file, 8 + length + start, end - start, shape, dtype)
    return tensors


def read_tensors(wanted: dict[str, Stored]) -> dict[str, Tensor]:
    """The tensors as stored, each in memory of its own, read in the order in which they lie on the disk.

    Raises
    ------
    ValueError
        A file ends early.
    """
    tensors: dict[str, Tensor] = {}
    for file in dict.fromkeys(entry.file for entry in wanted.values()):
        with file.open("rb", buffering=0) as stream:
            for name, entry in _by_place(wanted, file):
                memory = torch.empty(entry.n_bytes, dtype=torch.uint8)
                stream.seek(entry.start)
                _fill(stream, memory, file)
                tensors[name] = memory.view(entry.dtype).reshape(entry.shape)
    return {name: tensors[name] for name in wanted}


def _by_place(wanted: dict[str, Stored], file: Path) -> Iterable[tuple[str, Stored]]:
    return sorted(
        ((name, entry) for name, entry in wanted.items() if entry.file == file), key=lambda item: item[1].start
    )


def _fill(stream: RawIOBase, memory: Tensor, file: Path) -> None:
    rest = memory.numpy().data.cast("B")
    while len(rest):  # a system reads at most 2 GiB at a time
        n_bytes = stream.readinto(rest)
        if not n_bytes:
            raise ValueError(f"{file} ends {len(rest)} bytes early: fetch the file again")
        rest = rest[n_bytes:]
