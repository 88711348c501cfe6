"""Ends that come from outside: Ctrl-C, SIGTERM, and an ``mlflow run`` that is gone."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import psutil

from todacomm.system.parent import FIRST_PARENT

ORPHANED = "mlflow run is gone"
_POLL_SECONDS = 1.0
_GRACE_SECONDS = 2.0
_AGAIN_SECONDS = 0.1
_SHELLS = ("bash", "sh")


class Interrupted(KeyboardInterrupt):
    """A signal asked the program to end; ``exit_code`` is what a shell expects then."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def reason_of(interrupt: KeyboardInterrupt) -> str:
    """Why the work ended, for the run's tag.

    >>> reason_of(Interrupted(signal.SIGTERM)), reason_of(KeyboardInterrupt())
    ('SIGTERM', 'SIGINT')
    """
    return str(interrupt) if isinstance(interrupt, Interrupted) else "SIGINT"


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, by an exception; a handler that somebody else set is left alone.

    Python drops an exception that a signal raises inside a destructor or a callback of the garbage collector, and the
    work would go on: the signal is sent again then.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    hook = sys.unraisablehook

    def insist(dropped: "sys.UnraisableHookArgs") -> None:
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            signum = signal.SIGTERM if isinstance(dropped.exc_value, Interrupted) else signal.SIGINT
            threading.Timer(_AGAIN_SECONDS, _signal_main_thread, [signum]).start()
        else:
            hook(dropped)

    signal.signal(signal.SIGTERM, _raise)
    sys.unraisablehook = insist
    try:
        yield
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(signum: int, frame: FrameType | None) -> None:
    raise Interrupted(signum)


def _signal_main_thread(signum: int) -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signum)


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    """Another handler of Ctrl-C and SIGTERM for the time of the block, where they arrive in this thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.signal(signum, handler) for signum in (signal.SIGINT, signal.SIGTERM)}
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


class Orphanage:
    """A thread that ends this process soon after the ``mlflow run`` that started it.

    mlflow does not take its child along when it is killed. The work is asked to end by SIGTERM; where it has not within
    two seconds, in a long call of native code, ``last_words`` is called and the process ends.
    """

    def __init__(self, last_words: Callable[[], None]) -> None:
        self.reason: str | None = None
        self._last_words = last_words
        self._parents = _parents(FIRST_PARENT)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="todacomm-orphanage", daemon=True)

    def __enter__(self) -> "Orphanage":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            if _parents(os.getppid()) != self._parents:
                break
        else:
            return
        self.reason = ORPHANED
        if signal.getsignal(signal.SIGTERM) is _raise:
            _signal_main_thread(signal.SIGTERM)
            if self._over.wait(_GRACE_SECONDS):
                return
        try:
            self._last_words()
        finally:
            os._exit(128 + signal.SIGTERM)


def _parents(parent: int) -> tuple[int, ...]:
    """Process id of the parent, and of its parent where the parent is the shell that ``mlflow run`` starts."""
    try:
        process = psutil.Process(parent)
        return (parent, process.ppid()) if process.name() in _SHELLS else (parent,)
    except psutil.Error:
        return (parent,)
