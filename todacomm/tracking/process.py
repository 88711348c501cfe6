"""Which process writes a run, and whether it is gone: asked where a run is still open."""

import os
import platform
from collections.abc import Mapping

import psutil

HOST, PID, STARTED = "todacomm.host", "todacomm.pid", "todacomm.process_started"
_CLOCK_SECONDS = 10.0
"""By how much the recorded start of a process may move when the clock is set."""


def process_tags() -> dict[str, str]:
    """Tags that name the process that writes a run: host, process id and time of its start."""
    return {HOST: platform.node(), PID: str(os.getpid()), STARTED: f"{psutil.Process().create_time():.2f}"}


def is_gone(tags: Mapping[str, str]) -> bool:
    """Whether the process of those tags has ended; one on another machine cannot be asked and counts as alive.

    A process is known by its id and the time of its start, because ids are used again.

    >>> is_gone(process_tags()), is_gone({**process_tags(), STARTED: "1"}), is_gone({HOST: "elsewhere"})
    (False, True, False)
    """
    if tags.get(HOST) != platform.node() or not tags.get(PID, "").isdigit():
        return False
    try:
        process = psutil.Process(int(tags[PID]))
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return True
        return abs(process.create_time() - float(tags.get(STARTED, "nan"))) > _CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, ValueError):
        return False
