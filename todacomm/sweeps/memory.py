"""How much memory the analyses of a sweep may take, and how many fit into it at once."""

from collections.abc import Sequence

from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.plan import Item
from todacomm.system.machine import available_memory

_SHARE = 0.8


def budget(config: SweepConfig) -> int | None:
    """Bytes for all analyses at once: those given, or four fifths of what this machine has free; None on a cluster."""
    if config.memory_gb:
        return int(config.memory_gb * 1e9)
    return int(_SHARE * available_memory()) if config.runner in ("serial", "processes") else None


def waves(items: Sequence[Item], workers: int, n_bytes: int | None) -> list[tuple[int, list[Item]]]:
    """Items grouped by how many of their size fit at once: ``(workers, items)``, the most at once first.

    One that does not fit alone is done alone.
    """
    groups: dict[int, list[Item]] = {}
    for item in items:
        fitting = workers if n_bytes is None else max(1, min(workers, n_bytes // item.cost.memory))
        groups.setdefault(fitting, []).append(item)
    return sorted(groups.items(), key=lambda group: -group[0])
