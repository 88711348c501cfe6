"""The interpretation: sentences that follow from the numbers, and say so where nothing follows."""

import numpy as np

from todacomm.core.layer import DOUBTFUL_SHARE
from todacomm.core.metrics import LAYER_METRICS
from todacomm.reports.formats import fold, layers, listing, number, plus_minus, share
from todacomm.reports.verdicts import controls, loops, totals
from todacomm.results.depth import ROTATION, Depth, read_depth
from todacomm.results.result import Result
from todacomm.results.table import RUN_LAYER, own_rows, run_values

EMBEDDING = "embedding"
PARTS = {"attention": "attention", "ffn": "MLP"}
"""What a reader calls the parts of a block."""
CONSERVATIVE = {"h0_entropy", "h1_entropy", "twonn_dimension", "effective_rank"}


def findings(result: Result) -> list[str]:
    """What the numbers of an analysis say, one sentence or two each, in plain text.

    Nothing here depends on the scale of the activations. A layer under half of whose points are distinct is left out
    of every claim. Detected means an adjusted p of at most .05 against the rotation null; what is not detected may
    still be there.
    """
    depth = read_depth(result)
    sound = depth.sound
    said = soundness(result, depth)
    if sound.any():
        said += loops(depth, sound)
        said += totals(depth, sound)
        said += scale(depth, sound)
        said += published(result, depth)
        said += dimension(depth, sound)
        said += controls(result, depth, sound)
    for kind, stream in depth.streams.items():
        said += [f"What the {PARTS[kind]} adds: {text}" for text in loops(stream, stream.sound)]
    return said + certainty(result, depth)


def headline(result: Result) -> str:
    """The one or two sentences to remember, in plain text."""
    depth = read_depth(result)
    sound = depth.sound
    if not sound.any():
        return "No layer has a cloud that can be read: see the warnings."
    ratios = run_values(result.table)
    grown, left = ratios.get("expansion_ratio", np.nan), ratios.get("expansion_ratio_norm", np.nan)
    block = ratios.get("expansion_ratio_block", np.nan)
    text = ""
    if np.isfinite(grown) and np.isfinite(left):
        text = f"From the embedding to its peak the H0 mean lifetime grows {fold(grown)}; "
        text += f"with scale divided out {fold(left)} is left. "
    elif np.isfinite(block):
        text = f"From the first block to its peak the H0 mean lifetime grows {fold(block)}, scale included. "
    return text + (loops(depth, sound) or ["No null was drawn: nothing here is told from chance."])[0]


def undefined_by_construction(result: Result) -> bool:
    """Whether the embedding is one point for any texts: the first position holds the same token in all of them."""
    return result.model.pooling == "cls" and any(layer.name == EMBEDDING for layer in result.layers)


def soundness(result: Result, depth: Depth) -> list[str]:
    """Which clouds can be read at all."""
    said = []
    n_points, n_distinct = depth.curve("n_points").value, depth.curve("n_distinct").value
    sound = depth.sound
    broken = ~sound
    if undefined_by_construction(result):
        at = depth.names.index(EMBEDDING)
        if broken[at]:
            said.append(
                "The embedding is not defined by construction: with CLS pooling every text enters the first block as "
                "the same vector."
            )
            broken[at] = False
    unmeasured = broken & ~np.isfinite(n_distinct)
    if unmeasured.any():
        said.append(f"No claim is made about {layers(depth.names, unmeasured)}: nothing could be measured there.")
        broken &= ~unmeasured
    if broken.any():
        said.append(
            f"No claim is made about {layers(depth.names, broken)}: too few points are distinct there "
            f"({_span(n_distinct[broken])} of {_span(n_points[broken])}), so that the numbers describe repeated tokens "
            "rather than shape."
        )
    partly = sound & (n_distinct < DOUBTFUL_SHARE * n_points)
    if partly.any():
        worst = np.min(n_distinct[partly] / n_points[partly])
        said.append(
            f"Read {layers(depth.names, partly)} with care: under {share(DOUBTFUL_SHARE)} of the points are distinct "
            f"there, in the worst case {share(worst)}."
        )
    if not sound.any():
        said.append("No layer has a cloud that can be read: nothing can be claimed about this model on these texts.")
    if not result.config.topology.standardize:
        rogue = sound & (depth.curve("top_dim_variance").value > 0.5)
        if rogue.any():
            said.append(
                f"In {layers(depth.names, rogue)} a single coordinate carries more than half of the variance and so "
                "decides most distances; standardize=true gives every coordinate the same say."
            )
    return said


def _span(values: np.ndarray) -> str:
    low, high = np.min(values), np.max(values)
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def scale(depth: Depth, sound: np.ndarray) -> list[str]:
    """How much of the raw change over depth is left when scale is divided out."""
    spans = {}
    for metric in ("h0_mean_lifetime", "mean_norm", "h0_total_norm"):
        values = depth.curve(metric).value[sound]
        values = values[np.isfinite(values)]
        if len(values) < 2 or values.min() <= 0:
            return []
        spans[metric] = float(values.max() / values.min())
    return [
        f"Between its lowest and its highest layer the raw H0 mean lifetime changes {fold(spans['h0_mean_lifetime'])} "
        f"and the mean norm {fold(spans['mean_norm'])}; with scale divided out {fold(spans['h0_total_norm'])} is left."
    ]


def published(result: Result, depth: Depth) -> list[str]:
    """Why the published arithmetic and the scale-free ratio differ on this model."""
    ratios = run_values(result.table)
    theirs, ours = ratios.get("expansion_ratio_published", np.nan), ratios.get("expansion_ratio_norm", np.nan)
    if not np.isfinite(theirs) or EMBEDDING not in depth.names:
        return []
    at = depth.names.index(EMBEDDING)
    growth, denominator = _norm_growth(depth, at), _denominator(depth, at)
    if np.isfinite(ours):
        return [
            f"expansion_ratio_published is {number(theirs)} and expansion_ratio_norm {number(ours)} on this model "
            f"because the published arithmetic {growth}; {denominator}; it counts the essential bar as a finite one."
        ]
    return [
        f"expansion_ratio_norm is not defined with this embedding; expansion_ratio_published is {number(theirs)} all "
        f"the same, because it counts the essential bar as a finite one, so that even one point has a total; the "
        f"arithmetic {growth}; {denominator}."
    ]


def _norm_growth(depth: Depth, at: int) -> str:
    norm = depth.curve("mean_norm").value
    if not np.isfinite(norm[at]) or norm[at] <= 0:
        return "keeps the scale of the cloud"
    peak = int(np.nanargmax(norm))
    if peak == at:
        return "keeps the scale of the cloud, whose mean norm is largest at the embedding itself"
    grown = fold(norm[peak] / norm[at])
    return f"keeps the scale of the cloud, whose mean norm grows {grown} from the embedding to {depth.names[peak]}"


def _denominator(depth: Depth, at: int) -> str:
    text = "its denominator leaves the positions out"
    top, repeated = depth.curve("top_token_fraction").value[at], depth.curve("duplicate_fraction").value[at]
    if np.isfinite(top):
        text += f", so that the {share(top)} of the texts that end in the commonest token are one point there"
    if np.isfinite(repeated) and repeated > 0:
        text += f" (with positions, {share(repeated)} of the embedding's rows still repeat another)"
    return text


def dimension(depth: Depth, sound: np.ndarray) -> list[str]:
    """Where the intrinsic dimension is highest and lowest, and whether the intervals can tell them apart."""
    curve = depth.curve("twonn_dimension")
    usable = sound & np.isfinite(curve.value)
    if usable.sum() < 2:
        return []
    values = np.where(usable, curve.value, np.nan)
    top, bottom = int(np.nanargmax(values)), int(np.nanargmin(values))
    if top == bottom:
        return [f"The intrinsic dimension (TwoNN) is {number(values[top])} in every layer."]
    high, low = (plus_minus(curve.value[i], (curve.hi[i] - curve.lo[i]) / 2) for i in (top, bottom))
    text = (
        f"The intrinsic dimension (TwoNN) is highest in {depth.names[top]} ({high}) and lowest in "
        f"{depth.names[bottom]} ({low})"
    )
    if not np.isfinite([curve.lo[top], curve.hi[bottom]]).all():
        return [text + "; without intervals it is open whether they differ."]
    apart = curve.lo[top] > curve.hi[bottom]
    return [text + ("; their intervals do not meet." if apart else "; their intervals meet, so they may be equal.")]


def certainty(result: Result, depth: Depth) -> list[str]:
    """Which numbers carry no interval, and what was held against chance."""
    said = []
    measured = [name for name in LAYER_METRICS if depth.curve(name).defined]
    bare = [name for name in measured if not np.isfinite(depth.curve(name).lo).any()]
    counts = [name for name in bare if not LAYER_METRICS[name].interval]
    missing = [name for name in bare if LAYER_METRICS[name].interval]
    if measured and len(bare) == len(measured):
        config = result.config
        reasons = {"landmarks": config.topology.landmarks, "replicates=0": config.inference.replicates == 0}
        why = next((reason for reason, holds in reasons.items() if holds), "no half-sample gave one")
        said.append(f"No number carries an interval ({why}): a difference between layers may be noise of sampling.")
    else:
        if missing:
            said.append(f"No interval was obtained for {_labels(missing)}.")
        if counts:
            said.append(f"Counts and shares carry no interval: {_labels(counts)}.")
        if set(measured) & CONSERVATIVE - set(bare):
            said.append("The intervals of the entropies, TwoNN and the effective rank are wider than they need be.")
    run = own_rows(result.table)
    plain = run[np.isfinite(run["value"]) & ~np.isfinite(run["lo"]) & (run["layer"] == RUN_LAYER)]
    if len(plain):
        said.append(f"Of the whole run these carry no interval: {listing(plain['metric'].tolist())}.")
    judged = [name for name in measured if np.isfinite(depth.against(name, "p_adjusted", ROTATION)).any()]
    if not judged:
        why = "nulls=0" if result.config.inference.nulls == 0 else "no layer could be rotated"
        said.append(f"No number has a rotation null ({why}): nothing here is told from chance.")
    else:
        said.append(f"Only {_labels(judged)} are held against the rotation null; every other number is a description.")
    if "permuted_dimensions" in set(result.nulls["null"]):
        said.append("Permuted dimensions are descriptive: they allow no p-value.")
    return said


def _labels(names: list[str]) -> str:
    return listing([LAYER_METRICS[name].label for name in names])
