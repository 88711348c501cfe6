"""Environment variables for the time of a block."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment(values: Mapping[str, str], *, override: bool = True) -> Iterator[None]:
    """Set environment variables inside the block, and restore what was there before.

    Parameters
    ----------
    override : bool
        Also replace variables that are set already; without it they stay as they are.

    >>> with environment({"TODACOMM_EXAMPLE": "1"}):
    ...     os.environ["TODACOMM_EXAMPLE"]
    '1'
    >>> "TODACOMM_EXAMPLE" in os.environ
    False
    """
    changed = {name: value for name, value in values.items() if override or name not in os.environ}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
