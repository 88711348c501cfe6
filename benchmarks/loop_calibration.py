"""How often a loop is claimed of clouds without one, and of clouds with one.

    python -m benchmarks.loop_calibration               # an hour of one core; may be stopped and started again
    python -m benchmarks.loop_calibration --quick       # a few minutes, four repetitions
    python -m benchmarks.loop_calibration --summarize   # the tables of what has been done so far

A claim needs all conditions at once. Reproduction is by far the cheapest: it is measured first, the rotations only
where a bar's is at least ``GATE``, the lowest threshold looked at, and for as long as their outcome is open (Besag and
Clifford 1991: a p of 2 / 40 is lost at the second draw that reaches the bar); the half-samples' own diagrams last.
Finished repetitions stay in a cache file. Writes ``benchmarks/results/loop_calibration.json``;
``benchmarks.loop_calibration_page`` renders it.
"""

import argparse
import json
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.loop_calibration_summary import (
    DRAWS,
    GOAL_CASE,
    NULL_ALONE_REPETITIONS,
    NULL_ALONE_SIZE,
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
    life_left,
    loop_bars,
    membership,
    noise_p_values,
    prominence,
    scale_dimension,
)
from todacomm.core.nulls import rotation

RESULTS = Path(__file__).resolve().parent / "results" / "loop_calibration.json"
CACHE = Path(tempfile.gettempdir()) / "todacomm-loop-calibration.jsonl"
REPLICATES, LOST, N_LAYERS = 100, 2, 14
GATE = 0.35
SIZES = (150, 300, 500, 1000)
SHARES = {
    "loop-free": (1.0, 1.0, 0.3, 0.12),
    "looped": (0.2, 0.15, 0.04, 0.01),
    "in between": (0.1, 0.1, 0.04, 0.01),
}
"""Which part of the repetitions asked for is done at each size; all of the case on which the goal for power rests."""
FAMILY_SHARES = {("curved sheets", 150): 1.0, ("curved sheets", 300): 0.5, ("spheres", 150): 0.25}
Numbers = dict[str, Any]
Task = tuple[str, int, int]
"""Population or family, points, repetition."""


def cloud(rng: np.random.Generator, population: str, n_points: int, null_alone: bool) -> Numbers:
    """One cloud: its five longest bars, what is left of them on halves, their rank among rotations, prominence."""
    points = LOOP_POPULATIONS[population](rng, n_points)
    among = distances(points)
    dgm = persistence(among)[1]
    lifetimes, bars, left, halves = _reproduced(rng, among, dgm)
    worth_it = left.mean(axis=1) >= GATE
    numbers = {"lifetime": lifetimes, **_over_halves("left", left), **_sampling(among, bars, dgm)}
    if not len(bars) or not (worth_it.any() or null_alone):
        return numbers
    least = lifetimes[0] if null_alone else lifetimes[worth_it].max()
    drawn = _longest_of_rotations(rng, points, least)
    numbers |= {"draws": len(drawn), "exceed": (drawn[:, None] >= lifetimes).sum(axis=0)}
    if worth_it.any() and (drawn >= lifetimes[worth_it].max()).sum() < LOST:
        numbers |= _over_halves("prominence", _prominence(among, bars, left, halves))
    return numbers


def family(rng: np.random.Generator, kind: str, n_points: int) -> Numbers:
    """Fourteen layers of the same texts: adjusted p, reproduction and prominence of the bars worth a look."""
    clouds = FAMILIES[kind](rng, N_LAYERS, n_points)
    among = {name: distances(points) for name, points in clouds.items()}
    seed = int(rng.integers(2**32))
    dgms = {name: persistence(matrix)[1] for name, matrix in among.items()}
    measured = {name: _reproduced(np.random.default_rng(seed), among[name], dgms[name]) for name in among}
    worth_it = {name: (left.mean(axis=1) >= GATE).any() for name, (_, _, left, _) in measured.items()}
    numbers: Numbers = {"worth_it": sum(map(bool, worth_it.values())), "layers": []}
    if not numbers["worth_it"]:
        return numbers
    draws = np.array([_family_draw(child, clouds) for child in rng.spawn(DRAWS)])
    adjusted = bar_p_values([lifetimes for lifetimes, *_ in measured.values()], draws)
    for (name, (_, bars, left, halves)), (_, p) in zip(measured.items(), adjusted, strict=True):
        if worth_it[name] and p.min() <= LOST / (DRAWS + 1):
            share = _prominence(among[name], bars, left, halves)
            of_layer = {
                "p": p, **_over_halves("left", left), **_over_halves("prominence", share),
                **_sampling(among[name], bars, dgms[name]),
            }  # fmt: skip
            numbers["layers"].append({key: np.round(values, 4).tolist() for key, values in of_layer.items()})
    return numbers


def _reproduced(
    rng: np.random.Generator, among: np.ndarray, dgm: np.ndarray
) -> tuple[np.ndarray, tuple[LoopBar, ...], np.ndarray, np.ndarray]:
    """Lifetimes in median distances, the bars, what is left of each on every half, and the halves."""
    bars = loop_bars(among, dgm)
    halves = half_samples(len(among), REPLICATES, int(rng.integers(2**32)))
    left = life_left(among, bars, membership(halves, len(among)))
    return np.array([bar.lifetime for bar in bars]) / np.median(condensed(among)), bars, left, halves


def _prominence(among: np.ndarray, bars: tuple[LoopBar, ...], left: np.ndarray, halves: np.ndarray) -> np.ndarray:
    return prominence(bars, left, [persistence(among[np.ix_(half, half)])[1] for half in halves])


def _sampling(among: np.ndarray, bars: tuple[LoopBar, ...], dgm: np.ndarray) -> Numbers:
    if not bars:
        return {"dimension": [], "p_noise": []}
    return {"dimension": scale_dimension(among, bars), "p_noise": noise_p_values(bars, dgm)}


def _over_halves(name: str, values: np.ndarray) -> Numbers:
    """Statistics over halves that a threshold could be set on, for every bar."""
    if not len(values):
        return {f"{name}_{statistic}": [] for statistic in ("mean", "q05", "q25", "above_0")}
    return {
        f"{name}_mean": values.mean(axis=1),
        f"{name}_q05": np.quantile(values, 0.05, axis=1),
        f"{name}_q25": np.quantile(values, 0.25, axis=1),
        f"{name}_above_0": (values > 0.0).mean(axis=1),
    }


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


def repetitions_of(population: str, n_points: int, repetitions: int) -> int:
    """How many of the repetitions asked for a population or family gets at a size."""
    if population in FAMILIES:
        share = FAMILY_SHARES.get((population, n_points), 0.0)
    elif (population, n_points) == GOAL_CASE:
        share = 1.0
    else:
        share = SHARES[truth_of(population)][SIZES.index(n_points)]
    return round(share * repetitions)


def tasks(repetitions: int) -> list[Task]:
    """Everything to do, all cases at the same pace."""
    todo = []
    for population in (*LOOP_POPULATIONS, *FAMILIES):
        for n_points in SIZES:
            n = repetitions_of(population, n_points, repetitions)
            todo += [((r + 0.5) / n, n_points, (population, n_points, r)) for r in range(n)]
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


def read_cache(path: Path) -> dict[Task, Numbers]:
    """Finished repetitions."""
    if not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {tuple(entry["task"]): entry["found"] for entry in entries}


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of the claim that there is a loop")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="four repetitions of small clouds")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--summarize", action="store_true", help="only write the tables")
    options = parser.parse_args()

    done = read_cache(options.cache)
    wanted = tasks(20)[::5] if options.quick else tasks(options.repetitions)
    todo = [] if options.summarize else [task for task in wanted if task not in done]
    with options.cache.open("a") as cache_file:
        for task in todo:
            done[task] = perform(task)
            cache_file.write(json.dumps({"task": task, "found": done[task]}) + "\n")
            cache_file.flush()
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(summarize(done), indent=1) + "\n")


if __name__ == "__main__":
    main()
