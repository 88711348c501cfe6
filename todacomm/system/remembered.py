"""Bytes that take seconds to make, in the user's cache folder: made once for each state of what they come from."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from todacomm.system.cache import cache_bytes, cache_folder, write_atomically
from todacomm.system.digests import digest_of, digest_of_json
from todacomm.system.errors import UserError
from todacomm.system.foreign import check_regular

DOCUMENTS, STORES = "documents", "stores"
"""Folders of what is remembered: documents that were read, and empty tracking stores."""
_DIGITS = 64


def remembered_bytes(folder: str, state: Any, make: Callable[[], bytes]) -> bytes:
    """The bytes that are on disk for this state, or those that ``make`` gives, which are then stored.

    A file that is damaged, and a folder that cannot be written, cost time and nothing else.

    Parameters
    ----------
    folder : str
        One of the cache folder.
    state : JSON value
        All that the bytes depend on, the program that makes them included.
    """
    place = cache_folder() / folder / f"{digest_of_json(state, 32)}.bin"
    with suppress(UserError, OSError):
        check_regular(place)
        whole = place.read_bytes()
        if (content := whole[_DIGITS:]) and _digest(content) == whole[:_DIGITS]:
            return content
    content = make()
    with suppress(OSError, ValueError):
        if cache_bytes():
            write_atomically(place, _digest(content) + content)
    return content


def _digest(content: bytes) -> bytes:
    return digest_of(content, _DIGITS).encode()
