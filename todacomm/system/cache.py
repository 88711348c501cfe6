"""Where the cache is, how much it may hold, and how a file gets there: whole or not at all."""

import os
import sys
import tempfile
from pathlib import Path

_DEFAULT_GB = 10.0


def cache_folder() -> Path:
    """``TODACOMM_CACHE``, or ``todacomm`` in the user's cache folder; it need not exist."""
    if chosen := os.environ.get("TODACOMM_CACHE"):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        home = Path("~/Library/Caches")
    elif sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local"))
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        return home.expanduser() / "todacomm"
    except RuntimeError:  # a user without a home folder, as in a container started with another user id
        return Path(tempfile.gettempdir()) / f"todacomm-{os.getuid()}"


def cache_bytes() -> int:
    """How much the cache may hold.

    Raises
    ------
    ValueError
        ``TODACOMM_CACHE_GB`` is no number from 0 on.
    """
    given = os.environ.get("TODACOMM_CACHE_GB") or _DEFAULT_GB
    try:
        gigabytes = float(given)
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < float("inf"):
        raise ValueError(f"TODACOMM_CACHE_GB is {given!r}: expected gigabytes, such as 10; 0 keeps nothing")
    return int(gigabytes * 1e9)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file aside, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
