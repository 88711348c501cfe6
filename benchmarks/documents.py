"""Intervals from halves of the texts beside those from halves of their documents, and what the warning says of them.

    python -m benchmarks.documents [MODEL ...]

500 passages of the 60 articles of WikiText-2's test split; the bundled models, the encoder by CLS and by the mean.
"""

import sys

import numpy as np

from benchmarks.materials import wikitext
from todacomm.analysis.observe import observe
from todacomm.analysis.shape import measure_shape
from todacomm.core.arrays import Array
from todacomm.core.inference import (
    half_samples,
    intervals,
    intraclass_correlation,
    metric_values,
    replicate,
    widening,
)
from todacomm.core.layer import LayerAnalysis
from todacomm.settings.analysis import AnalysisConfig

SAMPLES, REPLICATES = 500, 200
OPTIONS = {"dataset": str(wikitext()), "samples": SAMPLES, "likelihood": False}
BUNDLED = (("demo-decoder", ""), ("demo-encoder", ""), ("demo-encoder", "mean"))


def ratios(layer: LayerAnalysis, cloud: Array, documents: Array) -> Array:
    """Standard errors of every metric, from halves of the documents over from halves of the texts."""
    of_texts, of_documents = (
        intervals(metric_values(layer.metrics), replicate(layer, cloud, halves).values).se
        for halves in (half_samples(SAMPLES, REPLICATES, 0, clusters) for clusters in (None, documents.tolist()))
    )
    ratio = np.divide(of_documents, of_texts, out=np.full_like(of_texts, np.nan), where=of_texts > 0.0)
    return np.asarray(ratio[np.isfinite(ratio)])


def main() -> None:
    for model, pooling in [(name, "") for name in sys.argv[1:]] or BUNDLED:
        config = AnalysisConfig.from_flat({"model": model, **OPTIONS, **({"pooling": pooling} if pooling else {})})
        observed = observe(config)
        documents = observed.texts["document"].to_numpy(dtype=str)
        shapes = {name: shape for name, shape in measure_shape(config, observed.clouds).items() if shape.defined}
        alike = [intraclass_correlation(shape.scores, documents) for shape in shapes.values()]
        measured = np.concatenate([ratios(shapes[name], observed.clouds[name], documents) for name in shapes])
        low, middle, high = np.quantile(measured, [0.1, 0.5, 0.9])
        wider = widening(max(alike), documents)
        print(
            f"{model} {pooling}: intraclass correlation {min(alike):.2f} to {max(alike):.2f}, said to be "
            f"{wider:.1f} times as wide; standard errors of {len(measured)} numbers of "
            f"{len(shapes)} layers {middle:.2f} times as large ({low:.2f} to {high:.2f} in the middle four fifths, "
            f"{np.mean(measured > wider):.1%} of them larger than said)",
            flush=True,
        )


if __name__ == "__main__":
    main()
