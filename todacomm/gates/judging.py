"""From two analyses to verdicts: shape and places of all layers, judged together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.identity import DATASETS, MODELS, labels, model_of
from todacomm.core.equivalence import DIFFERENT, judge, judgement_rows, most_changed, side_by_side
from todacomm.core.facts import RunWarning
from todacomm.gates.pairing import check_pair, layer_pairs, layers_left, no_places, warnings_of_both
from todacomm.gates.parts import PLACES, Part, place_part, shape_part
from todacomm.gates.result import FEWEST_TEXTS, Gate, SideWarning, at_least
from todacomm.results.table import framed, in_depth_order
from todacomm.settings.gate import GateConfig
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

CHANGED = ("rank", "text", "id", "lost", "layer", "lost_in_layer", "ending")


def gate_pair(base: "Analysis", candidate: "Analysis", config: GateConfig, progress: Progress = silent) -> Gate:
    """Judge two analyses: shape, and where both read the same texts, places.

    Raises
    ------
    ValueError
        They were measured in different ways, or one has no half-samples.
    """
    same_texts = base.dataset.digest == candidate.dataset.digest
    parts, lost = [], None
    warnings: list[RunWarning | SideWarning] = []
    over = MODELS if same_texts else DATASETS
    two_models = model_of(base) != model_of(candidate)
    ours, theirs = labels([base, candidate], MODELS if two_models else over)
    if not same_texts and two_models:
        on = f" on {base.dataset.name}", f" on {candidate.dataset.name}"
        ours, theirs = (name if place in name else name + place for name, place in zip((ours, theirs), on, strict=True))
    if two_models and model_of(base)[:3] == model_of(candidate)[:3]:
        sources = " and ".join(side.model.source for side in (base, candidate))
        warnings.append(RunWarning("one_name", f"two models have the name {base.model.name}: {sources}"))
    if base.run_id == candidate.run_id:
        ours = theirs = labels([base])[0]
        warnings.append(RunWarning("one_run", "base and candidate are one run"))
    check_pair({ours: base, theirs: candidate}, over)
    layers = layer_pairs(base, candidate)
    if config.metrics:
        parts.append(shape_part(base, candidate, layers, config))
    if config.measures:
        if reason := no_places(base, candidate, same_texts):
            warnings.append(RunWarning("no_places", f"places are not compared: {reason}"))
        else:
            part, lost = place_part(base, candidate, layers, config, progress)
            parts.append(part)
    if not parts:
        raise ValueError(f"nothing is left to compare: {reason}, and shape is none")
    n_units = min(base.n_units, candidate.n_units)
    table, texts_if_same = judged(parts, layers, base, base.dataset.samples, config, n_units)
    changed = framed([], CHANGED) if lost is None else changed_texts(base, [own for own, _ in layers], lost)
    warnings += layers_left(base, candidate, layers) + warnings_of_both(base, candidate, ours, theirs)
    n_texts = base.dataset.samples
    return Gate(config, (ours, theirs), (base, candidate), table, changed, n_texts, texts_if_same, tuple(warnings))


def judged(
    parts: Sequence[Part],
    layers: Sequence[tuple[str, str]],
    base: "Analysis",
    n_texts: int,
    config: GateConfig,
    n_units: int | None = None,
) -> tuple[pd.DataFrame, float]:
    """The table of a gate, all its cells one family, and how many texts a candidate without any difference takes.

    Where the texts of one side alone lie on a point, as what a silenced MLP adds does, they lie in other places: that
    takes no interval.
    """
    rng = np.random.default_rng(config.analysis.record.seed)
    margin = np.concatenate([part.margin for part in parts], axis=1)
    judgement = judge(side_by_side(*(part.contrast for part in parts)), margin, n_texts, rng, n_units=n_units)
    verdicts, texts = at_least(judgement.texts_to_settle, judgement.verdicts, n_texts)
    collapsed = np.isin(judgement.missing, ["base", "candidate"]) & [
        part.aspect == PLACES for part in parts for _ in part.metrics
    ]
    verdicts = np.where(collapsed & (n_texts >= FEWEST_TEXTS), DIFFERENT, verdicts)
    judgement = replace(judgement, verdicts=verdicts, texts_to_settle=texts)
    cells = [(part, i) for part in parts for i in range(len(part.metrics))]
    depths = {name: depth for _, name, depth in base.settings["layers"]}
    rows = judgement_rows(judgement, [own for own, _ in layers], [part.metrics[i] for part, i in cells])
    for place, row in enumerate(rows):
        layer, (part, column) = place // len(cells), cells[place % len(cells)]
        row |= {
            "aspect": part.aspect, "layer_candidate": layers[layer][1], "depth": depths[layers[layer][0]],
            "base": part.base[layer, column], "candidate": part.candidate[layer, column],
            "relative": bool(part.relative[column]),
        }  # fmt: skip
    first = ["aspect", "layer", "layer_candidate", "depth", "metric", "base", "candidate", "difference", "relative"]
    table = pd.DataFrame(rows)
    texts_if_same = float(np.maximum(judgement.texts_if_same, FEWEST_TEXTS))  # nan stays
    table = table[[*first, *(name for name in table if name not in first)]]
    return in_depth_order(table, zip(*layers, strict=True)), texts_if_same


def changed_texts(base: "Analysis", layers: Sequence[str], lost: np.ndarray) -> pd.DataFrame:
    """The texts whose neighbours changed most, with what is known of them."""
    texts = base.texts
    rows = [
        row
        | {"id": texts["id"].iloc[row["text"]], "ending": " ".join(str(texts["text"].iloc[row["text"]]).split()[-8:])}
        for row in most_changed(lost, layers)
    ]
    return in_depth_order(framed([row for row in rows if row["lost"] > 0.0], CHANGED), [layers])
