"""A part of a view is computed once, and two views at a time."""

from threading import Barrier

from todacomm.core.threads import in_threads
from todacomm.core.view import once


class Counted:
    """A view with a part that waits until another view's is being computed too."""

    def __init__(self, together: Barrier) -> None:
        self.together, self.times = together, 0

    @once
    def part(self) -> int:
        """Its own documentation."""
        self.together.wait()
        self.times += 1
        return self.times


def test_threads_with_a_view_each_do_not_wait_for_each_other():
    """A lock shared by all views would break the barrier."""
    views = [Counted(together := Barrier(2, timeout=20)), Counted(together)]
    assert list(in_threads(lambda view: view.part, views, threads=2)) == [1, 1]
    assert [(view.part, view.times) for view in views] == [(1, 1), (1, 1)]


def test_the_class_has_its_documentation():
    assert Counted.__dict__["part"].__doc__ == "Its own documentation."
