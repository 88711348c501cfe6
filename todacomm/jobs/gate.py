"""A gate from settings to its record: analyse what is not analysed, judge, draw, report, write once."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.gates.groups import gate_groups, with_permuted_texts
from todacomm.gates.judging import gate_pair
from todacomm.gates.planning import planned
from todacomm.gates.result import Gate, GatePlan
from todacomm.gates.sides import Side, lean, run_of, sides_of
from todacomm.results.table import records
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import with_options
from todacomm.settings.gate import GateConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Clock, Progress, silent
from todacomm.system.scratch import scratch_folder

if TYPE_CHECKING:
    from pandas import DataFrame

    from todacomm.tracking import Analysis, JobRun

KIND = "gate"
OF_THE_GATE = ("run_name", "output_dir", "explorer")
"""Options that an analysis has too, of which those of a gate are its own."""


@with_options(GateConfig)
def gate(
    config: GateConfig | None = None,
    *,
    progress: Progress = silent,
    parent: str | None = None,
    tokenizer: Any = None,
    texts: Any = None,
    **options: Any,
) -> "tuple[Gate | GatePlan, JobRun]":
    """Is the candidate's shape the base's, do its texts lie in the same places, and were there texts enough to say so?

    Parameters
    ----------
    config : GateConfig, optional
        Settings; or give them as ``options`` by name: ``gate(base="gpt2", candidate="./my-gpt2")``. A side may be an
        :class:`~todacomm.Analysis`, or a model that is an object, as in :func:`todacomm.analyze`.
    progress : callable
        Called with stage, steps done and steps in all.
    parent : str, optional
        Id of the run that this one is a part of.
    tokenizer : PreTrainedTokenizerBase, optional
        Of the sides that are objects.
    texts : sequence of str, Series, DataFrame or datasets.Dataset, optional
        Texts in place of ``dataset``.

    Returns
    -------
    Gate or GatePlan, JobRun
        The verdicts, or under ``plan`` what the texts can show; and the finished run that they are recorded in.

    Raises
    ------
    ValueError
        A side cannot be used, or the two do not compare.
    """
    from todacomm import tracking

    if objects := objects_of(options, tokenizer, texts):
        if config is not None:
            raise ValueError("got a config beside objects: give the options by name")
        options |= {role: recorded(side, tokenizer, texts, options, progress) for role, side in objects.items()}
    config = GateConfig.given(config, options)
    sides = sides_of(config)
    record, clock = config.analysis.record, Clock()
    name = record.run_name or f"{KIND} {' and '.join(side.name for side in sides)}"
    with tracking.job_run(KIND, name, record.experiment_name, record.output_dir, parent) as run:
        with clock("analyses"):
            analyses = [analysed(sides[0], run.run_id, progress)]
            for side in sides[1:]:  # one model twice is analysed once
                again = side.config is not None and side.config == sides[0].config
                analyses.append(analyses[0] if again else analysed(side, run.run_id, progress))
        with clock("judgement"):
            result = judged(analyses, config, progress)
        with scratch_folder() as folder:
            if isinstance(result, GatePlan):
                write_plan(result, run, folder)
                return result, run
            write_gate(result, sides, run, folder, clock)
    if not config.groups:
        tag_candidate(result, sides[-1], run.run_id)
    return result, run


def objects_of(options: dict[str, Any], tokenizer: Any, texts: Any) -> dict[str, Any]:
    """The sides that are no names by role; with texts in memory every side that is named is read with them.

    Raises
    ------
    ValueError
        A tokenizer without a model that is an object.
    """
    sides = {role: options[role] for role in ("base", "candidate") if options.get(role)}
    objects = {role: side for role, side in sides.items() if not isinstance(side, str | PathLike)}
    if tokenizer is not None and not any(map(is_model, objects.values())):
        raise ValueError("tokenizer is given beside sides that have names: give a model as an object")
    return sides if texts is not None else objects


def is_model(side: Any) -> bool:
    """Whether a side is a model in memory: neither a name nor a finished analysis."""
    from todacomm.tracking import Analysis

    return not isinstance(side, str | PathLike | Analysis)


def recorded(side: Any, tokenizer: Any, texts: Any, options: dict[str, Any], progress: Progress) -> str:
    """Id of the run of a side that is an object or reads texts in memory: a model is analysed first."""
    from todacomm.jobs.analyze import analyze
    from todacomm.tracking import Analysis

    if isinstance(side, Analysis):
        return side.run_id
    if isinstance(side, str | PathLike):
        if run_id := run_of(str(side)):
            return run_id
        side, tokenizer = str(side), None
    measured: dict[str, Any] = {"model": side, "nulls": 0, "loops": 0, "explorer": False}
    for name in options:
        if name in AnalysisConfig.options() and name not in OF_THE_GATE:
            measured[name] = options[name]
    return analyze(tokenizer=tokenizer, texts=texts, progress=progress, **measured).run_id


def analysed(side: Side, parent: str, progress: Progress = silent) -> "Analysis":
    """The analysis of a side, made where it is not there."""
    from todacomm.jobs.analyze import analyze
    from todacomm.tracking import load_analysis

    if side.run_id or side.config is None:
        return load_analysis(side.run_id)
    return analyze(lean(side.config), progress=progress, parent=parent)


def judged(analyses: "list[Analysis]", config: GateConfig, progress: Progress = silent) -> Gate | GatePlan:
    """The verdicts on what is analysed, or under ``plan`` what its texts can show."""
    if config.plan:
        return planned(analyses[0], config)
    if config.groups:
        return gate_groups(analyses[0], config, progress)
    result = gate_pair(analyses[0], analyses[1], config, progress)
    two_texts = analyses[0].dataset.digest != analyses[1].dataset.digest
    return with_permuted_texts(result, progress) if two_texts else result


def write_gate(result: Gate, sides: list[Side], run: "JobRun", folder: Path, clock: Clock) -> None:
    """Every file of a gate, then its run."""
    from todacomm.explorer.page import PAGE
    from todacomm.figures.gate import draw_gate
    from todacomm.reports.gate import write_gate_reports
    from todacomm.reports.junit import junit_xml
    from todacomm.tracking.files import write_json

    (folder / "tables").mkdir()
    result.table.to_csv(folder / "tables/gate.csv", index=False)
    result.changed.to_csv(folder / "tables/changed_texts.csv", index=False)
    write_json(folder / "gate.json", facts(result, sides))
    (folder / "junit.xml").write_bytes(junit_xml(result))
    draw_gate(result, folder)
    if page := pair_page(result):
        (folder / PAGE).write_text(page, encoding="utf-8")
    note = write_gate_reports(result, folder)
    run.write_folder(
        folder,
        metrics=series(result, clock),
        params=result.config.changed(),
        tags=tags(result),
        note=note,
    )


def pair_page(result: Gate) -> str:
    """The interactive page of both sides; empty for groups, other texts, without clouds, and where it is not wanted."""
    from todacomm.comparison.gathering import arrange
    from todacomm.comparison.matching import residual_depths
    from todacomm.comparison.similarities import similarity
    from todacomm.core.similarity.chance import FEWEST_FOR_THRESHOLD
    from todacomm.explorer.of_comparison import comparison_data
    from todacomm.explorer.page import explorer_page
    from todacomm.settings.comparison import ComparisonConfig

    sides = result.analyses
    has_page = (
        len(sides) == 2 and len({side.dataset.digest for side in sides}) == 1 and all(map(residual_depths, sides))
    )
    if not (has_page and result.config.analysis.record.explorer):
        return ""
    config = ComparisonConfig()
    gathered, threads = arrange(sides, config), worker_threads(result.config.analysis.topology.threads)
    table, warnings = similarity(gathered, threads, permutations=FEWEST_FOR_THRESHOLD, seed=config.seed)
    data = comparison_data(gathered, table, config, list(map(str, warnings)))
    return explorer_page(data) if data else ""


def write_plan(plan: GatePlan, run: "JobRun", folder: Path) -> None:
    """The table of a plan, as a file and as the description of its run."""
    from todacomm.reports.gate_plan import describe_plan
    from todacomm.tracking.files import write_json

    (folder / "tables").mkdir()
    plan.table.to_csv(folder / "tables/plan.csv", index=False)
    write_json(folder / "gate.json", {"plan": _finite_rows(plan.table), "options": plan.config.to_flat()})
    tags = {"model": plan.base.model.name, "dataset": plan.base.dataset.name, "sources": plan.base.run_id}
    run.write_folder(folder, params=plan.config.changed(), tags=tags, note=describe_plan(plan))


def facts(result: Gate, sides: list[Side]) -> dict[str, Any]:
    """The content of ``gate.json``."""
    return {
        "verdict": result.verdict,
        "exit_code": result.exit_code,
        "aspects": result.aspects,
        "first_different": next(iter(result.different), None),
        "different": result.different,
        "layers": result.layers,
        "texts": result.n_texts,
        "texts_to_settle": _finite(result.texts_to_settle),
        "texts_for_verdict": _finite(result.texts_for_verdict),
        "texts_if_same": _finite(result.texts_if_same),
        "base": {"asked": sides[0].name, "name": result.names[0], "run_id": result.analyses[0].run_id},
        "candidate": {"asked": sides[-1].name, "name": result.names[1], "run_id": result.analyses[-1].run_id},
        "cells": _finite_rows(result.table),
        "changed_texts": result.changed.to_dict("records"),
        "options": result.config.to_flat(),
        "warnings": [warning._asdict() for warning in result.warnings],
    }


def series(result: Gate, clock: Clock) -> list[tuple[str, float, int]]:
    """Each metric's difference as a share of its margin, with the layer's place as step; 1 is the margin."""
    from todacomm.tracking.entries import seconds_points

    place = {layer: index for index, layer in enumerate(result.layers)}
    rows = result.table
    ratios = zip(rows["metric"], rows["layer"], rows["difference"] / rows["margin"], strict=True)
    points = [(f"gate/{metric}_of_margin", float(ratio), place[layer]) for metric, layer, ratio in ratios]
    return [*points, *seconds_points(clock.seconds)]


def tags(result: Gate) -> dict[str, str]:
    """The verdict, of what, and the warnings."""
    from todacomm.tracking.entries import warning_lines

    return {
        KIND: result.verdict,
        **{f"{KIND}.{aspect}": verdict for aspect, verdict in result.aspects.items()},
        "first_different": next(iter(result.different), ""),
        "model": ", ".join(result.models),
        "dataset": ", ".join(dict.fromkeys(one.dataset.name for one in result.analyses)),
        "sources": ",".join(one.run_id for one in result.analyses),
        "warnings": warning_lines(result.warnings),
    }


def tag_candidate(result: Gate, side: Side, run_id: str) -> None:
    """The verdict on a registered model's version, where the candidate is one."""
    from todacomm.tracking import tag_version

    if side.version:
        verdict = {f"todacomm.{KIND}": result.verdict, f"todacomm.{KIND}.base": result.names[0]}
        tag_version(side.version, verdict | {f"todacomm.{KIND}.run": run_id})


def _finite_rows(table: "DataFrame") -> list[dict[str, Any]]:
    """The rows of a table; an infinite number is undefined."""
    return records(table.replace([float("inf"), float("-inf")], float("nan")))


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
