"""What a sweep will do: the cross product, every unknown name reported, what is finished already left out."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from todacomm.analysis.cache import inputs_digests
from todacomm.settings.analysis import AnalysisConfig, ModelConfig, RecordConfig
from todacomm.settings.steps import revision_and_step
from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.checks import UNKNOWN, ModelSize, check_texts, model_size
from todacomm.sweeps.estimate import Cost, comparison_seconds, estimate
from todacomm.system.machine import worker_threads
from todacomm.tracking import Known, run_name


@dataclass(frozen=True, slots=True)
class Item:
    """One analysis of a sweep.

    Attributes
    ----------
    step : int or None
        Training step of its revision.
    known : Known
        By what a finished analysis is recognised as this one.
    run_id : str
        Of the finished analysis; empty where there is none.
    """

    config: AnalysisConfig
    step: int | None
    known: Known
    cost: Cost
    run_id: str = ""

    @property
    def name(self) -> str:
        """Model, revision, weights, data set and points."""
        return run_name(self.config)


@dataclass(frozen=True, slots=True)
class Plan:
    """Analyses in the order of the lists, notes about them, and the seconds that comparing them takes."""

    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()
    comparison: float = 0.0

    @property
    def missing(self) -> tuple[Item, ...]:
        """What is not finished."""
        return tuple(item for item in self.items if not item.run_id)

    def with_finished(self, finished: Mapping[Known, str]) -> "Plan":
        """The plan as the store knows it."""
        items = (replace(item, run_id=finished.get(item.known, item.run_id)) for item in self.items)
        return replace(self, items=tuple(items))


def make_plan(
    config: SweepConfig, record_of: Callable[[AnalysisConfig], RecordConfig] | None = None, strict: bool = True
) -> Plan:
    """Every combination of the lists, checked.

    Parameters
    ----------
    record_of : callable, optional
        The name and folder of one analysis; without it each has its default name and no folder.
    strict : bool
        Refuse all where names cannot be used; otherwise their analyses fail when their turn comes.

    Raises
    ------
    ValueError
        Names are unknown or settings wrong: all of them in one message.
    """
    notes: list[str] = []
    revisions: list[tuple[str, int | None]] = [("", None)]
    if config.revisions:
        revisions = [revision_and_step(entry) for entry in _merged(config, "revisions", notes)]
    for step, n in Counter(step for _, step in revisions if step is not None).items():
        if n > 1:
            notes.append(f"{n} revisions are of step {step:,}: over training the first of them counts")
    models, weights, datasets = (_merged(config, name, notes) for name in ("models", "weights", "datasets"))
    record_of = record_of or _unnamed
    combined = [
        (_analysis(config.analysis, record_of, model, revision, weight, dataset), step)
        for model, (revision, step), weight, dataset in product(models, revisions, weights, datasets)
    ]
    analyses = [analysis for analysis, _ in combined]
    sizes, inputs = _checked(analyses, strict), inputs_digests(analyses)
    items = [
        Item(analysis, step, Known(analysis.digest(), files or ""), estimate(analysis, facts))
        for (analysis, step), files, facts in zip(combined, inputs, sizes, strict=True)
    ]
    once = {item.known.config_hash: item for item in reversed(items)}
    if len(once) < len(items):
        notes.append(f"{len(items) - len(once)} of {len(items)} analyses stand twice in the plan: they count once")
    sized = {item.known.config_hash: facts for item, facts in zip(items, sizes, strict=True)}
    once_each = tuple(reversed(once.values()))
    return Plan(once_each, tuple(notes), _comparison(config, once_each, sized) if config.compare else 0.0)


def _comparison(config: SweepConfig, items: Sequence[Item], sizes: Mapping[str, ModelSize]) -> float:
    """Seconds of the comparisons: one for each set of texts."""
    by_texts: dict[str, list[tuple[AnalysisConfig, ModelSize]]] = {}
    for item in items:
        by_texts.setdefault(item.config.texts.dataset, []).append((item.config, sizes[item.known.config_hash]))
    threads = worker_threads(config.analysis.topology.threads)
    return sum(comparison_seconds(group, threads) for group in by_texts.values())


def _analysis(
    shared: AnalysisConfig,
    record_of: Callable[[AnalysisConfig], RecordConfig],
    model: str,
    revision: str,
    weights: str,
    dataset: str,
) -> AnalysisConfig:
    config = replace(
        shared,
        model=replace(shared.model, model=model, revision=revision, weights=weights),
        texts=replace(shared.texts, dataset=dataset),
    )
    return replace(config, record=record_of(config))


def _unnamed(config: AnalysisConfig) -> RecordConfig:
    return replace(config.record, run_name="", output_dir="")


def _merged(config: SweepConfig, name: str, notes: list[str]) -> list[str]:
    """The entries of a list, each once."""
    counts = Counter(getattr(config, name))
    notes += [f"{name} has {entry} {n} times: it counts once" for entry, n in counts.items() if n > 1]
    return list(counts)


def _checked(analyses: Sequence[AnalysisConfig], strict: bool) -> list[ModelSize]:
    """What is known of the model of each analysis."""
    problems: dict[str, None] = {}
    sizes: dict[ModelConfig, ModelSize] = {}
    for model in dict.fromkeys(analysis.model for analysis in analyses):
        try:
            sizes[model] = model_size(model)
        except ValueError as error:
            problems[str(error)] = None
            sizes[model] = UNKNOWN
    for analysis in {analysis.texts: analysis for analysis in analyses}.values():
        try:
            check_texts(analysis)
        except ValueError as error:
            problems[str(error)] = None
    if problems and strict:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise ValueError(f"the sweep was not begun, {len(problems)} of its names cannot be used:{listed}")
    return [sizes[analysis.model] for analysis in analyses]
