"""The end of an ``mlflow run`` from outside: its child ends soon after it."""

import os
import signal
import threading
from collections.abc import Callable

from todacomm.system.parent import FIRST_PARENTS, parents
from todacomm.system.signals import raise_interrupted, signal_main_thread

ORPHANED = "mlflow run is gone"
_POLL_SECONDS = 1.0
_GRACE_SECONDS = 2.0


class ParentWatch:
    """A thread that ends this process soon after the ``mlflow run`` that started it.

    mlflow does not take its child along when it is killed. The work is asked to end by SIGTERM; where it has not within
    two seconds, in a long call of native code, ``before_exit`` is called and the process ends.
    """

    def __init__(self, before_exit: Callable[[], None]) -> None:
        self.reason: str | None = None
        self._before_exit = before_exit
        self._parents = FIRST_PARENTS or parents()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="todacomm-parent-watch", daemon=True)

    def __enter__(self) -> "ParentWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            if parents() != self._parents:
                break
        else:
            return
        self.reason = ORPHANED
        if signal.getsignal(signal.SIGTERM) is raise_interrupted:
            signal_main_thread(signal.SIGTERM)
            if self._over.wait(_GRACE_SECONDS):
                return
        try:
            self._before_exit()
        finally:
            os._exit(128 + signal.SIGTERM)
