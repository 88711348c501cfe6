"""Threads of our own, with linear algebra on one each: several would compete with ours, and round differently.

Whoever has work for threads takes their number as ``threads`` and gives the work to :func:`in_threads`.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Out = TypeVar("Out")


def in_threads(function: Callable[[Item], Out], items: Iterable[Item], threads: int) -> Iterator[Out]:
    """Results in the order of the items; what is left is not begun when the caller stops early.

    >>> list(in_threads(abs, [-1, 2, -3], threads=2))
    [1, 2, 3]
    """
    with one_thread_each(), ThreadPoolExecutor(threads) as pool:
        try:
            yield from pool.map(function, items)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Linear algebra of numpy and scipy on one thread; torch's threads stay, for a model may be at work meanwhile."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
