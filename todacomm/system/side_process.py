"""A second Python process: it imports while this one is at work, and then does a piece of that work."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from importlib import import_module
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from traceback import format_exception
from typing import Any

from todacomm.system.errors import UserError
from todacomm.system.garbage_collection import collect_rarely
from todacomm.system.machine import worker_threads

_START = "import sys; sys.path[:] = {path!r}; from {here} import _serve; _serve({line}, {module!r})"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SideProcess:
    """One call of a function in a process of its own, which begins at once to import what the call needs.

    It has a session of its own: signals from the terminal go to this process alone, which takes it along.

    Parameters
    ----------
    module : str
        The function's module.
    """

    def __init__(self, module: str) -> None:
        self._line, there = Pipe()
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START.format(path=sys.path, here=__name__, line=there.fileno(), module=module)],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ | _ONE_THREAD,
            )

    def begin(self, function: str, *arguments: Any) -> None:
        """Call a function of the module by its name."""
        with suppress(ConnectionError):  # the end of the process is said when it is waited for
            self._line.send((function, arguments))

    def finish(self) -> None:
        """Wait until the call has ended; what it raises is raised here.

        Raises
        ------
        UserError
            The process is gone.
        """
        if error := _received(self._line):
            raise error

    def end(self) -> None:
        """End the process, whatever it does, and those that it has made."""
        self._line.close()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


_ahead: dict[str, SideProcess] = {}
"""By module, processes that wait for the block that asks for them."""


def start_ahead(module: str, unless: str) -> None:
    """Start the process of a later :func:`side_process`, so that it imports beside what comes before that block."""
    if module not in _ahead and _gains(unless):
        process = _ahead[module] = SideProcess(module)
        atexit.register(process.end)


@contextmanager
def side_process(module: str, unless: str) -> Iterator[SideProcess | None]:
    """A process that imports ``module`` beside this one's own imports, for the time of the block.

    None where that gains nothing, as this process has imported ``unless`` already, and where forks are not to be had.
    """
    process = _ahead.pop(module, None)
    if process:
        atexit.unregister(process.end)
    elif _gains(unless):
        process = SideProcess(module)
    try:
        yield process
    finally:
        if process:
            process.end()


def _gains(unless: str) -> bool:
    return unless not in sys.modules and sys.platform == "linux" and worker_threads(None) > 1


def in_forks(tasks: Sequence[Callable[[], object]], processes: int) -> None:
    """Do tasks in forks of this process, which must have no second thread; each takes the next as soon as it is free.

    Raises
    ------
    Exception
        That of the first task that fails.
    """
    waiting, filled = os.pipe()
    os.write(filled, b"".join(number.to_bytes(2, "big") for number in range(len(tasks))))
    os.close(filled)

    def work() -> None:
        while number := os.read(waiting, 2):
            tasks[int.from_bytes(number, "big")]()

    forks: dict[int, Connection] = {}
    for _ in range(min(processes, len(tasks)) - 1):
        here, there = Pipe(duplex=False)
        if not (fork := os.fork()):
            try:
                there.send(_outcome(work, []))
            finally:
                os._exit(0)
        there.close()
        forks[fork] = here
    errors = [_outcome(work, []), *map(_received, forks.values())]
    os.close(waiting)
    for fork in forks:
        os.waitpid(fork, 0)
    for error in filter(None, errors):
        raise error


def _received(line: Connection) -> Exception | None:
    """The outcome of a call elsewhere."""
    try:
        error: Exception | None = line.recv()
    except (EOFError, ConnectionError):
        what = "a second process of this program was ended before its work was done"
        return UserError(what, "see whether the memory suffices, and run it again")
    return error


def _serve(descriptor: int, module: str) -> None:
    """Import a module, then call what comes along the line, unless its other end is closed."""
    collect_rarely()
    with Connection(descriptor) as line, suppress(EOFError, ConnectionError):
        error = _outcome(import_module, [module])
        function, arguments = line.recv()
        line.send(error or _outcome(getattr(sys.modules[module], function), arguments))


def _outcome(function: Callable[..., object], arguments: Sequence[Any]) -> Exception | None:
    """The error of a call; None where it has none."""
    try:
        function(*arguments)
    except Exception as error:  # travels to the process that waits for it
        return _portable(error)
    return None


def _portable(error: Exception) -> Exception:
    """An error that can be made again elsewhere, with its traceback where it is a defect."""
    try:
        copy(error)
    except TypeError:  # its class takes other arguments than it passes on
        error = RuntimeError(f"{type(error).__name__}: {error}").with_traceback(error.__traceback__)
    if not isinstance(error, (ValueError, OSError, MemoryError)):
        error.add_note("".join(format_exception(error)))
    return error
