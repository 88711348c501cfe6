"""How much memory is free, and how many analyses fit into it at once."""

import os
from collections.abc import Sequence
from pathlib import Path

from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.plan import Item

_SHARE = 0.8
_LIMIT = Path("/sys/fs/cgroup/memory.max")
_USED = Path("/sys/fs/cgroup/memory.current")
_FREE = Path("/proc/meminfo")


def budget(config: SweepConfig) -> int | None:
    """Bytes for all analyses at once: those given, or four fifths of what this machine has free; None on a cluster."""
    if config.memory_gb:
        return int(config.memory_gb * 1e9)
    return int(_SHARE * free_memory()) if config.runner in ("serial", "processes") else None


def free_memory() -> int:
    """Bytes of memory that can still be used, within the limit of a container."""
    free = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    if _FREE.is_file():
        lines = dict(line.split(":", 1) for line in _FREE.read_text().splitlines())
        free.append(int(lines["MemAvailable"].split()[0]) * 1024)
    if _LIMIT.is_file() and (limit := _LIMIT.read_text().strip()).isdigit():
        free.append(int(limit) - int(_USED.read_text()))
    return max(min(free), 0)


def waves(items: Sequence[Item], workers: int, n_bytes: int | None) -> list[tuple[int, list[Item]]]:
    """Items grouped by how many of their size fit at once: ``(workers, items)``, the most at once first.

    One that does not fit alone is done alone.
    """
    groups: dict[int, list[Item]] = {}
    for item in items:
        fitting = workers if n_bytes is None else max(1, min(workers, n_bytes // item.cost.memory))
        groups.setdefault(fitting, []).append(item)
    return sorted(groups.items(), key=lambda group: -group[0])
