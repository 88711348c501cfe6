"""Threads of our own, with linear algebra on one each: several would compete with ours, and round differently."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Out = TypeVar("Out")


def in_threads(function: Callable[[Item], Out], items: Iterable[Item], threads: int) -> Iterator[Out]:
    """Results in the order of the items; what is left is not begun when the caller stops early."""
    with thread_pool(threads) as pool:
        yield from pool.map(function, items)


@contextmanager
def thread_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads to hand work to; what is left is not begun when the caller leaves early."""
    with one_thread_each(), ThreadPoolExecutor(threads) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Linear algebra on one thread."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
