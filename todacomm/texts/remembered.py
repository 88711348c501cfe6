"""Documents that take seconds to read, in the user's cache folder: read once for each state of what they come from."""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from todacomm.system.cache import cache_bytes, cache_folder, write_atomically
from todacomm.system.digests import digest_of_json
from todacomm.system.errors import UserError
from todacomm.system.foreign import parsed, read_json
from todacomm.texts.documents import Document

DOCUMENTS = "documents"
_KIND, _REMEDY = "documents of the cache", "remove it"


def remembered(state: Any, read: Callable[[], Iterable[Document]]) -> tuple[Document, ...]:
    """The documents that are on disk for this state, or those that ``read`` gives, which are then stored.

    A file that is damaged, and a folder that cannot be written, cost time and nothing else.

    Parameters
    ----------
    state : JSON value
        All that the documents depend on, the program that reads them included.
    read : callable
        Gives documents of names and lines alone.
    """
    place = cache_folder() / DOCUMENTS / f"{digest_of_json(state, 32)}.json"
    with suppress(UserError):
        return _read(place)
    documents = tuple(read())
    with suppress(OSError, ValueError):
        if cache_bytes():
            write_atomically(place, _packed(documents))
    return documents


def _packed(documents: Sequence[Document]) -> bytes:
    pairs = [[document.name, list(document.lines)] for document in documents]
    return json.dumps({"digest": digest_of_json(pairs, 64), "documents": pairs}).encode()


def _read(place: Path) -> tuple[Document, ...]:
    stored = read_json(place, _KIND, _REMEDY)
    with parsed(place, _KIND, _REMEDY):
        pairs = stored["documents"]
        if digest_of_json(pairs, 64) != stored["digest"]:
            raise ValueError("its digest does not fit its content")
        return tuple(Document(name, tuple(lines)) for name, lines in pairs)
