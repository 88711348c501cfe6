"""How time grows with points, dimensions, layers and tokens: exponents fitted in logarithms.

python -m benchmarks.growth [--form full]
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.measuring import cpu_seconds
from benchmarks.populations import gaussian
from benchmarks.reporting import Findings, Form, Table, run, seconds
from todacomm.activations import extract
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.landmarks import farthest_points
from todacomm.core.layer import analyze_layer
from todacomm.models import load_model
from todacomm.settings.analysis import AnalysisConfig, ModelConfig
from todacomm.texts import load_texts

Work = Callable[[], object]
REPEATS = 3


def measure(form: Form) -> Findings:
    points = form.pick((40, 80), (250, 500, 1000), (250, 500, 1000, 2000, 4000))
    dims = form.pick((16, 32), (256, 512, 1024), (256, 512, 1024, 2048, 4096))
    layers = form.pick((1, 2), (2, 4, 8), (4, 8, 16, 32))
    texts = form.pick((12, 24), (60, 120, 240), (60, 120, 240, 480))
    lengths = form.pick((8, 16), (32, 64, 128), (32, 64, 128, 256))
    n_points = form.pick(40, 300, 500)
    rows = [
        grown("distances in 50 dimensions", "points", points, of_points(distances)),
        grown("H0 from distances", "points", points, of_points(partial(persistence, maxdim=0), distances)),
        grown("H0 and H1 from distances", "points", points, of_points(partial(persistence, maxdim=1), distances)),
        grown("one layer, all of it", "points", points, of_points(analyze_layer)),
        grown(
            "100 landmarks", "points", [10 * n for n in points], of_points(partial(farthest_points, n_landmarks=100))
        ),
        grown(f"one layer of {n_points} points, all of it", "dimensions", dims, partial(of_dims, n_points)),
        grown(f"homology of layers of {n_points} points", "layers", layers, partial(of_layers, n_points)),
        grown("extraction, passages of 64 words", "texts", texts, of_texts),
        grown("extraction, 60 texts", "tokens a text", lengths, of_lengths),
    ]
    return Findings(
        tables=[
            Table(
                "How time grows",
                "CPU time on Gaussian clouds in 50 dimensions, and of the bundled decoder on the running Python's "
                "documentation, at the sizes given; the exponent is the slope of a line through logarithms. A cloud "
                "with more dimensions than points is reduced by the smaller of two products, and distances are taken "
                "in 50 components.",
                ["work", "grows with", "sizes", "times", "exponent"],
                rows,
            )
        ]
    )


def grown(work: str, axis: str, sizes: Sequence[int], prepare: Callable[[int], Work]) -> list[str]:
    """One row: the time at every size, and the exponent."""
    times = [cpu_seconds(prepare(size), REPEATS) for size in sizes]
    listed = ", ".join(f"{size:,}" for size in sizes)
    return [work, axis, listed, ", ".join(map(seconds, times)), f"{exponent(sizes, times):.2f}"]


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """``a`` of ``time ~ size^a`` by least squares in logarithms.

    >>> round(exponent([1, 2, 4], [3.0, 12.0, 48.0]), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def of_points(work: Callable[[np.ndarray], object], *before: Callable[[np.ndarray], np.ndarray]):
    """Work on a cloud of so many points; what comes before it is not timed."""

    def prepare(n_points: int) -> Work:
        cloud = gaussian(np.random.default_rng(0), n_points)
        for step in before:
            cloud = step(cloud)
        return lambda: work(cloud)

    return prepare


def of_dims(n_points: int, n_dims: int) -> Work:
    cloud = np.random.default_rng(0).normal(size=(n_points, n_dims))
    return lambda: analyze_layer(cloud)


def of_layers(n_points: int, n_layers: int) -> Work:
    rng = np.random.default_rng(0)
    clouds = [gaussian(rng, n_points) for _ in range(n_layers)]
    return lambda: [analyze_layer(cloud) for cloud in clouds]


def of_texts(n_texts: int) -> Work:
    loaded = load_model(ModelConfig(device="cpu"), seed=0)
    texts = load_texts(AnalysisConfig.load(None, {"samples": n_texts}).texts, seed=0).texts
    return lambda: extract(loaded, texts)


def of_lengths(n_tokens: int) -> Work:
    loaded = load_model(ModelConfig(device="cpu"), seed=0)
    texts = load_texts(AnalysisConfig.load(None, {"samples": 60}).texts, seed=0).texts
    long = [" ".join([text] * 8) for text in texts]
    return lambda: extract(loaded, long, max_length=n_tokens)


if __name__ == "__main__":
    run("growth", measure)
