"""Whether a cloud's homology fits into memory, and how many fit side by side."""

from todacomm.core.homology import memory_estimate
from todacomm.settings.analysis import TopologyConfig
from todacomm.system.machine import available_memory, worker_threads
from todacomm.system.units import format_bytes


def homology_threads(topology: TopologyConfig, n_points: int) -> int:
    """Layers, or samples of one, to work on at a time: as many as there are threads and as fit into memory.

    Raises
    ------
    ValueError
        Not even one fits.
    """
    return max(1, side_by_side(topology, n_points, check_memory(topology, n_points)))


def side_by_side(topology: TopologyConfig, n_points: int, free: int) -> int:
    """Layers for each of which there is a thread, and that fit together into so many bytes."""
    return min(worker_threads(topology.threads), free // max(needed_memory(topology, n_points), 1))


def check_memory(topology: TopologyConfig, n_points: int) -> int:
    """Bytes of memory that are free.

    Raises
    ------
    ValueError
        One layer does not fit into them; the message says what would.
    """
    free, needed = available_memory(), needed_memory(topology, n_points)
    if needed <= free:
        return free
    n_measured = topology.landmarks or n_points
    fitting = int(n_measured * (free / needed) ** 0.5)
    raise ValueError(
        f"the homology of {n_measured:,} points up to degree {topology.maxdim} takes about {format_bytes(needed)}, and "
        f"{format_bytes(free)} are free: set landmarks to {fitting:,} or fewer, take fewer points, or a lower maxdim"
    )


def needed_memory(topology: TopologyConfig, n_points: int) -> int:
    """Bytes that the homology of one layer takes at its peak, estimated."""
    return memory_estimate(topology.landmarks or n_points, topology.maxdim, topology.engine)
