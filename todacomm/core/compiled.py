"""Loops over points and edges that numpy has no words for, in machine code.

What is kept on disk is made anew when the file of the function changes, and not when one that it calls changes: what
compiled functions call stands in their own file, however long that gets.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Compiled = TypeVar("Compiled", bound=Callable[..., object])


def compiled(function: Compiled) -> Compiled:
    """The function in machine code, without the GIL; kept for the next process where a folder can be written to."""
    try:
        return cast(Compiled, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # numba found no folder
        return cast(Compiled, numba.njit(nogil=True)(function))
