"""Observations as files: written whole, checked when read, the least recently used removed first."""

import hashlib
import io
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from todacomm.analysis.cache.digests import DIGESTS
from todacomm.analysis.cache.files import cache_bytes, cache_folder, write_atomically
from todacomm.analysis.cache.key import Key
from todacomm.results.observation import Observation

OBSERVATIONS = "observations"
_MAGIC = b"todacomm observation 1"
"""First line of a file; then the digest of all that follows, the label, and the arrays."""
_CLOUD = "cloud/"
_TOKENS, _EMBEDDINGS, _FACTS = "pooled_tokens", "token_embeddings", "facts"
_ABANDONED_SECONDS = 3600
_LONGEST_LINE = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept observation: its file, what it is, its size in bytes and when it was last used (seconds since 1970)."""

    path: Path
    label: str
    size: int
    used: float


def entries() -> list[Entry]:
    """What the cache holds, the most recently used first."""
    found = []
    for path in (cache_folder() / OBSERVATIONS).glob("*.npz"):
        try:
            stat = path.stat()
            found.append(Entry(path, _label(path), stat.st_size, stat.st_mtime))
        except FileNotFoundError:  # another process removed it meanwhile
            continue
    return sorted(found, key=lambda entry: -entry.used)


def clear() -> int:
    """Remove everything the cache holds; the number of bytes that became free.

    Raises
    ------
    OSError
        A file cannot be removed.
    """
    free = 0
    for folder, pattern in ((OBSERVATIONS, "*.npz"), (OBSERVATIONS, ".*.part"), (DIGESTS, "*.json")):
        for path in (cache_folder() / folder).glob(pattern):
            free += path.stat().st_size
            path.unlink(missing_ok=True)
    return free


def read_entry(key: Key, warnings: list[str]) -> Observation | None:
    """The observation under a key; None where there is none, or where its file was spoilt and had to go."""
    path = _path(key)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        warnings.append(f"the cache cannot be read ({error}): the model was run again")
        return None
    try:
        observed = _unpacked(content, key)
    except (ValueError, KeyError, TypeError, EOFError, OSError, BadZipFile) as error:
        warnings.append(f"{path} in the cache is spoilt ({error}): it was removed, and the model was run again")
        _remove(path, warnings)
        return None
    with suppress(OSError):  # of somebody else, or read-only: only its place in the order of removal suffers
        os.utime(path)
    return observed


def write_entry(key: Key, observed: Observation, warnings: list[str]) -> None:
    """Keep an observation, then remove what is too much; a cache that cannot be written is a warning."""
    try:
        most = cache_bytes()
        if not most:
            return
        content = _packed(key, observed)
        if len(content) > most:
            size = f"{len(content) / 1e9:.1f} GB"
            warnings.append(f"the clouds take {size}, more than the whole cache may: TODACOMM_CACHE_GB sets its size")
            return
        write_atomically(_path(key), content)
        _trim(most)
    except (OSError, ValueError) as error:
        warnings.append(f"the clouds were not kept for further analyses: {cache_folder()} cannot be used ({error})")


def _path(key: Key) -> Path:
    return cache_folder() / OBSERVATIONS / f"{key.digest}.npz"


def _packed(key: Key, observed: Observation) -> bytes:
    facts = {
        "key": key.facts,
        "layers": list(observed.clouds),
        "model": observed.model,
        "texts": observed.texts,
        "likelihood": observed.likelihood,
        "truncated_fraction": observed.truncated_fraction,
        "warnings": observed.warnings,
    }
    arrays: dict[str, Any] = {_FACTS: np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)}
    arrays |= {f"{_CLOUD}{index}": cloud for index, cloud in enumerate(observed.clouds.values())}
    for name in (_TOKENS, _EMBEDDINGS):
        if (array := getattr(observed, name)) is not None:
            arrays[name] = array
    body = io.BytesIO()
    np.savez(body, **arrays)
    content = b"\n".join((" ".join(key.label.split()).encode(), body.getbuffer()))
    return b"\n".join((_MAGIC, hashlib.sha256(content).hexdigest().encode(), content))


def _unpacked(content: bytes, key: Key) -> Observation:
    magic, _, rest = content.partition(b"\n")
    if magic != _MAGIC:
        raise ValueError("it is no file of this cache")
    digest, _, rest = rest.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode() != digest:
        raise ValueError("its digest does not fit its content")
    with np.load(io.BytesIO(rest.partition(b"\n")[2]), allow_pickle=False) as stored:
        facts = json.loads(stored[_FACTS].tobytes())
        if facts["key"] != json.loads(json.dumps(key.facts)):
            raise ValueError("it belongs to another analysis")
        arrays = {name: stored[name] for name in stored.files if name != _FACTS}
    return Observation(
        model=facts["model"],
        texts=facts["texts"],
        clouds={name: arrays[f"{_CLOUD}{index}"] for index, name in enumerate(facts["layers"])},
        likelihood=facts["likelihood"],
        pooled_tokens=arrays.get(_TOKENS),
        truncated_fraction=facts["truncated_fraction"],
        token_embeddings=arrays.get(_EMBEDDINGS),
        warnings=tuple(facts["warnings"]),
    )


def _trim(most: int) -> None:
    """Remove the least recently used until the rest fits, and what an interrupted write left an hour ago."""
    kept = 0
    for entry in entries():
        kept += entry.size
        if kept > most:
            entry.path.unlink(missing_ok=True)
    for part in (cache_folder() / OBSERVATIONS).glob(".*.part"):
        try:
            if time.time() - part.stat().st_mtime > _ABANDONED_SECONDS:
                part.unlink()
        except FileNotFoundError:  # another process was quicker
            continue


def _label(path: Path) -> str:
    """What a file holds, from its third line."""
    with path.open("rb") as file:
        magic, _, label = (file.readline(_LONGEST_LINE).rstrip(b"\n") for _ in range(3))
    return label.decode(errors="replace") if magic == _MAGIC else "unreadable"


def _remove(path: Path, warnings: list[str]) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        warnings.append(f"{path} cannot be removed ({error}): remove it by hand")
