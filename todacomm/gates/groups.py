"""Two groups of texts in one model: the same metrics at equal numbers of texts, beside permuted labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.analysis.shape import measure_shape
from todacomm.core.equivalence import GroupValues, group_rows, label_p_values, measure_groups
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.gates.judging import CHANGED, judged, part_of_shape
from todacomm.gates.result import Gate
from todacomm.results.table import framed
from todacomm.results.texts import user_columns
from todacomm.settings.gate import GateConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


def gate_groups(base: "Analysis", config: GateConfig, progress: Progress = silent) -> Gate:
    """Judge the shape of two groups of the base's texts.

    Raises
    ------
    ValueError
        The texts have no such column, it has not two values, a group is too small, or there are no clouds.
    """
    rows_of, names = members(base.texts, config.groups)
    texts = np.sort(np.concatenate(rows_of))
    rng = np.random.default_rng(config.analysis.record.seed)
    replicates = base.config.inference.replicates
    rows = group_rows(np.isin(texts, rows_of[1]), rng, permutations=config.permutations, replicates=replicates)
    clouds = {layer: base.cloud(layer)[texts] for layer in base.layer_names}
    threads = worker_threads(config.analysis.topology.threads)
    values: list[GroupValues] = []
    shapes = measure_shape(base.config, clouds, progress)
    for layer, shape in counted(shapes.items(), "groups", len(clouds), progress):
        values.append(measure_groups(shape, clouds[layer], rows, threads=threads))
    columns = [INTERVAL_METRICS.index(metric) for metric in config.metrics]
    observed = np.array([one.observed for one in values])[..., columns]  # (layers, 2, metrics)
    halves, permuted = (
        np.stack([getattr(one, name) for one in values], axis=1)[..., columns] for name in ("halves", "permuted")
    )
    part = part_of_shape(observed[:, 0], observed[:, 1], halves[:, :, 0], halves[:, :, 1], config)
    size = rows.observed.shape[1]
    table, texts_if_same = judged([part], [(name, name) for name in clouds], base, size, config)
    for name, p in zip(("p_labels", "p_labels_adjusted"), label_p_values(observed, permuted), strict=True):
        table[name] = p.ravel()
    called = f"{config.groups[0]} {names[0]}", f"{config.groups[0]} {names[1]}"
    return Gate(config, called, (base,), table, framed([], CHANGED), size, texts_if_same, tuple(base.warnings))


def members(texts: pd.DataFrame, groups: Sequence[str]) -> tuple[list[np.ndarray], list[str]]:
    """Rows of the first and of the second group, and the values that name them.

    Parameters
    ----------
    groups : sequence of str
        A column, and where it has other values than two, those of the groups.

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
            f"the texts have no column {column!r} (their own columns: {known}): choose one, or text_columns"
        )
    values = texts[column].map(lambda value: f"{value:g}" if isinstance(value, float) else str(value)).to_numpy()
    there = sorted(set(values))
    if not wanted and len(there) != 2:
        raise ValueError(
            f"column {column!r} has {len(there)} values ({', '.join(there[:8])}): name two of them, "
            f"groups={column},FIRST,SECOND"
        )
    names = wanted or there
    rows = [np.flatnonzero(values == name) for name in names]
    empty = [name for name, own in zip(names, rows, strict=True) if not len(own)]
    if empty:
        raise ValueError(f"no text has {column}={empty[0]}: there are {', '.join(there[:8])}")
    return rows, names
