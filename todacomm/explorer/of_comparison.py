"""From a comparison to what its page shows: models on the same texts, two of them at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.differences import by_pair
from todacomm.comparison.gathering import Gathered, arrange, read
from todacomm.comparison.identity import MODELS
from todacomm.comparison.matching import residual_depths
from todacomm.comparison.result import Comparison
from todacomm.comparison.similarities import MOST_TEXTS, chosen_texts, similarity, stored_clouds
from todacomm.comparison.trajectory import trainings, with_steps
from todacomm.core.arrays import Array
from todacomm.core.clouds import distinct_rows
from todacomm.core.layer import MIN_DISTINCT, is_degenerate
from todacomm.core.similarity import SIMILARITIES
from todacomm.core.similarity.representations import NEIGHBOURS, neighbours_of
from todacomm.core.threads import one_thread_each
from todacomm.explorer.data import ComparisonData, ModelSide, SimilarityMap
from todacomm.explorer.layer_data import ExplorerLayer, Graph, Loop
from todacomm.explorer.of_analysis import leading_scores, loops_of
from todacomm.explorer.page import PAGE, explorer_page, page_file
from todacomm.explorer.payload import MAX_COMPONENTS
from todacomm.settings.comparison import ComparisonConfig
from todacomm.system.machine import worker_threads

if TYPE_CHECKING:
    from todacomm.tracking import Analysis, RecordedComparison

ROOM = 2_400_000
"""Bytes for the points of all models: texts, maps and the page itself stay within the rest of 3 MB."""
BYTES_A_POINT = 2 * (MAX_COMPONENTS + NEIGHBOURS + 5) * 4 // 3
"""Of a text in a layer: components, neighbours and the angles of five loops, 16 bits each, in base64."""
Training = tuple[str, float]


def comparison_page(comparison: Comparison) -> str:
    """The interactive page as HTML; empty where no two analyses with stored clouds read the same texts."""
    similarities = comparison.tables.get("similarity", pd.DataFrame())
    warnings = [str(warning) for warning in comparison.warnings]
    with one_thread_each():  # pictures may be drawn meanwhile
        data = comparison_data(comparison.gathered, similarities, comparison.config, warnings)
        return explorer_page(data) if data else ""


def page_of_comparison(recorded: "RecordedComparison", path: Path | None = None) -> Path:
    """The page of a recorded comparison: the one on record, else one made from the clouds of its analyses.

    ``path`` is that of :func:`todacomm.explorer.page.page_file`.

    Raises
    ------
    ValueError
        An analysis is gone, no two with stored clouds read the same texts, or the folder cannot be written.
    """
    return page_file(recorded.file(PAGE), path, lambda: _new_page(recorded))


def _new_page(recorded: "RecordedComparison") -> str:
    config = ComparisonConfig.from_flat(recorded.options)
    gathered = arrange(read(recorded.sources)[0], config)
    if not shown_labels(gathered):
        raise ValueError(
            f"run {recorded.run_id} compares no two analyses of the same texts with stored clouds: a page takes two "
            "(keep_clouds=true)"
        )
    threads = worker_threads(config.threads)
    table, warnings = similarity(gathered, threads, permutations=config.permutations, seed=config.seed)
    data = comparison_data(gathered, table, config, [str(warning) for warning in (*gathered.warnings, *warnings)])
    return explorer_page(data) if data else ""


def comparison_data(
    gathered: Gathered, similarities: pd.DataFrame, config: ComparisonConfig, warnings: Sequence[str] = ()
) -> ComparisonData | None:
    """What the page of a comparison shows; None where no two analyses with stored clouds read the same texts.

    Of at most 1,000 texts, those that similarity is measured on. Neighbours are those of the common nearest neighbours
    (:func:`todacomm.core.similarity.knn_overlap`): ten, by Euclidean distance in all dimensions.

    Parameters
    ----------
    similarities : DataFrame
        As :func:`todacomm.comparison.similarity` returns it; without rows the page has no map.
    """
    every = shown_labels(gathered)
    if not every:
        return None
    steps = _steps(gathered, config)
    labels = fitting(gathered, every, steps)
    analyses = {label: gathered.analyses[label] for label in labels}
    first = analyses[labels[0]]
    if left_out := len(every) - len(labels):
        note = f"{len(labels)} of {len(every)} models are on this page: {left_out} more would be too many"
        warnings = [*warnings, note]
    texts = first.dataset
    of_what = " and ".join(labels) if len(labels) == 2 else f"{len(labels)} models"
    return ComparisonData(
        title=f"{of_what} on {texts.name}",
        facts={
            "Texts": f"{texts.name}, {min(texts.samples, MOST_TEXTS)} points",
            "Neighbours": f"{NEIGHBOURS} of each text, in all dimensions",
        },
        texts=common_texts(analyses),
        sides=[_side(label, analysis, *steps.get(label, ("", np.nan))) for label, analysis in analyses.items()],
        similarities=_maps(similarities, labels),
        warnings=warnings,
    )


def shown_labels(gathered: Gathered) -> list[str]:
    """The analyses that read the same texts and have stored clouds: the most that did; none where it is only one."""
    groups: dict[str, list[str]] = {}
    for label, analysis in gathered.analyses.items():
        if gathered.over == MODELS and not analysis.config.no_clouds:
            groups.setdefault(analysis.dataset.digest, []).append(label)
    largest = max(groups.values(), key=len, default=[])
    return largest if len(largest) > 1 else []


def fitting(gathered: Gathered, labels: Sequence[str], steps: Mapping[str, Training]) -> list[str]:
    """As many as there is room for, two at least: trained before random ones, checkpoints by step.

    Of checkpoints that are too many those evenly spread over the training.
    """
    sizes = []
    for label in labels:
        analysis = gathered.analyses[label]
        sizes.append(min(analysis.dataset.samples, MOST_TEXTS) * len(residual_depths(analysis)) * BYTES_A_POINT)
    random = {label: gathered.analyses[label].model.weights == "random" for label in labels}
    ordered = sorted(labels, key=lambda label: (random[label], *steps.get(label, ("", 0.0))))
    count = max(2, ROOM // max(sizes))
    if len(ordered) <= count:
        return ordered
    spread = np.linspace(0, len(ordered) - 1, count).round().astype(int)
    return [ordered[place] for place in (spread if all(label in steps for label in ordered) else range(count))]


def common_texts(analyses: Mapping[str, "Analysis"]) -> pd.DataFrame:
    """The texts as the first analysis has them; of tokens what all agree on, and likelihood as a column a model."""
    (first, analysis), *_ = analyses.items()
    chosen = chosen_texts(analysis, MOST_TEXTS)
    tables = {label: one.texts.iloc[chosen].reset_index(drop=True) for label, one in analyses.items()}
    table = tables[first].assign(nll=np.nan)
    for name, unknown in (("last_token", ""), ("n_tokens", np.nan)):
        if not all(own[name].equals(table[name]) for own in tables.values()):
            table[name] = unknown
    for label, own in tables.items():
        if own["nll"].notna().any():
            table[f"nats a token, {label}"] = own["nll"].round(3)
    return table


def _steps(gathered: Gathered, config: ComparisonConfig) -> dict[str, Training]:
    """Training and step of the analyses that are checkpoints."""
    label_of = {analysis.run_id: label for label, analysis in gathered.analyses.items()}
    several = trainings(with_steps(gathered.analyses.values(), config.given_steps()))
    return {
        label_of[analysis.run_id]: (name, float(step))
        for name, by_step in several
        for step, analysis in by_step.items()
    }


def _side(label: str, analysis: "Analysis", training: str, step: float) -> ModelSide:
    chosen = chosen_texts(analysis, MOST_TEXTS)
    clouds = stored_clouds(analysis, MOST_TEXTS)
    depths = residual_depths(analysis)
    layers = []
    for index, (name, cloud) in enumerate(clouds.items()):
        loops = [_among(loop, chosen) for loop in loops_of(analysis, name)]
        warned = [one.text for one in analysis.warnings if one.layer == name]
        layers.append(_layer(name, index, depths[name], cloud, loops, warned))
    return ModelSide(label, layers, training, step)


def _layer(
    name: str, index: int, depth: float, cloud: Array, loops: Sequence[Loop], warnings: Sequence[str]
) -> ExplorerLayer:
    sound = bool(np.isfinite(cloud).all())
    points = np.where(np.isfinite(cloud), cloud, 0.0)
    distinct = len(distinct_rows(points)) if sound else 0
    scores, explained = leading_scores(points)
    return ExplorerLayer(
        name=name,
        index=index,
        depth=depth,
        scores=scores,
        explained=explained,
        graph=Graph(neighbours=neighbours_of(points)) if distinct >= MIN_DISTINCT else Graph(),
        loops=loops,
        degenerate=is_degenerate(distinct, len(cloud)),
        warnings=warnings,
    )


def _among(loop: Loop, chosen: np.ndarray) -> Loop:
    """A loop in the order of the texts chosen; its own texts are not known where one of them was left out."""
    place = {int(row): at for at, row in enumerate(chosen)}
    rows = [place.get(int(row), -1) for row in loop.rows]
    own = np.array(rows if min(rows, default=-1) >= 0 else [], dtype=np.int64)
    return replace(loop, rows=own, angles=None if loop.angles is None else np.asarray(loop.angles)[chosen])


def _maps(similarities: pd.DataFrame, labels: Sequence[str]) -> list[SimilarityMap]:
    """The table's grids of two models that are shown."""
    place = {label: at for at, label in enumerate(labels)}
    maps = []
    for (a, b), pair in by_pair(similarities) if len(similarities) else ():
        for measure, rows in pair.groupby("measure", sort=False) if a in place and b in place else ():
            shape = (rows["layer_a"].nunique(), rows["layer_b"].nunique())
            columns = ("value", "chance", "p_adjusted")
            values, chance, p = (rows[name].to_numpy(dtype=float).reshape(shape) for name in columns)
            beside = (chance, p) if np.isfinite(p).any() else (None, None)
            one = SIMILARITIES[str(measure)]
            maps.append(SimilarityMap(str(measure), one.short, values, place[a], place[b], one.alike > 0, *beside))
    return maps
