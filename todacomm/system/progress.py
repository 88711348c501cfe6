"""Progress of long work: the library reports, a console shows; and the time that it took."""

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from todacomm.system.printable import say

Item = TypeVar("Item")
Progress = Callable[[str, int, int], None]
"""Called with the stage's name, the steps done and the steps in all."""


def silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def counted(items: Iterable[Item], stage: str, total: int, progress: Progress) -> Iterator[Item]:
    """Items, reported one by one: the stage begins with 0, so that the time of the first step is known too.

    >>> list(counted("ab", "work", 2, lambda *step: print(step)))
    ('work', 0, 2)
    ('work', 1, 2)
    ('work', 2, 2)
    ['a', 'b']
    """
    progress(stage, 0, total)
    for done, item in enumerate(items, start=1):
        yield item
        progress(stage, done, total)


class Bars:
    """One bar a stage on the terminal; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if stage != self._stage:
            self.close()
            self._stage = stage
            size = shutil.get_terminal_size()  # 80 by 24 where a terminal says 0 by 0, which hides a bar
            form = {"leave": False, "ncols": size.columns, "nrows": size.lines}
            self._bar = tqdm(total=total, desc=stage, disable=not sys.stderr.isatty(), **form)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def announce(self, text: str) -> None:
        """Print a line on stderr, the bar out of its way."""
        self.close()
        say(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._stage = ""


class Clock:
    """Wall-clock seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start
