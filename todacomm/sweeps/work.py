"""Hand out what is missing until nothing is: a worker that dies takes nothing with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from todacomm import tracking
from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.plan import Item
from todacomm.sweeps.runners import LostWorkers, runner
from todacomm.sweeps.worker import DONE, FAILED, REUSED, Outcome, Task
from todacomm.system.machine import available_memory, worker_threads
from todacomm.system.progress import Progress, silent

_SHARE = 0.8
MOST_TRIES = 3
"""How often an analysis whose worker died is begun before it counts as failed."""


def work_through(
    config: SweepConfig,
    items: Sequence[Item],
    run: tracking.JobRun,
    analyze: Callable[..., Any],
    report: Callable[[Item, Outcome], None],
    progress: Progress = silent,
) -> tuple[dict[str, Outcome], dict[str, int]]:
    """Outcome of every item, and how often each was begun, by the digest of its settings.

    joblib gives up a whole round when one worker dies. What the store says is finished stays so; the rest is handed out
    again, what was being done then one at a time, so that an analysis that kills its worker takes no other with it.
    """
    by_hash = {item.known.config_hash: item for item in items}
    outcomes = {hash_: Outcome(hash_, REUSED, item.run_id) for hash_, item in by_hash.items() if item.run_id}
    tries: dict[str, int] = {}
    fruitless = 0

    def take(outcome: Outcome) -> None:
        outcomes[outcome.config_hash] = outcome
        report(by_hash[outcome.config_hash], outcome)

    while missing := [item for hash_, item in by_hash.items() if hash_ not in outcomes]:
        before = len(outcomes), sum(tries.values())
        lost = ""
        try:
            with runner(config, progress) as hand_out:
                for workers, wave in _rounds(config, missing, tries):
                    for outcome in hand_out(tasks(config, wave, run, analyze, workers), workers):
                        take(outcome)
        except LostWorkers as error:
            lost = str(error)
        finally:
            tracking.end_abandoned(run.run.client, run.experiment_id, run.run_id)
        tries = dict(tracking.tried_analyses(run.experiment_id, run.run_id))
        if not lost:
            break
        for outcome in _finished(missing, outcomes, run):
            take(outcome)
        fruitless = 0 if (len(outcomes), sum(tries.values())) != before else fruitless + 1
        for item in missing:
            hash_ = item.known.config_hash
            begun = max(tries.get(hash_, 0), fruitless)
            if hash_ not in outcomes and begun >= MOST_TRIES:
                reason = f"its worker died {begun} times: {lost.splitlines()[0]}"
                take(Outcome(hash_, FAILED, reason=reason, trace=lost))
    return outcomes, tries


def tasks(
    config: SweepConfig, items: Iterable[Item], run: tracking.JobRun, analyze: Callable[..., Any], workers: int
) -> list[Task]:
    """What the workers are given; the processors of a machine are divided among them."""
    threads = config.analysis.topology.threads or _threads_each(config, workers)
    return [
        Task(
            config=item.config,
            analyze=analyze,
            config_hash=item.known.config_hash,
            inputs=item.known.inputs,
            parent=run.run_id,
            store=tracking.absolute_uri(),
            folder=str(Path.cwd()),
            owner=tracking.process_tags(),
            force=config.force,
            threads=threads,
        )
        for item in items
    ]


def workers_of(config: SweepConfig, n_items: int) -> int:
    """How many analyses are done at once, before memory is looked at."""
    if config.runner == "serial":
        return 1
    if config.workers:
        return min(config.workers, max(n_items, 1))
    return min(n_items, worker_threads(None)) if config.runner == "processes" else max(n_items, 1)


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


def _threads_each(config: SweepConfig, workers: int) -> int:
    """Processors of one analysis: a share of this machine's, or those that the cluster sets aside for it."""
    if config.runner in ("serial", "processes"):
        return max(1, worker_threads(None) // workers)
    return max(1, int(config.cpus_per_run))


def _rounds(config: SweepConfig, missing: Sequence[Item], tries: Mapping[str, int]) -> list[tuple[int, list[Item]]]:
    """What is handed out together: what fits into memory, then each of what was begun before by itself."""
    fresh = [item for item in missing if not tries.get(item.known.config_hash)]
    again = [item for item in missing if tries.get(item.known.config_hash)]
    together = waves(fresh, workers_of(config, len(fresh)), budget(config))
    return together + [(1, [item]) for item in again]


def _finished(missing: Sequence[Item], outcomes: Mapping[str, Outcome], run: tracking.JobRun) -> list[Outcome]:
    """What was finished below this run although its outcome was lost on the way."""
    store = {known.config_hash: run_id for known, run_id in tracking.finished_analyses(run.run_id).items()}
    hashes = (item.known.config_hash for item in missing)
    return [Outcome(hash_, DONE, store[hash_]) for hash_ in hashes if hash_ in store and hash_ not in outcomes]
