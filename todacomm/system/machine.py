"""What this machine has to offer: processors and memory."""

import os
from pathlib import Path

import psutil

_CONTAINER = Path("/sys/fs/cgroup")


def worker_threads(asked: int | None) -> int:
    """Threads to work with: those asked for, or one for each processor that this process may use."""
    if asked:
        return asked
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """Bytes of memory that can still be used: of the machine, and of a container's share of it."""
    free: int = psutil.virtual_memory().available
    in_container = _available_in_container()
    return free if in_container is None else max(min(free, in_container), 0)


def _available_in_container() -> int | None:
    """The limit of the container less what it uses and cannot give up (cgroup v2); None without a limit."""
    try:
        limit, used = ((_CONTAINER / name).read_text().strip() for name in ("memory.max", "memory.current"))
        statistics = dict(line.split() for line in (_CONTAINER / "memory.stat").read_text().splitlines())
    except OSError:
        return None
    return None if limit == "max" else int(limit) - int(used) + int(statistics.get("inactive_file", 0))
