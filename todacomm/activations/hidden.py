"""Hidden states of all texts between two blocks: in memory, or in a file where they are too many."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class HiddenStates:
    """One row a token, texts one after the other, the longest first: as batches take them.

    Parameters
    ----------
    lengths : ndarray of int, shape (n_texts,)
        Tokens of each text.
    folder : Path, optional
        Where two files of them are kept, what was written and what is being written; without it they are in memory, and
        what is written takes the place of what was read.
    """

    def __init__(self, lengths: np.ndarray, folder: Path | None = None) -> None:
        self._lengths = lengths
        order = np.argsort(-lengths, kind="stable")
        self._starts = np.empty(len(lengths), dtype=np.int64)
        self._starts[order] = np.cumsum(lengths[order]) - lengths[order]
        self._folder = folder
        self._rows: Tensor | None = None
        self._width, self._dtype = 0, torch.float32
        self.side = 0
        """Which of the two files is read."""

    @property
    def form(self) -> tuple[int, str]:
        """Width and precision of what is kept."""
        return self._width, str(self._dtype).removeprefix("torch.")

    def restore(self, side: int, width: int, dtype: str) -> None:
        """Take up files that were written before."""
        self.side, self._width, self._dtype = side, width, getattr(torch, dtype)

    def check(self, side: int, width: int, dtype: str) -> None:
        """Whether a file that was written before is whole.

        Raises
        ------
        OSError, ValueError
            It is not there, or too short.
        """
        path, expected = self._path(side), int(self._lengths.sum()) * width * getattr(torch, dtype).itemsize
        if path.stat().st_size < expected:
            raise ValueError(f"{path} has {path.stat().st_size} bytes, expected {expected}")

    def read(self, batch: np.ndarray, device: torch.device) -> Tensor:
        """The texts of a batch, shape (texts, longest, width); zeros behind the end of a text."""
        rows = self._flat(batch)
        lengths = self._lengths[batch]
        padded = torch.zeros((len(batch), int(lengths.max()), self._width), dtype=self._dtype)
        for row, (start, length) in enumerate(zip(self._starts[batch] - self._starts[batch[0]], lengths, strict=True)):
            padded[row, :length] = rows[start : start + length]
        return padded.to(device)

    def write(self, batch: np.ndarray, hidden: Tensor) -> None:
        """Keep the texts of a batch, shape (texts, longest, width)."""
        lengths = self._lengths[batch]
        rows = torch.cat([hidden[row, :length] for row, length in enumerate(lengths)]).cpu().contiguous()
        self._width, self._dtype = rows.shape[1], rows.dtype
        start = int(self._starts[batch[0]])
        if self._folder is None:
            if self._rows is None or self._rows.shape[1] != self._width:
                self._rows = torch.empty((int(self._lengths.sum()), self._width), dtype=self._dtype)
            self._rows[start : start + len(rows)] = rows
            return
        path = self._path(1 - self.side)
        with path.open("r+b" if path.exists() else "wb") as file:
            file.seek(start * self._row_bytes)
            file.write(rows.view(torch.uint8).numpy().data)

    def turn(self) -> None:
        """What was written is what is read from now on."""
        if self._folder is not None:
            self.side = 1 - self.side

    def _flat(self, batch: np.ndarray) -> Tensor:
        start, n_rows = int(self._starts[batch[0]]), int(self._lengths[batch].sum())
        if self._folder is None:
            if self._rows is None:
                raise ValueError("nothing was written yet")
            return self._rows[start : start + n_rows]
        rows = torch.empty((n_rows, self._width), dtype=self._dtype)
        with self._path(self.side).open("rb", buffering=0) as file:
            file.seek(start * self._row_bytes)
            rest = memoryview(rows.view(torch.uint8).numpy().data).cast("B")
            while len(rest):
                n_bytes = file.readinto(rest)
                if not n_bytes:
                    raise ValueError(f"{self._path(self.side)} ends {len(rest)} bytes early")
                rest = rest[n_bytes:]
        return rows

    @property
    def _row_bytes(self) -> int:
        return self._width * self._dtype.itemsize

    def _path(self, side: int) -> Path:
        if self._folder is None:
            raise ValueError("they are in memory")
        return self._folder / f"hidden-{side}.bin"
