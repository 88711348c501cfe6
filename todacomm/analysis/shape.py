"""The shape of every layer, several layers at a time."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import numpy as np

from todacomm.analysis.memory import homology_threads
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.threads import thread_pool
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.progress import Progress, silent


class Shaping(ExitStack):
    """Measures clouds in threads, each as soon as it is there: while the model may still be at work on later layers.

    What is left is not begun when the caller leaves early.
    """

    def __init__(self, config: AnalysisConfig) -> None:
        super().__init__()
        self._topology = topology = config.topology
        self._measure = partial(
            analyze_layer,
            pca=topology.pca,
            standardize=topology.standardize,
            maxdim=topology.maxdim,
            metric=topology.metric,
            engine=topology.engine,
            landmarks=topology.landmarks,
        )
        self._pool: ThreadPoolExecutor | None = None
        self._begun: dict[str, Future[LayerAnalysis]] = {}

    def begin(self, layer: str, cloud: np.ndarray) -> None:
        """Begin to measure a layer; one begun before is forgotten.

        Raises
        ------
        ValueError
            One layer does not fit into memory.
        """
        if self._pool is None:
            threads = homology_threads(self._topology, len(cloud))
            self._pool = self.enter_context(thread_pool(threads))
        self._begun[layer] = self._pool.submit(self._measure, cloud)

    def finish(self, clouds: Mapping[str, np.ndarray], progress: Progress = silent) -> dict[str, LayerAnalysis]:
        """Every cloud measured, those that were not begun too: layer -> analysis, in the order given."""
        for layer, cloud in clouds.items():
            if layer not in self._begun:
                self.begin(layer, cloud)
        shapes = {}
        for done, layer in enumerate(clouds, start=1):
            shapes[layer] = self._begun.pop(layer).result()
            progress("homology", done, len(clouds))
        return shapes


def measure_shape(
    config: AnalysisConfig, clouds: Mapping[str, np.ndarray], progress: Progress = silent
) -> dict[str, LayerAnalysis]:
    """Measure each cloud: layer -> analysis, in the order given.

    Raises
    ------
    ValueError
        One layer does not fit into memory.
    """
    with Shaping(config) as shaping:
        return shaping.finish(clouds, progress)
