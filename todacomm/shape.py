"""The shape of every layer, several layers at a time."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from todacomm.config import AnalysisConfig
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.machine import worker_threads
from todacomm.progress import Progress, silent


def measure_shape(
    config: AnalysisConfig, clouds: Mapping[str, np.ndarray], progress: Progress = silent
) -> dict[str, LayerAnalysis]:
    """Measure each cloud: layer -> analysis, in the order given."""
    topology = config.topology
    with one_thread_each(), ThreadPoolExecutor(worker_threads(topology.threads)) as pool:
        futures = {
            pool.submit(
                analyze_layer,
                cloud,
                pca=topology.pca,
                standardize=topology.standardize,
                maxdim=topology.maxdim,
                metric=topology.metric,
                engine=topology.engine,
                landmarks=topology.landmarks,
            ): name
            for name, cloud in clouds.items()
        }
        for done, _ in enumerate(as_completed(futures), start=1):
            progress("homology", done, len(futures))
    shapes = {name: future.result() for future, name in futures.items()}
    return {name: shapes[name] for name in clouds}


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Linear algebra on one thread while there are threads of our own: together they would get in each other's way."""
    with threadpool_limits(1):
        yield
