"""Two sides measured in turns, each against the other, and held to the same result."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np


class Disagreement(ValueError):
    """The two sides of a benchmark differ in result: their times are no comparison."""


class Skipped(Exception):
    """A benchmark cannot run here; the message says why."""


@dataclass(frozen=True)
class Measured:
    """One piece of work: what it gave, its wall-clock seconds, and its peak memory, where measured.

    Attributes
    ----------
    peak_bytes : int
        How far the work lifted the peak of resident memory of a process of its own, interpreter and what it had
        imported by then left out; 0: not measured.
    """

    result: Any
    seconds: float
    peak_bytes: int = 0


@dataclass(frozen=True)
class Pairs:
    """Measurements of two sides in turns; entry i of each is one pair.

    Attributes
    ----------
    agreement : str
        In what the results were found equal.
    """

    ours: Sequence[Measured]
    peer: Sequence[Measured]
    agreement: str = ""

    @property
    def ratios(self) -> list[float]:
        """The peer's time divided by ours, pair by pair."""
        return [other.seconds / own.seconds for own, other in zip(self.ours, self.peer, strict=True)]

    @property
    def ratio(self) -> float:
        """Median of the ratios, not the ratio of medians: a pair shares what else the machine was doing."""
        return statistics.median(self.ratios)

    @property
    def own_seconds(self) -> float:
        return statistics.median(one.seconds for one in self.ours)

    @property
    def peer_seconds(self) -> float:
        return statistics.median(one.seconds for one in self.peer)

    @property
    def memory_shares(self) -> list[float]:
        """Our peak memory divided by the peer's, pair by pair."""
        return [own.peak_bytes / other.peak_bytes for own, other in zip(self.ours, self.peer, strict=True)]

    @property
    def memory_share(self) -> float:
        return statistics.median(self.memory_shares)

    @property
    def own_bytes(self) -> float:
        return statistics.median(one.peak_bytes for one in self.ours)

    @property
    def peer_bytes(self) -> float:
        return statistics.median(one.peak_bytes for one in self.peer)


def in_turns(
    ours: Callable[[], Measured],
    peer: Callable[[], Measured],
    pairs: int,
    agree: Callable[[Any, Any], str],
    *,
    warm_up: bool = True,
) -> Pairs:
    """Measure two sides in alternating order: ours first in even pairs, the peer in odd ones.

    Parameters
    ----------
    agree : callable
        Gets both results of a pair; returns what it found equal, or raises :class:`Disagreement`.
    warm_up : bool
        Run both sides once before, not counted.

    Raises
    ------
    Disagreement
        The sides differ in result, in any pair.
    """
    if warm_up:
        agree(ours().result, peer().result)
    own, others, agreement = [], [], ""
    for pair in range(pairs):
        if pair % 2:
            others.append(peer())
            own.append(ours())
        else:
            own.append(ours())
            others.append(peer())
        agreement = agree(own[-1].result, others[-1].result)
    return Pairs(own, others, agreement)


def timed(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Do work here and now, and time it."""
    gc.collect()
    start = time.perf_counter()
    result = work(*arguments)
    return Measured(result, time.perf_counter() - start)


def in_child(work: Callable[..., Any], *arguments: Any, warm_up: Sequence[Any] = ()) -> Measured:
    """Do work in a fresh process of its own: its time there without the start, and its peak memory.

    Parameters
    ----------
    warm_up : sequence
        Arguments of a small call before, not measured, that imports what the work needs.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        if warm_up:
            child.submit(work, *warm_up).result()
        return child.submit(_measured, work, arguments).result()


def cpu_seconds(work: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of one call, after a first that warms up."""
    work()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def close(ours: Any, theirs: Any, what: str, rtol: float = 1e-5) -> str:
    """Say that two arrays are equal to a share of the largest number in them.

    Raises
    ------
    Disagreement
        They are not, or differ in shape.
    """
    ours, theirs = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if ours.shape != theirs.shape:
        raise Disagreement(f"{what}: {ours.shape} here, {theirs.shape} there")
    scale = np.abs(theirs).max(initial=0.0)
    gap = np.abs(ours - theirs).max(initial=0.0)
    if not gap <= rtol * scale:  # nan is no agreement either
        raise Disagreement(
            f"{what}: they differ by {gap:.3g} where the largest is {scale:.3g}; {rtol:g} of it is allowed"
        )
    return f"{what} equal to {rtol:g}"


def same_diagrams(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], rtol: float = 1e-5) -> str:
    """Say that two sets of diagrams hold the same finite bars; those under ``rtol`` of the last death are rounding.

    Parameters
    ----------
    ours, theirs : sequence of ndarray, shape (bars, 2)
        By degree.

    Raises
    ------
    Disagreement
        They do not.
    """
    if len(ours) != len(theirs):
        raise Disagreement(f"{len(ours)} degrees here, {len(theirs)} there")
    for degree, diagrams in enumerate(zip(ours, theirs, strict=True)):
        least = rtol * max(dgm[np.isfinite(dgm)].max(initial=0.0) for dgm in diagrams)
        own, other = (_columns(dgm, least) for dgm in diagrams)
        close(own, other, f"H{degree} bars", rtol)
    return f"diagrams equal to {rtol:g}"


def _columns(dgm: np.ndarray, least: float) -> np.ndarray:
    """Births and deaths of the finite bars longer than ``least``, each in rising order: shape (2, bars)."""
    bars = dgm[np.isfinite(dgm).all(axis=1)]
    return np.sort(bars[bars[:, 1] - bars[:, 0] > least], axis=0).T


def _measured(work: Callable[..., Any], arguments: Sequence[Any]) -> Measured:
    before = _peak_bytes()
    measured = timed(work, *arguments)
    return Measured(measured.result, measured.seconds, _peak_bytes() - before)


def _peak_bytes() -> int:
    """Largest resident memory of this process."""
    status = Path("/proc/self/status")
    if status.exists():  # of this program alone; getrusage counts the parent's memory before it was replaced
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
