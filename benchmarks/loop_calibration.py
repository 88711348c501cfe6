"""How often a loop is claimed of clouds without one, and of clouds with one.

    python -m benchmarks.loop_calibration                              # hours of one core; may be stopped and continued
    python -m benchmarks.loop_calibration --seconds 400 --processes 16 # as far as it comes in that time
    python -m benchmarks.loop_calibration --summarize                  # the tables of what has been done so far

A claim needs all conditions at once, so that the cheap ones are asked first. Reproduction takes milliseconds; the
half-samples' own diagrams are only computed where a bar's reproduction is at least ``GATE``; halves of its groups and
the rotations where its prominence came to ``LEAST_PROMINENT``, and as long as their outcome is open (Besag and Clifford
1991: a p of 2 / 40 is lost at the second draw that reaches the bar). Of 1,000 points only the rule's own thresholds are
asked. Finished repetitions stay in a file, one a line. Writes ``benchmarks/results/loop_calibration.json`` and
``docs/loop-calibration.md``; cases that are recorded there with all their repetitions are not done again.
"""

import argparse
import json
import tempfile
import time
import zlib
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.loop_calibration_page import render
from benchmarks.loop_calibration_summary import (
    CASES,
    DRAWS,
    GATE,
    GOAL_CASE,
    LEAST_PROMINENT,
    NULL_ALONE_REPETITIONS,
    NULL_ALONE_SIZE,
    RULE_ALONE_SIZE,
    Tables,
    by_case,
    more_of,
    summarize,
    truth_of,
)
from benchmarks.loop_populations import FAMILIES, LOOP_POPULATIONS
from todacomm.core.clouds import condensed, distances
from todacomm.core.homology import persistence
from todacomm.core.inference import half_samples
from todacomm.core.loops import (
    LoopBar,
    bar_p_values,
    leading,
    left_on_groups,
    life_left,
    loop_bars,
    membership,
    prominence,
)
from todacomm.core.loops.verdict import PROMINENT, REPRODUCED
from todacomm.core.nulls import rotation

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "loop_calibration.json", ROOT / "docs" / "loop-calibration.md"
CACHE = Path(tempfile.gettempdir()) / "todacomm-loop-calibration.jsonl"
REPLICATES, LOST, N_LAYERS = 100, 2, 14
SHARES = {
    "loop-free": {150: 1.0, 300: 1.0, 500: 1.0, 1000: 1.0},
    "looped": {150: 1.0, 300: 1.0, 500: 1.0, 1000: 1.0},
    "in between": {150: 0.25, 300: 0.2, 500: 0.08, 1000: 0.02},
    "family": {150: 0.75, 300: 0.1},
}
"""Which part of the repetitions asked for is done at each size; all of the case on which the goal for power rests."""
PACE = {150: (0.0, 0.3), 300: (0.0, 0.3), 500: (0.1, 0.6), 1000: (0.2, 1.0)}
"""From and to which part of the whole run the repetitions of a size are spread: small clouds come first."""
Numbers = dict[str, Any]
Task = tuple[str, int, int]
"""Population or family, points, repetition."""
Measured = dict[str, np.ndarray]
"""Of the longest bars: lifetime in median distances, reproduction on halves and on halves of groups, prominence."""


def cloud(rng: np.random.Generator, population: str, n_points: int, null_alone: bool) -> Numbers:
    """One cloud: its five longest bars, what is left of them on halves, and how many rotations reach them."""
    points = LOOP_POPULATIONS[population](rng, n_points)
    numbers: Numbers = _measured(rng, points)
    lifetimes, worth_it = numbers["lifetime"], numbers["prominence"] >= LEAST_PROMINENT
    if n_points >= RULE_ALONE_SIZE:
        worth_it = (numbers["prominence"] >= PROMINENT) & (numbers["group_reproduction"] >= REPRODUCED)
    if len(lifetimes) and (worth_it.any() or null_alone):
        least = lifetimes[0] if null_alone else lifetimes[worth_it].max()
        drawn = _longest_of_rotations(rng, points, least)
        numbers |= {"draws": len(drawn), "exceed": (drawn[:, None] >= lifetimes).sum(axis=0)}
    return numbers


def family(rng: np.random.Generator, kind: str, n_points: int) -> Numbers:
    """Fourteen layers of the same texts: adjusted p of the bars of layers that may have a loop."""
    clouds = FAMILIES[kind](rng, N_LAYERS, n_points)
    seed = int(rng.integers(2**32))
    measured = {name: _measured(np.random.default_rng(seed), points) for name, points in clouds.items()}
    worth_it = [name for name, bars in measured.items() if (bars["prominence"] >= LEAST_PROMINENT).any()]
    numbers: Numbers = {"layers": []}
    if not worth_it:
        return numbers
    draws = np.array([_family_draw(child, clouds) for child in rng.spawn(DRAWS)])
    adjusted = bar_p_values([bars["lifetime"] for bars in measured.values()], draws)
    for (name, bars), (_, p) in zip(measured.items(), adjusted, strict=True):
        if name in worth_it:
            of_layer = {"p": p} | {key: bars[key] for key in bars if key != "lifetime"}
            numbers["layers"].append({key: np.round(values, 4).tolist() for key, values in of_layer.items()})
    return numbers


def _measured(rng: np.random.Generator, points: np.ndarray) -> Measured:
    """Prominence and what is left on halves of groups are 0 where a claim is lost before they are looked at."""
    among = distances(points)
    bars = loop_bars(among, persistence(among)[1])
    seed = int(rng.integers(2**32))
    halves = half_samples(len(among), REPLICATES, seed)
    left = life_left(among, bars, membership(halves, len(among)))
    reproduction = left.mean(axis=1)

    def of_groups(where: np.ndarray) -> np.ndarray:
        if not where.any():
            return np.zeros(len(bars))
        return np.where(where, left_on_groups(among, bars, REPLICATES, seed).mean(axis=1), 0.0)

    def prominent(where: np.ndarray) -> np.ndarray:
        return np.where(where, _prominence(among, bars, halves) if where.any() else 0.0, 0.0)

    if len(points) >= RULE_ALONE_SIZE:
        group_reproduction = of_groups(reproduction >= REPRODUCED)
        prominences = prominent(group_reproduction >= REPRODUCED)
    else:
        prominences = prominent(reproduction >= GATE)
        group_reproduction = of_groups(prominences >= LEAST_PROMINENT)
    return {
        "lifetime": np.array([bar.lifetime for bar in bars]) / np.median(condensed(among)),
        "reproduction": reproduction,
        "prominence": prominences,
        "group_reproduction": group_reproduction,
    }


def _prominence(among: np.ndarray, bars: tuple[LoopBar, ...], halves: np.ndarray) -> np.ndarray:
    dgms = [persistence(among[np.ix_(half, half)])[1] for half in halves]
    return prominence(leading(among, bars, membership(halves, len(among)), dgms))


def _longest_of_rotations(rng: np.random.Generator, points: np.ndarray, least: float) -> np.ndarray:
    """Longest bar of each draw in median distances; draws end where a bar of length ``least`` is lost."""
    left, singular, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    longest: list[float] = []
    while len(longest) < DRAWS and sum(bar >= least for bar in longest) < LOST:
        gaussian = rng.standard_normal(left.shape)
        frame, triangle = np.linalg.qr(gaussian - gaussian.mean(axis=0))
        longest.append(_longest(frame * np.sign(np.diag(triangle)) * singular))
    return np.array(longest)


def _family_draw(rng: np.random.Generator, clouds: dict[str, np.ndarray]) -> list[float]:
    shared = rotation(len(next(iter(clouds.values()))), rng)
    return [_longest(shared @ points) for points in clouds.values()]


def _longest(points: np.ndarray) -> float:
    among = distances(points)
    dgm = persistence(among)[1]
    return float((dgm[:, 1] - dgm[:, 0]).max(initial=0.0) / np.median(condensed(among)))


def left_to_do(repetitions: int, recorded: Tables) -> list[Task]:
    """What is not recorded with all repetitions: all populations at the same pace, large clouds last."""
    known = {case: row["repetitions"] for name in CASES for case, row in by_case(recorded[name]).items()}
    todo = []
    for population in (*LOOP_POPULATIONS, *FAMILIES):
        truth = truth_of(population)
        for n_points, share in SHARES[truth].items():
            n = repetitions if (population, n_points) == GOAL_CASE else round(share * repetitions)
            if known.get((population, n_points), 0) >= n:
                continue
            begin, end = PACE[500 if truth == "family" else n_points]
            todo += [(begin + (r + 0.5) / n * (end - begin), n_points, (population, n_points, r)) for r in range(n)]
    return [task for *_, task in sorted(todo)]


def perform(task: Task) -> Numbers:
    """One repetition, its random numbers decided by the task alone."""
    population, n_points, repetition = task
    rng = np.random.default_rng([zlib.crc32(population.encode()), n_points, repetition])
    with threadpool_limits(1):
        if population in FAMILIES:
            return family(rng, population, n_points)
        null_alone = n_points == NULL_ALONE_SIZE and repetition < NULL_ALONE_REPETITIONS
        numbers = cloud(rng, population, n_points, null_alone)
    return {key: np.round(values, 4).tolist() for key, values in numbers.items()}


def timed(task: Task, until: float) -> dict[str, Any] | None:
    """A line of the file of finished repetitions; None where it is too late to begin one."""
    if time.time() >= until:
        return None
    begun = time.process_time()
    numbers = perform(task)
    return {"task": task, "seconds": round(time.process_time() - begun, 2), "found": numbers}


def read_tables() -> Tables:
    """The tables as they are recorded."""
    tables: Tables = json.loads(RESULTS.read_text(encoding="utf-8"))
    return tables


def read_cache(path: Path) -> dict[Task, Numbers]:
    """Finished repetitions."""
    if not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {tuple(entry["task"]): entry["found"] for entry in entries}


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of the claim that there is a loop")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="no repetition begins later than this")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE, help="file of finished repetitions, which is added to")
    parser.add_argument("--summarize", action="store_true", help="only write the tables")
    options = parser.parse_args()

    until = time.time() + options.seconds
    done = read_cache(options.cache)
    recorded = read_tables()
    todo = [] if options.summarize else [task for task in left_to_do(options.repetitions, recorded) if task not in done]
    with options.cache.open("a") as cache_file, get_context("fork").Pool(options.processes) as pool:
        for entry in pool.imap_unordered(partial(timed, until=until), todo):
            if entry is not None:
                done[entry["task"]] = entry["found"]
                cache_file.write(json.dumps(entry) + "\n")
                cache_file.flush()
    tables = more_of(recorded, summarize(done))
    RESULTS.write_text(json.dumps(tables, indent=1) + "\n")
    PAGE.write_text(render(tables))


if __name__ == "__main__":
    main()
