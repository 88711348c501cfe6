"""The shape of every layer, several layers at a time."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from todacomm.analysis.memory import homology_threads
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.threads import in_threads
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.progress import Progress, silent


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
    measure = partial(
        analyze_layer,
        pca=topology.pca,
        standardize=topology.standardize,
        maxdim=topology.maxdim,
        metric=topology.metric,
        engine=topology.engine,
        landmarks=topology.landmarks,
    )
    threads = homology_threads(topology, max((len(cloud) for cloud in clouds.values()), default=0))
    shapes = {}
    for layer, shape in zip(clouds, in_threads(measure, clouds.values(), threads), strict=True):
        shapes[layer] = shape
        progress("homology", len(shapes), len(clouds))
    return shapes
