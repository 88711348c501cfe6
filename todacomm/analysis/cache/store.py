"""Observations on disk, a folder each: moved into place whole, checked when read, the oldest removed first.

A folder holds ``arrays.npz``, ``facts.json``, ``texts.json``, ``label.txt``, and in ``digest.txt`` their digest.
"""

import io
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from todacomm.analysis.cache.digests import DIGESTS
from todacomm.analysis.cache.key import Key
from todacomm.analysis.cache.passes import PASSES
from todacomm.core.facts import RunWarning
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.observation import Observation
from todacomm.results.texts import record_of, restored
from todacomm.system.cache import cache_bytes, cache_folder, own_paths, remove
from todacomm.system.digests import digest_of
from todacomm.system.errors import UserError
from todacomm.system.foreign import check_regular, parsed
from todacomm.system.npz import read_npz
from todacomm.system.remembered import DOCUMENTS, STORES
from todacomm.system.units import format_bytes

OBSERVATIONS, MODELS = "observations", "models"
_HELD = (OBSERVATIONS, MODELS, PASSES, DIGESTS, DOCUMENTS, STORES)
_ARRAYS, _FACTS, _LABEL, _DIGEST = "arrays.npz", "facts.json", "label.txt", "digest.txt"
_TEXTS = "texts.json"
_CLOUD = "cloud/"
_OPTIONAL = ("pooled_tokens", "token_embeddings")
_PARTIAL = ".part"
_ABANDONED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored observation: its folder, what it is, its size in bytes and its last use (seconds since 1970)."""

    path: Path
    label: str
    size: int
    used: float


def entries() -> list[Entry]:
    """What the cache holds, the most recently used first."""
    listed = []
    for folder in _folders():
        try:
            check_regular(folder / _LABEL)
            label = (folder / _LABEL).read_text(encoding="utf-8", errors="replace")
        except (OSError, UserError):
            label = "unreadable"
        with suppress(FileNotFoundError):  # another process removed it meanwhile
            listed.append(Entry(folder, label, _size(folder), folder.stat().st_mtime))
    return sorted(listed, key=lambda entry: -entry.used)


def clear() -> int:
    """Remove everything the cache holds, and nothing that stands beside it; the number of bytes that became free.

    Raises
    ------
    OSError
        A file cannot be removed.
    """
    free = 0
    for path in (path for name in _HELD for path in own_paths(name)):
        free += _size(path)
        remove(path)
    return free


def read_entry(key: Key, warnings: list[RunWarning]) -> Observation | None:
    """The observation under a key; None where there is none, or where its files are damaged and were removed."""
    folder = _folder(key)
    if not folder.is_dir():
        return None
    try:
        observed = _read(folder, key)
    except UserError as error:
        if isinstance(error.__cause__, PermissionError):
            text = f"the cache cannot be read ({error.problem}): the model was run again"
            warnings.append(RunWarning("cache_unreadable", text))
        elif folder.exists():  # else another process removed it meanwhile
            _remove_damaged(folder, error.problem, warnings)
        return None
    with suppress(OSError):  # of another user, or read-only: only its place in the order of removal suffers
        os.utime(folder)
    return observed


def write_entry(key: Key, observed: Observation, warnings: list[RunWarning]) -> None:
    """Store an observation, then remove what is too much; a cache that cannot be written is a warning."""
    try:
        limit = cache_bytes()
        if not limit:
            return
        files = _files(key, observed)
        size = sum(len(content) for content in files.values())
        if size > limit:
            text = f"the clouds take {format_bytes(size)}, more than the whole cache may (TODACOMM_CACHE_GB)"
            warnings.append(RunWarning("cache_too_small", text))
            return
        _move_into_place(files, _folder(key))
        _trim(limit)
    except (OSError, ValueError) as error:
        text = f"the clouds were not stored for further analyses: {cache_folder()} cannot be used ({error})"
        warnings.append(RunWarning("cache_unusable", text))


def _folder(key: Key) -> Path:
    return cache_folder() / OBSERVATIONS / key.digest


def _folders() -> list[Path]:
    return [path for path in own_paths(OBSERVATIONS) if path.is_dir() and path.suffix != _PARTIAL]


def _partial_folders() -> list[Path]:
    return [path for path in own_paths(OBSERVATIONS) if path.suffix == _PARTIAL]


def _files(key: Key, observed: Observation) -> dict[str, bytes]:
    """The content of an entry's files by name."""
    facts = {
        "key": key.facts,
        "layers": list(observed.clouds),
        "model": observed.model.record(),
        "texts": observed.dataset.record() | {"ids": observed.dataset.ids},
        "likelihood": observed.likelihood,
        "truncated_fraction": observed.truncated_fraction,
        "warnings": observed.warnings,
    }
    arrays = {f"{_CLOUD}{index}": cloud for index, cloud in enumerate(observed.clouds.values())}
    arrays |= {name: array for name in _OPTIONAL if (array := getattr(observed, name)) is not None}
    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    files = {
        _ARRAYS: packed.getvalue(),
        _FACTS: json.dumps(facts).encode(),
        _TEXTS: json.dumps(record_of(observed.texts)).encode(),
        _LABEL: " ".join(key.label.split()).encode(),
    }
    return files | {_DIGEST: _digest(files).encode()}


def _read(folder: Path, key: Key) -> Observation:
    for name in (_ARRAYS, _FACTS, _TEXTS, _LABEL, _DIGEST):
        check_regular(folder / name)
    with parsed(folder, "an entry of the cache", "remove it"):
        files = {name: (folder / name).read_bytes() for name in (_ARRAYS, _FACTS, _TEXTS, _LABEL)}
        if _digest(files).encode() != (folder / _DIGEST).read_bytes():
            raise ValueError("its digest does not fit its content")
        facts: dict[str, Any] = json.loads(files[_FACTS])
        if facts["key"] != json.loads(json.dumps(key.facts)):
            raise ValueError("it belongs to another analysis")
        arrays = read_npz(folder / _ARRAYS).arrays
        return Observation(
            model=ModelFacts(**facts["model"]),
            dataset=TextFacts.restore(facts["texts"]),
            clouds={name: arrays[f"{_CLOUD}{index}"] for index, name in enumerate(facts["layers"])},
            likelihood=facts["likelihood"],
            truncated_fraction=facts["truncated_fraction"],
            texts=restored(json.loads(files[_TEXTS])),
            warnings=tuple(RunWarning(*warning) for warning in facts["warnings"]),
            **{name: arrays.get(name) for name in _OPTIONAL},
        )


def _digest(files: dict[str, bytes]) -> str:
    return digest_of((part for name, content in sorted(files.items()) for part in (name.encode(), content)), 64)


def _move_into_place(files: dict[str, bytes], folder: Path) -> None:
    """Write files into a folder beside ``folder``, then rename it: the entry is there whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}-", suffix=_PARTIAL))
    try:
        for name, content in files.items():
            with (partial / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        partial.chmod(0o755)
        if folder.exists():  # an equal entry of another process
            return
        with suppress(FileExistsError):
            partial.rename(folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _trim(limit: int) -> None:
    """Remove the least recently used until the rest fits, and what an interrupted write left an hour ago."""
    total = 0
    for entry in entries():
        total += entry.size
        if total > limit:
            shutil.rmtree(entry.path, ignore_errors=True)
    for folder in _partial_folders():
        with suppress(FileNotFoundError):  # another process was quicker
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files of a folder; one that another process removes meanwhile has none."""
    size = 0
    for file in [path, *path.rglob("*")]:
        with suppress(FileNotFoundError):
            size += file.lstat().st_size if file.is_file() else 0
    return size


def _remove_damaged(folder: Path, reason: str, warnings: list[RunWarning]) -> None:
    text = f"{folder} in the cache is damaged ({reason}): it was removed, and the model was run again"
    try:
        shutil.rmtree(folder)
    except OSError as error:
        text = f"{folder} in the cache is damaged ({reason}) and cannot be removed ({error}): remove it by hand"
    warnings.append(RunWarning("cache_damaged", text))
