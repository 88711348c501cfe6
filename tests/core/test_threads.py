"""Work handed to threads: in order, and not begun any more once the caller has had enough."""

import time
from contextlib import closing

import pytest

from todacomm.core.threads import in_threads


def test_results_come_in_the_order_of_the_items():
    assert list(in_threads(lambda i: i * i, range(50), threads=4)) == [i * i for i in range(50)]


def test_what_is_left_is_not_begun_when_the_caller_stops():
    begun = []

    def work(item):
        begun.append(item)
        time.sleep(0.02)

    with closing(in_threads(work, range(200), threads=2)) as results:
        next(results)
    assert len(begun) < 20


def test_an_error_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda i: 1 / i, [1, 0, 1], threads=2))
