"""How the errors of a changed model go with those of the base, which is what a plan of a gate assumes.

    python -m benchmarks.gate_correlations

The bundled models on 300 passages: correlations over half-samples of the same texts, of each layer's metrics of shape.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np

from benchmarks.gate_doses import OPTIONS
from benchmarks.gate_dosing import DOSES, OTHER_BATCHES, candidate_folder
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.demo import DEMO_MODELS
from todacomm.settings.gate import GateConfig
from todacomm.tracking import Analysis

SAMPLES = 300
TRIED = (OTHER_BATCHES, "bits 8", "bits 6", "bits 4", "bits 2", "noise 1", "noise 5", "noise 20", "pruned 50")
COLUMNS = [INTERVAL_METRICS.index(metric) for metric in GateConfig().metrics]


def correlations(base: Analysis, candidate: Analysis) -> Iterator[float]:
    """Of the half-samples of both, metric by metric and layer by layer; cells that nothing moves are left out."""
    for layer, ours in base.replicates.items():
        for one, other in zip(ours[:, COLUMNS].T, candidate.replicates[layer][:, COLUMNS].T, strict=True):
            if np.ptp(one) > 0.0 and np.ptp(other) > 0.0:
                yield float(np.corrcoef(one, other)[0, 1])


def main() -> None:
    import todacomm

    with tempfile.TemporaryDirectory() as name, chdir(name):
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{name}/mlflow.db"
        for model in DEMO_MODELS:
            base = todacomm.analyze(model=model, samples=SAMPLES, **OPTIONS)
            for dose in TRIED:
                folder = candidate_folder(model, dose, Path(name) / f"{model}-{dose}")
                candidate = todacomm.analyze(model=str(folder), samples=SAMPLES, **OPTIONS, **DOSES[dose].options)
                over_cells = np.array(list(correlations(base, candidate)))
                tenth, middle = np.quantile(over_cells, [0.1, 0.5])
                print(f"{model}, {dose}: median {middle:.3f}, nine tenths above {tenth:.3f}", flush=True)


if __name__ == "__main__":
    main()
