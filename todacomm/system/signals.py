"""Ctrl-C and SIGTERM: exceptions while work is done, held back where half of something would be left."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_AGAIN_SECONDS = 0.1
_BOTH = (signal.SIGINT, signal.SIGTERM)
_FINISHED = b"the run is finished: its results follow; one more signal ends the program without them\n"


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end; ``exit_code`` is what a shell expects then."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum, self.exit_code = signum, 128 + signum


def reason_of(interrupt: KeyboardInterrupt) -> str:
    """Why the work ended, for the run's tag.

    >>> reason_of(Interrupted(signal.SIGTERM)), reason_of(KeyboardInterrupt())
    ('SIGTERM', 'SIGINT')
    """
    return str(interrupt) if isinstance(interrupt, Interrupted) else "SIGINT"


@contextmanager
def interruptible(command: bool = False) -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, by an exception; a handler that somebody else set is left alone.

    Python drops an exception that a signal raises inside a destructor or a callback of the garbage collector, and the
    work would go on: the signal is sent again then.

    Parameters
    ----------
    command : bool
        The block is a whole command, whose exit code is that of :class:`Interrupted`: Ctrl-C raises one too. A plain
        KeyboardInterrupt that leaves ``exec`` of a text, by which dataclasses are made, ends the process by SIGINT at
        last, even where it was caught (a flag of CPython that nothing resets; a subclass does not set it).
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    hook, on_interrupt = sys.unraisablehook, signal.getsignal(signal.SIGINT)

    def insist(dropped: "sys.UnraisableHookArgs") -> None:
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            signum = dropped.exc_value.signum if isinstance(dropped.exc_value, Interrupted) else signal.SIGINT
            threading.Timer(_AGAIN_SECONDS, signal_main_thread, [signum]).start()
        else:
            hook(dropped)

    signal.signal(signal.SIGTERM, raise_interrupted)
    if command and on_interrupt is signal.default_int_handler:
        signal.signal(signal.SIGINT, raise_interrupted)
    sys.unraisablehook = insist
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL if on_interrupt is None else on_interrupt)


def results_follow() -> None:
    """The run of a command is finished: the first signal from now on lets its results be printed, a second one ends it.

    Until the end of :func:`interruptible` around the command; nothing where SIGTERM is not handled by that.
    """
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is raise_interrupted:
        for signum in _BOTH:
            signal.signal(signum, _let_follow)


def _let_follow(signum: int, frame: FrameType | None) -> None:
    os.write(2, _FINISHED)
    for one in _BOTH:
        signal.signal(one, raise_interrupted)


def raise_interrupted(signum: int, frame: FrameType | None) -> None:
    """The handler of SIGTERM inside :func:`interruptible`, and of Ctrl-C inside that of a command."""
    raise Interrupted(signum)


def signal_main_thread(signum: int) -> None:
    """Send a signal to the thread in which Python's handlers run."""
    signal.pthread_kill(threading.main_thread().ident or 0, signum)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    """Another handler of Ctrl-C and SIGTERM for the time of the block, where they arrive in this thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.signal(signum, handler) for signum in _BOTH}
    try:
        yield
    finally:
        for signum, own in before.items():
            signal.signal(signum, signal.SIG_DFL if own is None else own)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Seconds in which a second Ctrl-C cannot keep the first one from being recorded."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block has ended, then let the first of them act."""
    received: list[int] = []
    with _handled(lambda signum, frame: received.append(signum)):
        yield
    if received:
        signal.raise_signal(received[0])
