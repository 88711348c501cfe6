"""The words of a report and what they mean: terms first, then every number that was measured."""

from todacomm.core.loops.verdict import LOOP
from todacomm.core.metrics import LAYER_METRICS, layer_metrics, metric_of
from todacomm.core.nulls import RANDOM_WEIGHTS, ROTATION
from todacomm.results.result import Result

TERMS = {
    "layer": (
        "embedding is the input of the first block, layer_k the residual stream after block k, final the output of "
        "the last block after the final norm."
    ),
    "bar": (
        "A piece (H0), hole (H1) or void (H2) of the cloud, from the scale at which it appears (birth) to the scale "
        "at which it disappears (death). Its lifetime is death less birth; the one piece that never disappears is "
        "left out."
    ),
    "median distance": (
        "Median distance between two distinct points of a layer. Numbers in units of it do not change with the scale "
        "of the activations."
    ),
    "degenerate": "Of a cloud: fewer than half of its points are distinct. No claim is made about it.",
    "half-sample": (
        "A random half of the texts, or of the documents or speakers that they are of (the setting cluster), drawn "
        "without replacement, the same in every layer. The spread of a number over many half-samples gives its "
        "standard error and its 95 % interval; ± is half the width of the interval."
    ),
    "rotation null": (
        "Random clouds with the mean and the covariance of the layer and no other structure, made by a random "
        "rotation of the axis of the texts. What such clouds show too is explained by the covariance."
    ),
    "adjusted p": (
        "Probability that rotated clouds alone give a value at least as extreme in any of the layers (step-down "
        "max-T); with ≤ it is the least that the number of draws allows. At most .05 counts as a difference; a larger"
        " value does not show that there is none."
    ),
    "smallest detectable difference": (
        "A true difference of this size would have been distinguished from none in 80 % of samples of texts: what is "
        "smaller may be there unseen. Over several layers it is the median."
    ),
    "longer than the covariance explains": (
        "Of an H1 bar: with an adjusted p of at most .05. It is necessary for a loop and not sufficient, since a "
        "curved sheet without a loop has such bars too."
    ),
    "loop": (
        "An H1 bar that is longer than the covariance explains and reproduced: on random halves of the texts, and of "
        "their groups of neighbours, at least half of its life is left on average, and on nine halves in ten of the "
        "texts that is the longest bar."
    ),
    "place on a loop": (
        "How far around a loop a text lies, as an angle (a circular coordinate); where it begins means nothing. R says "
        "how far something known of the texts goes with it: 0 no more than by chance, 1 wholly. A number that rises "
        "evenly once around and begins again has .78, and words for its parts have more."
    ),
    "gap": (
        "A long edge of the minimum spanning tree: without it the cloud falls into two sides. The strength with which "
        "something known of the texts separates them is 0 where it is no more than by chance, and 1 where it is whole."
    ),
    "random weights": (
        "The same architecture with weights drawn at random, on the same texts: what is equal there was not learned."
    ),
}
"""What the words of a report mean, in the order in which they stand there."""


def glossary(result: Result) -> list[tuple[str, str]]:
    """Terms that the report uses, and every number that it has with its meaning."""
    measured = layer_metrics(result.config.topology.maxdim, landmarks=bool(result.config.topology.landmarks))
    of_halves = (name for name, metric in LAYER_METRICS.items() if metric.of == "halves")
    measured = (*measured, *of_halves)
    defined = [name for name in measured if any(line.curve(name).defined for line in result.depth.all())]
    return [*_terms(result), *((name, metric_of(name).meaning) for name in defined)]


def _terms(result: Result) -> list[tuple[str, str]]:
    """Those that the report of this analysis uses."""
    rotated = ROTATION in set(result.nulls["null"])
    shown = {
        "half-sample": result.config.has_intervals,
        "rotation null": rotated,
        "adjusted p": rotated,
        "smallest detectable difference": result.config.has_intervals or rotated,
        "longer than the covariance explains": rotated,
        "loop": any(any(line.verdicts) for line in result.depth.all()),
        "place on a loop": LOOP in set(result.loops["verdict"]),
        "gap": "gap" in set(result.associations["subject"]),
        "random weights": RANDOM_WEIGHTS in set(result.table["control"]),
    }
    return [(term, meaning) for term, meaning in TERMS.items() if shown.get(term, True)]
