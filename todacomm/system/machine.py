"""What this machine has to offer."""

import os
from pathlib import Path


def worker_threads(asked: int | None) -> int:
    """Threads to work with: those asked for, or one for each processor that this process may use."""
    if asked:
        return asked
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes that may still be taken, of the machine and of a container's share of it; None where nobody tells."""
    known = [_free_in_machine(), _free_in_container()]
    return min((free for free in known if free is not None), default=None)


def _free_in_machine() -> int | None:
    told = _numbers(Path("/proc/meminfo"))
    return 1024 * told["MemAvailable"] if "MemAvailable" in told else None


def _free_in_container() -> int | None:
    """The limit less what is used and cannot be given up, where there is a limit (cgroup v2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return None
    if limit == "max":
        return None
    return int(limit) - int(used) + _numbers(folder / "memory.stat").get("inactive_file", 0)


def _numbers(file: Path) -> dict[str, int]:
    """Lines of the form ``name: number unit`` or ``name number``; none where there is no such file."""
    lines = (line.replace(":", " ").split() for line in file.read_text().splitlines()) if file.is_file() else ()
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}
