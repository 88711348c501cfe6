"""What this machine has to offer."""

import os


def worker_threads(asked: int | None) -> int:
    """Threads to work with: those asked for, or one for each processor that this process may use."""
    if asked:
        return asked
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
