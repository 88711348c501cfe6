"""Where the cache is, how much it may hold, and how a file gets there: whole or not at all."""

import os
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_DEFAULT_GB = 10.0
_OWN = re.compile(r"\.?[0-9a-f]{16,64}([-.].*)?")


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


def own_paths(folder: str) -> list[Path]:
    """What todacomm keeps in one folder of the cache, by names that begin with a digest: all else is not its own."""
    return [path for path in (cache_folder() / folder).glob("*") if _OWN.fullmatch(path.name)]


def remove(path: Path) -> None:
    """Remove a file, a link or a folder; one that another process removes meanwhile is no failure."""
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


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
