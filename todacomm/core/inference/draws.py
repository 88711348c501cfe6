"""The tested metrics of every layer under draws of a null model."""

from collections.abc import Mapping, Sequence

import numpy as np

from todacomm.core.arrays import Array
from todacomm.core.checks import require_choice
from todacomm.core.layer import LayerAnalysis
from todacomm.core.metrics import LAYER_METRICS, TESTED_METRICS, measure
from todacomm.core.nulls import NULLS, ROTATION
from todacomm.core.streams import groups
from todacomm.core.threads import in_threads
from todacomm.core.view import CloudView
from todacomm.system.progress import Progress, counted, silent


def null_draws(
    layers: Mapping[str, LayerAnalysis],
    draws: int,
    rng: np.random.Generator,
    *,
    kind: str = ROTATION,
    metrics: Sequence[str] = TESTED_METRICS,
    skip: int = 0,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, Array]:
    """The tested metrics of every layer under draws of a null model in the space in which distances are taken.

    All layers with distinct rows share a draw, so that the draws are joint over them; a layer with duplicates has one
    of its own, of its distinct rows. More draws begin with the same ones.

    Parameters
    ----------
    kind : str
        One of :data:`todacomm.core.nulls.NULLS` whose ``space`` is ``scores``.
    metrics : sequence of str
        Those of ``TESTED_METRICS`` that are measured.
    skip : int
        Draws that are left out: they have been made.

    Returns
    -------
    dict of ndarray, shape (draws - skip, len(TESTED_METRICS))
        Layers with at least 4 distinct points; nan where a metric is not computed. Empty without draws.

    Raises
    ------
    ValueError
        An unknown kind, one of another space, or a layer with landmarks: the null is one of all points.
    """
    require_choice("null model", kind, [name for name, null in NULLS.items() if null.space == "scores"])
    draw_clouds = NULLS[kind].draw
    if draws <= skip or draw_clouds is None:
        return {}
    if any(layer.landmarks is not None for layer in layers.values()):
        raise ValueError(f"a layer with landmarks has no {kind} null: it needs the distances of all points")
    clouds = {name: layer.scores[layer.distinct] for name, layer in layers.items() if layer.defined}
    joint = [name for name in clouds if shares_draws(layers[name])]
    singly = [name for members in groups(clouds).values() for name in members if name not in joint]
    degree = min([1, *(layer.maxdim for layer in layers.values())])  # higher ones have no null
    names = [name for name in metrics if (LAYER_METRICS[name].degree or 0) <= degree]
    degree = max([0, *(LAYER_METRICS[name].degree or 0 for name in names)])

    def draw(rng: np.random.Generator) -> dict[str, dict[str, float]]:
        drawn = dict(zip(joint, draw_clouds([clouds[name] for name in joint], rng), strict=True)) if joint else {}
        for name in singly:
            (drawn[name],) = draw_clouds([clouds[name]], rng)
        return {name: measure(view(name, cloud), names) for name, cloud in drawn.items()}

    def view(name: str, cloud: Array) -> CloudView:
        layer, rows = layers[name], np.arange(len(cloud))
        eigenvalues = layer.curves["eigenvalues"]
        return CloudView(cloud, cloud, cloud, eigenvalues, rows, layer.metric, degree, layer.engine)

    # a draw of all layers at a time: its clouds are let go before the next is made
    tasks = in_threads(draw, rng.spawn(draws)[skip:] if clouds else [], threads)
    stage = f"further {NULLS[kind].label}" if skip else NULLS[kind].label
    measured = list(counted(tasks, stage, draws - skip, progress))
    shape = (len(measured), len(TESTED_METRICS))
    return {
        name: np.array([[drawn[name].get(m, np.nan) for m in TESTED_METRICS] for drawn in measured]).reshape(shape)
        for name in clouds
    }


def shares_draws(layer: LayerAnalysis) -> bool:
    """Whether a layer is drawn with the others: all of its rows are distinct."""
    return layer.defined and len(layer.distinct) == len(layer.cloud)
