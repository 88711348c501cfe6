"""Digests of large files, read once: remembered by path, size and time of change."""

import json
import time
from contextlib import suppress
from pathlib import Path

from todacomm.system.cache import cache_folder, write_atomically
from todacomm.system.digests import digest_of, digest_of_file
from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file, read_json

DIGESTS = "digests"
_LARGE = 1 << 20
_SETTLED_SECONDS = 5.0


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content.

    Of a large file it is remembered. One that changed within the last seconds is not: a clock may be too coarse to show
    the next change.
    """
    with foreign_file(path, "a file of bytes", "give a file that can be read"):
        return _remembered(path.resolve())


def _remembered(path: Path) -> str:
    stat = path.stat()
    state = [str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino]
    if stat.st_size < _LARGE:
        return digest_of_file(path)
    note = cache_folder() / DIGESTS / f"{digest_of(str(path).encode(), 32)}.json"
    known = _read(note)
    if known.get("state") == state:
        return str(known["digest"])
    digest = digest_of_file(path)
    if time.time() - stat.st_mtime > _SETTLED_SECONDS:
        with suppress(OSError):  # read-only or full: the file is read again next time; the entry's own write warns
            write_atomically(note, json.dumps({"state": state, "digest": digest}).encode())
    return digest


def _read(note: Path) -> dict[str, object]:
    try:
        known = read_json(note, "the digest of a file", "remove it")
    except UserError:
        return {}
    return known if isinstance(known.get("digest"), str) else {}
