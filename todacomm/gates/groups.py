"""Two groups of texts in one model: the same metrics at equal numbers of texts, beside permuted labels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from todacomm.analysis.shape import measure_shape
from todacomm.comparison.identity import model_of
from todacomm.core.equivalence import GroupValues, group_rows, label_p_values, measure_groups
from todacomm.core.facts import RunWarning
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.gates.judging import CHANGED, judged
from todacomm.gates.pairing import SHOWN, check_half_samples
from todacomm.gates.parts import part_of_shape
from todacomm.gates.result import Gate
from todacomm.results.table import framed
from todacomm.results.texts import user_columns
from todacomm.settings.gate import GateConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

EMPTY = "(empty)"


def gate_groups(base: "Analysis", config: GateConfig, progress: Progress = silent) -> Gate:
    """Judge the shape of two groups of the base's texts.

    Raises
    ------
    ValueError
        The texts have no such column, it has not two values, a group is too small, there are no clouds, or half-samples
        are of clusters, where those of a group are of its texts.
    """
    check_half_samples({base.run_name: base})
    if cluster := base.config.inference.cluster:
        raise ValueError(
            f"a gate of groups halves texts by themselves: analyse {base.run_id} without cluster={cluster}"
        )
    rows_of, names = members(base.texts, config.groups)
    texts = np.sort(np.concatenate(rows_of))
    clouds = {layer: base.cloud(layer)[texts] for layer in base.layer_names}
    replicates = base.config.inference.replicates
    values, size = _measured(base, clouds, np.isin(texts, rows_of[1]), config, replicates, progress)
    observed, halves = values.observed, values.halves
    part = part_of_shape(observed[:, 0], observed[:, 1], halves[:, :, 0], halves[:, :, 1], config)
    table, texts_if_same = judged([part], [(name, name) for name in clouds], base, size, config)
    table = _with_p(table, values)
    first, second = (" ".join(f"{config.groups[0]} {name}".split()) for name in names)  # each in one line
    warnings = []
    if config.measures:
        warnings.append(RunWarning("no_places", "places are not compared: the groups hold different texts"))
    if out := len(base.texts) - len(texts):
        warnings.append(RunWarning("no_group", f"{out} of {len(base.texts)} texts are in neither group"))
    warnings += [warning for warning in base.warnings if warning.code not in SHOWN]
    return Gate(config, (first, second), (base,), table, framed([], CHANGED), size, texts_if_same, tuple(warnings))


def with_permuted_texts(result: Gate, progress: Progress = silent) -> Gate:
    """A gate of one model on two sets of texts, beside p from permutations of which set each text is of.

    As it is where no permutation is asked for, where the two are different models, and, with a warning, without clouds.
    """
    base, candidate = result.analyses
    of_model = [(model_of(one), one.layer_names) for one in result.analyses]
    if of_model[0] != of_model[1] or not (result.config.permutations and result.config.metrics):
        return result
    without = [f"run {one.run_id} has no clouds" for one in result.analyses if one.config.no_clouds]
    without += ["texts of one cluster are no separate draws"] if base.clusters else []
    if without:
        reason = f"which set each text is of is not permuted: {without[0]}"
        return replace(result, warnings=(*result.warnings, RunWarning("no_labels", reason)))
    clouds = {name: np.concatenate([base.cloud(name), candidate.cloud(name)]) for name in base.layer_names}
    in_second = np.repeat([False, True], [base.dataset.samples, candidate.dataset.samples])
    values, _ = _measured(base, clouds, in_second, result.config, 0, progress)
    return replace(result, table=_with_p(result.table, values))


def _measured(
    base: "Analysis",
    clouds: Mapping[str, np.ndarray],
    in_second: np.ndarray,
    config: GateConfig,
    replicates: int,
    progress: Progress,
) -> tuple[GroupValues, int]:
    """Metrics of both groups, layers as their last axis but two, and how many texts of each are measured."""
    rng = np.random.default_rng(config.analysis.record.seed)
    rows = group_rows(in_second, rng, permutations=config.permutations, replicates=replicates)
    threads = worker_threads(config.analysis.topology.threads)
    values: list[GroupValues] = []
    shapes = measure_shape(base.config, clouds, progress)
    for layer, shape in counted(shapes.items(), "groups", len(clouds), progress):
        values.append(measure_groups(shape, clouds[layer], rows, threads=threads))
    columns = [INTERVAL_METRICS.index(metric) for metric in config.metrics]
    parts = (np.stack([getattr(one, name) for one in values], axis=-3) for name in ("observed", "permuted", "halves"))
    return GroupValues(*(part[..., columns] for part in parts)), rows.observed.shape[1]


def _with_p(table: pd.DataFrame, values: GroupValues) -> pd.DataFrame:
    p, adjusted = (p.ravel() for p in label_p_values(values.observed, values.permuted))
    return table.assign(p_labels=p, p_labels_adjusted=adjusted)


def members(texts: pd.DataFrame, groups: Sequence[str]) -> tuple[list[np.ndarray], list[str]]:
    """Rows of the first and of the second group, and the values that name them.

    Parameters
    ----------
    groups : sequence of str
        A column, and where it has other values than two, those of the groups. A cell without a value has the name
        ``(empty)``, which is no third one beside two.

    Raises
    ------
    ValueError
        The texts have no such column, it has not two values, or no text has one of those given.

    >>> members(pd.DataFrame({"tongue": ["en", "fr", "en"]}), ["tongue"])[0][0].tolist()
    [0, 2]
    """
    column, *wanted = groups
    if column not in texts:
        known = ", ".join(user_columns(texts)) or "none"
        raise ValueError(
            f"the texts have no column {column!r} (their own columns: {known}): choose one, or name it in text_columns"
        )
    values = texts[column].map(_value).to_numpy()
    there = sorted(set(values))
    if len(there) == 3 and EMPTY in there:
        there.remove(EMPTY)  # two groups, and texts of neither
    if not wanted and len(there) != 2:
        advice = f"name two of them, groups={column},FIRST,SECOND" if len(there) > 2 else "a gate compares two groups"
        raise ValueError(f"column {column!r} has the values {', '.join(there[:8])} ({len(there)} in all): {advice}")
    names = wanted or there
    rows = [np.flatnonzero(values == name) for name in names]
    empty = [name for name, own in zip(names, rows, strict=True) if not len(own)]
    if empty:
        raise ValueError(f"no text has {column}={empty[0]}: there are {', '.join(there[:8])}")
    return rows, names


def _value(value: Any) -> str:
    """A cell as it is typed: whole numbers without a point."""
    if isinstance(value, float):
        return EMPTY if math.isnan(value) else f"{value:.15g}"
    return str(value) or EMPTY
