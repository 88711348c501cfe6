"""The boundary to transformers and to files from elsewhere: without its notes, and with its failures explained."""

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten

from transformers.utils import logging


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Without transformers' own notes and bars on the console."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn every failure of foreign code and files into a ``ValueError`` that begins with ``what``.

    What a config or a file from elsewhere makes transformers raise is of any kind: a division by zero heads, an index
    beyond no layers, a missing package, a recursion without end.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"{what}: {short(error)}") from error


def short(error: Exception) -> str:
    """What an error says, on one line of bearable length."""
    words = shorten(str(error), 240, placeholder=" ...")
    if not words:
        return type(error).__name__
    return words if isinstance(error, ValueError | RuntimeError | OSError) else f"{type(error).__name__}: {words}"
