"""What a comparison says, as data; and the words, in one place."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.comparison.conftest import make
from tests.helpers.records import record
from todacomm.comparison.findings import clearest, findings
from todacomm.comparison.result import Comparison
from todacomm.figures.comparison.distances import draw_distances
from todacomm.figures.comparison.looks import distinct_looks, looks
from todacomm.jobs.compare import measure_comparison
from todacomm.reports.comparison_words import WORDS, sentences
from todacomm.results.findings import Finding
from todacomm.settings.comparison import ComparisonConfig


def compared() -> Comparison:
    return measure_comparison(ComparisonConfig.from_flat({"geometry": "none"}))


def of_kind(comparison: Comparison, kind: str, metric: str = "h0_total_norm") -> Finding:
    (finding,) = [f for f in findings(comparison) if f.kind == kind and f.values.get("metric", metric) == metric]
    return finding


def test_two_models_whose_intervals_overlap_differ_when_the_paired_test_says_so(store: Path) -> None:
    for name, factor in {"alpha": 1.0, "beta": 1.02}.items():
        record(make(name, 5, factor=factor))
    comparison = compared()
    largest = of_kind(comparison, "largest")
    assert (largest.labels, largest.values["tied"], largest.values["decided_by"]) == (("beta",), [], "paired")
    pair = of_kind(comparison, "pair")
    assert (pair.labels, pair.values["standing"], pair.values["layers"]) == (("alpha", "beta"), 5, 5)
    assert pair.values["difference"] < 0


def test_twins_are_not_distinguished_and_the_smallest_detectable_difference_stands_beside_it(store: Path) -> None:
    for name in ("alpha", "beta"):
        record(make(name, 5, seed=3) if name == "alpha" else noisy(make(name, 5, seed=3)))
    comparison = compared()
    largest, pair = of_kind(comparison, "largest"), of_kind(comparison, "pair")
    assert largest.values["tied"] == [{"alpha": "beta", "beta": "alpha"}[largest.labels[0]]]
    rows = comparison.tables["mean_differences"].set_index("metric")
    assert largest.values["smallest_difference"] == rows.loc["h0_total_norm", "smallest_difference"] > 0
    assert pair.values["standing"] == 0
    assert pair.values["smallest_difference"] > 0


def noisy(result: Any) -> Any:
    """The same numbers, with half-samples of its own."""
    rng = np.random.default_rng(9)
    replicates = {
        name: values * (1 + 0.05 * rng.normal(size=values.shape)) for name, values in result.replicates.items()
    }
    return dataclasses.replace(result, replicates=replicates)


def test_models_with_random_weights_are_no_rivals_of_trained_ones(models: dict[str, str]) -> None:
    """With random weights alpha is half of itself; gamma is the largest of the trained models."""
    comparison = compared()
    assert of_kind(comparison, "largest").labels == ("gamma",)
    assert of_kind(comparison, "largest").values["of_trained"]
    made = [f for f in findings(comparison) if f.kind == "training" and f.values["metric"] == "h0_total_norm"]
    assert [finding.labels for finding in made] == [("alpha",), ("beta",)]


def test_other_texts_are_compared_by_their_intervals(store: Path) -> None:
    for dataset, factor in {"pydoc": 1.0, "squad": 3.0}.items():
        result = make("alpha", 4, factor=factor, dataset=dataset)
        record(dataclasses.replace(result, dataset=dataclasses.replace(result.dataset, digest=dataset)))
    largest = of_kind(compared(), "largest")
    assert (largest.labels, largest.values["decided_by"], largest.values["tied"]) == (("squad",), "intervals", [])


def test_the_clearest_difference_is_the_largest_in_units_of_its_error() -> None:
    rows = pd.DataFrame({"layer_a": ["a", "b", "c"], "difference": [5.0, -1.0, 2.0], "se": [5.0, 0.1, 1.0]})
    assert clearest(rows)["layer_a"] == "b"
    assert clearest(rows.assign(se=0.0))["layer_a"] == "a"


TIED = {
    "others": ["b", "c"],
    "metric": "h0_total_norm",
    "value": 0.5,
    "half_width": 0.02,
    "blocks": 3,
    "smallest_difference": 0.031,
    "of_trained": False,
}


LONG: dict[str, Any] = {"layers": {"a": (2, 3), "b": (0, 3)}, "alone": {"a": 0}, "untested": []}
"""In how many layers of each the longest bar exceeds its null."""
NONE: dict[str, Any] = {"layers": {"a": (0, 3)}, "claimed": {}, "alone": {}, "untested": []}


@pytest.mark.parametrize(
    ("finding", "says"),
    [
        (Finding("largest", labels=("a",), values={**TIED, "tied": [], "decided_by": "paired"}),
         "larger there than in both others"),
        (Finding("largest", labels=("a",), values={**TIED, "tied": [], "decided_by": "paired", "of_trained": True}),
         "Of the trained models, H0 mean"),
        (Finding("largest", labels=("a",), values={**TIED, "tied": ["b"], "decided_by": "paired"}),
         "no difference from b is detected (smallest detectable difference 0.031)"),
        (Finding("largest", labels=("a",), values={**TIED, "tied": ["b"], "decided_by": "intervals"}),
         "overlaps with that of b, and no difference is shown (smallest detectable difference 0.031)"),
        (Finding("largest", labels=("a",), values={**TIED, "tied": ["c"], "decided_by": "nothing", "without": ["c"]}),
         "no interval is known of c, and so not whether they differ"),
        (Finding("pair", labels=("a", "b"), values={"metric": "h0_total_norm", "standing": 0, "layers": 7,
                                      "smallest_difference": 0.05}),
         "a and b differ in none of 7 layers (smallest detectable difference 0.050)"),
        (Finding("nearest", labels=("a", "b"), values={"value": 0.3, "chance": 0.58, "closer": 2, "layers": 9}),
         "a and b (Procrustes distance 0.300; 0.580 with the texts paired at random, closer in 2 of 9 layers)"),
        (Finding("furthest", labels=("a", "b"), values={"value": 0.3, "chance": np.nan, "closer": 0, "layers": 0}),
         "(Procrustes distance 0.300, chance not measured)"),
        (Finding("not_nearest", labels=(), values={"pairs": 3}), "None of 3 pairs of models is closer in any layer"),
        (Finding("loops", labels=("a",), values=NONE),
         "In no layer of the one analysis"),
        (Finding("loops", labels=("a", "b"), values=LONG | {"claimed": {"a": 1, "b": 0}, "alone": {"a": 1}}),
         "in a (2 of 3 layers, 1 of them not adjusted for the others); nowhere in b. A loop is detected in a (1 "
         "layer)."),
        (Finding("loops", labels=("a", "b"), values=LONG | {"claimed": {"a": 0, "b": 0}}),
         "nowhere in b. No loop is detected in any of them."),
        (Finding("loops", labels=("a", "b"), values=LONG | {"claimed": {"a": 0}}),
         "nowhere in b."),
        (Finding("loops", labels=("a",), values=NONE | {"untested": ["b", "c"]}),
         "In no layer of a is H1's longest bar longer than in rotated clouds. b and c were not compared with rotated"),
        (Finding("likelihood", labels=(), values={"likelihood": "bits_per_byte", "metric": "h0_total_norm", "models": 6,
                                    "spearman": -0.9, "p": 0.02}), "falls most clearly with bits per byte"),
    ],
)  # fmt: skip
def test_a_finding_in_words(finding: Finding, says: str) -> None:
    (sentence,) = sentences([finding])
    assert says in sentence
    assert sentence.endswith(".")


def test_the_nearest_pair_is_named_only_where_it_beats_chance(store: Path) -> None:
    """Three models of unrelated clouds; then a twin of one of them."""
    for seed, name in enumerate(("alpha", "beta", "gamma")):
        record(make(name, 4, seed=seed))
    config = ComparisonConfig.from_flat({"rtd_points": 0, "allow_mixed": True, "permutations": 39})
    kinds = [finding.kind for finding in findings(measure_comparison(config))]
    assert "not_nearest" in kinds
    assert not {"nearest", "furthest"} & set(kinds)
    record(make("delta", 4, seed=2))
    nearest = of_kind(measure_comparison(config), "nearest")
    assert set(nearest.labels) == {"gamma", "delta"}
    assert (nearest.values["closer"], nearest.values["layers"]) == (4, 4)


def test_every_kind_has_words(models: dict[str, str]) -> None:
    kinds = {finding.kind for finding in findings(measure_comparison(ComparisonConfig.from_flat({"rtd_points": 0})))}
    assert kinds >= {"largest", "pair", "loops", "training", "nearest", "furthest"}
    assert kinds <= set(WORDS)


def test_too_few_draws_find_nothing_and_deny_nothing(models: dict[str, str]) -> None:
    comparison = compared()
    before = of_kind(comparison, "loops").labels
    few = comparison.gathered.analyses[before[0]]
    rotated = (few.nulls["metric"] == "h1_max_norm") & (few.nulls["null"] == "rotation")
    few.nulls = few.nulls.assign(draws=np.where(rotated, 5.0, 99.0))  # others may have more
    assert of_kind(comparison, "loops").labels == before[1:]


def test_loops_are_counted_by_their_verdict_and_not_by_their_length(models: dict[str, str]) -> None:
    comparison = compared()
    claimed = of_kind(comparison, "loops").values["claimed"]
    assert claimed == {
        label: (analysis.loops.query("verdict == 'loop'")["layer"].nunique())
        for label, analysis in comparison.gathered.analyses.items()
    }


def test_a_layer_that_was_tested_by_itself_is_counted_as_such(models: dict[str, str]) -> None:
    comparison = compared()
    label, *_ = of_kind(comparison, "loops").labels
    analysis = comparison.gathered.analyses[label]
    assert of_kind(comparison, "loops").values["alone"][label] == 0
    longest = (analysis.nulls["metric"] == "h1_max_norm") & (analysis.nulls["layer"] == "layer_1")
    analysis.nulls = analysis.nulls.assign(
        family=analysis.nulls["family"].mask(longest, 1.0), p_adjusted=analysis.nulls["p_adjusted"].mask(longest, 0.025)
    )
    assert of_kind(comparison, "loops").values["alone"][label] == 1


def crowd(n: int) -> Comparison:
    """Many analyses with distances at random."""
    labels = [f"model-{i}" for i in range(n)]
    rng = np.random.default_rng(0)
    runs = pd.DataFrame({"label": labels, "model": labels, "revision": "", "weights": "trained", "dataset": "pydoc",
                         "points": 100})  # fmt: skip
    matrix = rng.uniform(0.5, 1.5, (n, n))
    matrix = np.where(np.eye(n, dtype=bool), 0.0, (matrix + matrix.T) / 2)
    pairs = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1 :]]
    both = pd.DataFrame(pairs, columns=["label_a", "label_b"])
    shapes = pd.concat([both.assign(degree=k, wasserstein=rng.uniform(size=len(pairs))) for k in (0, 1)])
    divergence = pd.DataFrame([{"label_a": a, "label_b": b, "rtd": rng.uniform()} for a, b in pairs])
    ranking = pd.DataFrame({"metric": "h0_total_norm", "label": labels, "value": np.linspace(1, 0.5, n), "lo": 0.2,
                            "hi": 1.2, "blocks": 4})  # fmt: skip
    empty = pd.DataFrame(columns=["label", "label_a", "label_b", "metric", "p_adjusted"])
    without = ("mean_differences", "paired_differences", "controls", "depth_curves", "correlates")
    tables = {
        "model_distances": pd.DataFrame(matrix, labels, labels),
        "diagram_distances": shapes,
        "divergences": divergence,
        "ranking": ranking,
        "similarity": pd.DataFrame(columns=["label_a", "label_b", "measure", "chance", "p_adjusted"]),
        **dict.fromkeys(without, empty),
    }
    gathered: Any = SimpleNamespace(over="models", analyses=dict.fromkeys(labels), labels=labels, runs=runs)
    return Comparison(ComparisonConfig(), gathered, tables, {})


def test_forty_models_have_forty_looks_a_picture_that_fits_a_screen_and_short_sentences() -> None:
    comparison = crowd(40)
    assert len({(look.color, look.marker) for look in looks(comparison).values()}) == 40
    assert len(set(map(str, distinct_looks(77)))) == 77
    figure = draw_distances(comparison, "Distances")
    assert figure.get_figwidth() * figure.dpi < 1800
    assert figure.get_figheight() * figure.dpi < 1800
    (sentence,) = sentences([finding for finding in findings(comparison) if finding.kind == "largest"])
    assert "and 35 others" in sentence
    assert len(sentence) < 300
