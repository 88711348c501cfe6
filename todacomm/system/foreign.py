"""Files that somebody else wrote: regular files only, and whatever a parser raises becomes one clear error."""

import json
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from todacomm.system.errors import UserError
from todacomm.system.units import format_bytes

LARGEST_JSON = 500_000_000
"""Bytes of a file of JSON from which on it is none of ours."""
_log = logging.getLogger("todacomm.foreign")


@contextmanager
def foreign_file(path: Path | str, kind: str, remedy: str) -> Iterator[None]:
    """Parse a file inside the block; any failure is a :class:`UserError` that names the file and what it should be.

    A parser of foreign bytes can fail in more ways than can be listed: with its own exceptions, with RecursionError on
    deep nesting, with MemoryError on a size that is declared and not there. All of them mean one thing to the user.
    The original error is the cause and goes to the log ``todacomm.foreign``.

    Parameters
    ----------
    kind : str
        What the file should be, such as ``an .npz file of arrays``.
    remedy : str
        What the user can do.

    Raises
    ------
    UserError
        The file is no regular file, or the block fails; a UserError of the block itself passes as it is.
    """
    check_regular(path)
    with parsed(path, kind, remedy):
        yield


@contextmanager
def parsed(path: Path | str, kind: str, remedy: str) -> Iterator[None]:
    """:func:`foreign_file` for content that was read already, as a file's lines are."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        _log.debug("%s cannot be read as %s", path, kind, exc_info=True)
        reason = str(error).partition("\n")[0][:200]
        described = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        raise UserError(f"{path} cannot be read as {kind} ({described})", remedy) from error


def read_json(path: Path, kind: str, remedy: str, limit: int = LARGEST_JSON) -> dict[str, Any]:
    """The object in a file of JSON.

    Raises
    ------
    UserError
        The file is not there, larger than ``limit`` bytes, no JSON, or holds something else than an object.
    """
    with foreign_file(path, kind, remedy):
        if (size := path.stat().st_size) > limit:
            raise UserError(f"{path} has {format_bytes(size)}, {kind} under {format_bytes(limit)}", remedy)
        value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise UserError(f"{path} cannot be read as {kind} (it holds a {type(value).__name__})", remedy)
    return value


def check_regular(path: Path | str) -> None:
    """Whether a path is a regular file, or a link to one: reading a pipe or a device may never end.

    Raises
    ------
    UserError
        There is nothing, or something else.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else str(error)
        raise UserError(f"no file at {path} ({reason})", "give the path of a file") from error
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise UserError(f"{path} is {kind}", "give the path of a regular file")
