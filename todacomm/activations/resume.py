"""The state of a pass on disk, stage by stage: what a killed one has done is not done again."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from todacomm.activations.walk import Group
from todacomm.system.digests import digest_of

_STATE, _BESIDE, _LOCK = "state.json", "beside", ".lock"


@contextmanager
def saved_pass(folder: Path | None, digest: str) -> Iterator["Saved | None"]:
    """The state of one pass; None where none is to be kept, or where another process is at work on the same pass.

    Parameters
    ----------
    folder : Path or None
        Of all passes.
    digest : str
        From :func:`pass_digest`.
    """
    if folder is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{digest}{_LOCK}").open("w") as lock:
        yield Saved(folder / digest) if _locked(lock) else None


def _locked(file: IO[str]) -> bool:
    """Whether this process is the only one that has locked a file; it is free again when the process ends."""
    try:
        import fcntl
    except ImportError:  # a system without such locks
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Saved:
    """A folder with the rows of finished layers, and the hidden states behind the last finished stage.

    Parameters
    ----------
    folder : Path
        Of this pass alone.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._layers: list[str] = []

    def group_folder(self, number: int) -> Path:
        """Where the hidden states of a group of texts are."""
        folder = self.folder / f"group-{number}"
        folder.mkdir(exist_ok=True)
        return folder

    def take_up(self, groups: Sequence[Group]) -> tuple[int, dict[str, np.ndarray]] | None:
        """The last finished stage and the rows of the layers so far; the groups get their hidden states back.

        None where no stage is finished, or the files are not whole: then it begins anew.
        """
        try:
            state = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
            rows = {name: np.load(self._rows(index), allow_pickle=False) for index, name in enumerate(state["layers"])}
            others = [self._others(n, one["others"], state["stage"]) for n, one in enumerate(state["groups"])]
            places = [(one["side"], one["width"], one["dtype"]) for one in state["groups"]]
            stage = int(state["stage"])
            for group, place in zip(groups, places, strict=True):
                group.hidden.check(*place)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None
        for group, place, beside in zip(groups, places, others, strict=True):
            group.hidden.restore(*place)
            group.others = beside
        self._layers = list(rows)
        return stage, rows

    def save(self, stage: int, rows: Mapping[str, np.ndarray], groups: Sequence[Group]) -> None:
        """Keep what a stage gave; from then on it is done."""
        for name in rows:
            if name not in self._layers:
                np.save(self._rows(len(self._layers)), rows[name], allow_pickle=False)
                self._layers.append(name)
        states = []
        for number, group in enumerate(groups):
            width, dtype = group.hidden.form
            beside = {key.hex(): len(values) for key, values in group.others.items()}
            tensors = {
                f"{key.hex()}.{place}": value.contiguous()
                for key, values in group.others.items()
                for place, value in enumerate(values)
                if value is not None
            }
            if tensors:
                save_file(tensors, self._beside(number, stage))
            states.append({"side": group.hidden.side, "width": width, "dtype": dtype, "others": beside})
        state = {"stage": stage, "layers": self._layers, "groups": states}
        aside = self.folder / f"{_STATE}.part"
        aside.write_text(json.dumps(state), encoding="utf-8")
        os.replace(aside, self.folder / _STATE)
        for number in range(len(groups)):
            self._beside(number, stage - 1).unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the folder: the pass is finished."""
        shutil.rmtree(self.folder)
        self.folder.with_name(f"{self.folder.name}{_LOCK}").unlink()

    def _others(self, number: int, sizes: Mapping[str, int], stage: int) -> dict[bytes, tuple[Any, ...]]:
        tensors = load_file(self._beside(number, stage)) if sizes else {}
        return {bytes.fromhex(key): tuple(tensors.get(f"{key}.{i}") for i in range(n)) for key, n in sizes.items()}

    def _rows(self, index: int) -> Path:
        return self.folder / f"rows-{index:04d}.npy"

    def _beside(self, number: int, stage: int) -> Path:
        return self.folder / f"{_BESIDE}-{number}-{stage}.safetensors"


def pass_digest(facts: Mapping[str, Any], texts: Sequence[np.ndarray]) -> str:
    """Digest of what decides a pass: facts, and the token ids of its texts."""
    stated = json.dumps(facts, sort_keys=True, default=str).encode()
    lengths = (len(ids).to_bytes(8, "little") + np.ascontiguousarray(ids).tobytes() for ids in texts)
    return digest_of(chain([stated], lengths), 32)
