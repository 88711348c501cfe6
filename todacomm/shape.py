"""The shape of every layer, several layers at a time."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from todacomm.config import AnalysisConfig
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.threads import in_threads
from todacomm.memory import homology_threads
from todacomm.progress import Progress, silent


def measure_shape(
    config: AnalysisConfig, clouds: Mapping[str, np.ndarray], progress: Progress = silent
) -> dict[str, LayerAnalysis]:
    """Measure each cloud: layer -> analysis, in the order given.

    Raises
    ------
    ValueError
        One layer does not fit into memory.
    """
    topology = config.topology
    threads = homology_threads(topology, max(map(len, clouds.values()), default=0))
    measure = partial(
        analyze_layer,
        pca=topology.pca,
        standardize=topology.standardize,
        maxdim=topology.maxdim,
        metric=topology.metric,
        engine=topology.engine,
        landmarks=topology.landmarks,
    )
    shapes = {}
    measured = in_threads(measure, clouds.values(), threads)
    for done, (name, shape) in enumerate(zip(clouds, measured, strict=True), start=1):
        shapes[name] = shape
        progress("homology", done, len(clouds))
    return shapes
