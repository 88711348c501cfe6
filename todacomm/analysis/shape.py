"""The shape of every layer: several layers at a time, and while the model is at work on later ones."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from types import TracebackType

import numpy as np

from todacomm.analysis.memory import homology_threads, side_by_side
from todacomm.core.layer import LayerAnalysis, analyze_distances, analyze_layer
from todacomm.core.threads import one_thread_each
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.machine import available_memory
from todacomm.system.progress import Progress, counted, silent


class Shapes:
    """Clouds measured side by side, some of them before all are there. What is left is not begun behind a ``with``."""

    def __init__(self, config: AnalysisConfig) -> None:
        self._topology = topology = config.topology
        self._measure = (
            partial(analyze_distances, maxdim=topology.maxdim, engine=topology.engine)
            if topology.distances
            else partial(
                analyze_layer,
                pca=topology.pca,
                standardize=topology.standardize,
                maxdim=topology.maxdim,
                metric=topology.metric,
                engine=topology.engine,
                landmarks=topology.landmarks,
            )
        )
        self._begun: dict[str, tuple[np.ndarray, Future[LayerAnalysis]]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._open = ExitStack()

    def __enter__(self) -> "Shapes":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def begin(self, layer: str, cloud: np.ndarray) -> None:
        """Measure a cloud beside the work that goes on; later, where half of the free memory does not hold it."""
        threads = side_by_side(self._topology, len(cloud), available_memory() // 2)
        if self._pool is not None or threads:
            self._submit(layer, cloud, threads)

    def of(self, clouds: Mapping[str, np.ndarray], progress: Progress = silent) -> dict[str, LayerAnalysis]:
        """The shape of each cloud: layer -> analysis, in the order given; what was begun with the same is only awaited.

        Raises
        ------
        ValueError
            One layer does not fit into memory.
        """
        left = {layer: cloud for layer, cloud in clouds.items() if not self._has_begun(layer, cloud)}
        if left:
            threads = homology_threads(self._topology, max(map(len, left.values())))
            for layer, cloud in left.items():
                self._submit(layer, cloud, threads)
        shapes = {}
        for layer in counted(clouds, "homology", len(clouds), progress):
            shapes[layer] = self._begun.pop(layer)[1].result()
        return shapes

    def _has_begun(self, layer: str, cloud: np.ndarray) -> bool:
        return layer in self._begun and np.array_equal(self._begun[layer][0], cloud)

    def _submit(self, layer: str, cloud: np.ndarray, threads: int) -> None:
        if self._pool is None:
            self._open.enter_context(one_thread_each())
            self._pool = ThreadPoolExecutor(threads)
            self._open.callback(self._pool.shutdown, wait=False, cancel_futures=True)
        self._begun[layer] = cloud, self._pool.submit(self._measure, cloud)


def measure_shape(
    config: AnalysisConfig, clouds: Mapping[str, np.ndarray], progress: Progress = silent
) -> dict[str, LayerAnalysis]:
    """Measure clouds that are all there, see :meth:`Shapes.of`."""
    with Shapes(config) as shapes:
        return shapes.of(clouds, progress)
