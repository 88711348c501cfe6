"""What this machine can run out of while a job works: said in a sentence, with what to do."""

import errno
import os
import sys
import tempfile

from todacomm.system.errors import UserError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}


def check_folder() -> None:
    """Whether the current folder is still there: nearly everything asks for it.

    Raises
    ------
    UserError
        It was deleted.
    """
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UserError("the current folder was deleted", "change into one that is there") from error


def open_missing_streams() -> None:
    """Give the process an input, an output and an error stream where it was started without (``2>&-``, some crons).

    Else the next file that is opened, such as a database, takes the number of the stream, and with it all that a
    library writes there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def explained(error: Exception) -> UserError | None:
    """An error of the system as one that a user can act on; None for what is a defect of the program."""
    if isinstance(error, MemoryError):
        return UserError("the memory does not suffice", "take fewer samples, landmarks, or a smaller model")
    if not isinstance(error, OSError):
        return None
    if isinstance(error, FileNotFoundError):
        try:
            check_folder()
        except UserError as gone:
            return gone
    where = f" for {error.filename}" if error.filename else ""
    if error.errno in _NO_ROOM:
        return UserError(
            f"no room left on the disk{where} ({error.strerror})",
            f"make room, or name another place: output_dir, MLFLOW_TRACKING_URI, TMPDIR (now {_temporary()})",
        )
    if error.errno in _CLOSED:
        return UserError(f"{error.strerror}{where}", "change its permissions, or name another place")
    if error.errno == errno.ENOENT and "temporary directory" in str(error):
        return UserError(f"{error.strerror or error}", "make room in one of them, or set TMPDIR to a folder of yours")
    if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        return UserError(f"{error.strerror}{where:.120}", "give another path")
    return None


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "none that can be used"
