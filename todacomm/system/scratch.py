"""Temporary folders that do not outlive their process: those of killed ones are removed at the next start."""

import os
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "todacomm-run-"
_LOCK = "lock"
_YOUNG_SECONDS = 10.0
"""Age under which a folder without a lock may be one whose process is about to lock it."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new temporary folder for the time of the block.

    A lock beside its files lives as long as the process does, however that ends: one that is free marks a folder that
    nobody needs.
    """
    remove_left()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)))
        stack.enter_context(FileLock(place / _LOCK))
        (place / "files").mkdir()
        yield place / "files"


def held_folder(owner: object) -> Path:
    """A new temporary folder for the life of an object, and no longer than its process: see :func:`scratch_folder`."""
    stack = ExitStack()
    folder = stack.enter_context(scratch_folder())
    weakref.finalize(owner, stack.close)
    return folder


def remove_left() -> list[Path]:
    """Remove this user's temporary folders whose processes are gone; what they were."""
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):  # another process is quicker, or still at work in it
            status = folder.lstat()
            own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if own and stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > _YOUNG_SECONDS:
                with FileLock(folder / _LOCK, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed
