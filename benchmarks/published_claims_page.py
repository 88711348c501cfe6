"""The page docs/published-claims.md, from what benchmarks/published_claims.py measured and from nothing else."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from benchmarks.page import markdown

Rows = Sequence[Mapping[str, Any]]


def render(stored: Mapping[str, Any]) -> str:
    """The page, with the claims that there are results for, and the numbers that tests hold."""
    claims = {name: section(stored[name]) for name, section in SECTIONS.items() if name in stored}
    return "\n\n".join([INTRODUCTION, *claims.values(), REPRODUCED, markdown(HELD_BY, NUMBERS)]) + "\n"


def _expansion(rows: Rows) -> str:
    random = [row["published"] for row in rows if row["weights"] == "random" and row["published"]]
    table = markdown(
        ["model", "weights", "distinct token embeddings of 75", "published ratio", "of 150 passages", "scale-free"],
        [
            [row["model"], row["weights"], *map(_number, (row["distinct"], row["published"], row["passages"])),
             _number(row["scale_free"])]
            for row in rows
        ],
    )  # fmt: skip
    spread = f"{min(random):.0f}- to {max(random):,.0f}-fold" if random else "not measured here"
    prose = f"With random weights the published ratio is {spread}. {WHY_EXPANSION}"
    return "\n\n".join([EXPANSION, table, _paragraph(prose), EXPANSION_COMMAND])


def _cycles(tables: Mapping[str, Rows]) -> str:
    noise, sheet = (next(row for row in tables["clouds"] if row["name"] == name) for name in ("Gaussian noise", SHEET))
    prose = (
        f"{noise['with_bars']} of {noise['n']} clouds of Gaussian noise have H1 bars, {noise['bars']:.0f} of them on "
        f"average: by the published criterion noise has cyclic structure. A bar longer than the covariance explains is "
        f"not yet a loop: {sheet['long']} of {sheet['n']} curved sheets, which have no hole, have one. By the rule of "
        f"[Loops](methodology.md#loops) {sheet['loops'] or 'none'} of them is given a loop."
    )
    parts = [CYCLES, _paragraph(prose)]
    for key, what in (("clouds", "clouds of 150 points"), ("layers", "layers of a model, 150 passages")):
        header = [what, "of them", "with H1 bars", "bars, mean", "longer than the covariance explains", "with a loop"]
        cells = [[row[name] for name in ("name", "n", "with_bars")] + [f"{row['bars']:.0f}", row["long"], row["loops"]]
                 for row in tables[key]]  # fmt: skip
        parts.append(markdown(header, cells))
    return "\n\n".join([*parts, CYCLES_COMMAND])


def _actopo(rows: Rows) -> str:
    base, tuned = rows
    at_equal = sorted(tuned["at_scale_of"][name] / base["at_scale_of"][name] for name in ("base", "instruct"))
    header = ["", *(row["name"] for row in rows)]
    lines = {
        "bars longer than 3 % of the diameter: the published beta 1": [str(row["beta_1"]) for row in rows],
        "diameter / median distance": [_number(row["diameter"]) for row in rows],
        "threshold / median distance": [f"{0.03 * row['diameter']:.4f}" for row in rows],
        "bars beyond the threshold of base": [str(row["at_scale_of"]["base"]) for row in rows],
        "bars beyond the threshold of instruct": [str(row["at_scale_of"]["instruct"]) for row in rows],
        "published beta 1 of rotated clouds, mean ± sd": [
            f"{row['rotations']:.1f} ± {row['rotations_sd']:.1f}" for row in rows
        ],
        "longest bar: p against rotations": [f"{row['longest_p']:.3f}" for row in rows],
        "longest bar: reproduction, all dimensions": [f"{row['reproduction']:.2f}" for row in rows],
        "longest bar: reproduction, 50 components": [f"{row['reproduction_standard']:.2f}" for row in rows],
        "loops": [str(row["loops"]) for row in rows],
    }
    prose = (
        f"{tuned['beta_1'] / base['beta_1']:.1f}-fold is what the unit makes of it. The threshold is a share of the "
        f"largest distance, and that is {base['diameter']:.2f} median distances in one cloud and "
        f"{tuned['diameter']:.2f} in the other: the second is asked for shorter bars. At equal scale the growth is "
        f"{at_equal[0]:.1f}- to {at_equal[1]:.1f}-fold. And a count of long bars is no count of loops: clouds with the "
        f"same covariance and no other structure have {base['rotations']:.1f} and {tuned['rotations']:.1f} of them "
        f"(p {base['p']:.3f} and {tuned['p']:.3f}), and the longest bars come back on halves of the texts to "
        f"{base['reproduction']:.2f} and "
        f"{tuned['reproduction']:.2f} of their life, where a loop needs half: {_loops(base, tuned)}."
    )
    return "\n\n".join([ACTOPO, markdown(header, ([name, *cells] for name, cells in lines.items())), _paragraph(prose)])


def _loops(*rows: Mapping[str, Any]) -> str:
    n_loops = sum(row["loops"] for row in rows)
    return "no loop is claimed in either" if not n_loops else f"{n_loops} loops are claimed"


def _paragraph(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _number(value: float | None) -> str:
    """Three digits; a dash where it is not defined.

    >>> _number(1434.44), _number(56.515), _number(1.0349), _number(None)
    ('1,434', '56.5', '1.03', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


SHEET = "curved sheet"
SECTIONS = {"expansion": _expansion, "cycles": _cycles, "actopo": _actopo}
"""Claim -> its section from its results."""

INTRODUCTION = """# Published claims, and what becomes of them

Claims of papers and packages that measure the same things, measured again with what they leave out: scale divided out,
random weights, clouds without a loop, halves of the texts. Numbers are written by
`python -m benchmarks.published_claims` from `benchmarks/results/published_claims.json`."""

EXPANSION = """## "BERT shows 2x expansion; decoders show 55-694x"

todacomm 0.1.0, on its README. The ratio is the largest H0 total of any layer over that of the token embeddings, on 75
rows of WikiText-2 (`--protocol todacomm-0.1`, `expansion_ratio_published`); then on 150 passages of Python's
documentation that end anywhere; and, scale-free, what is left of it in units of each layer's median distance
(`expansion_ratio_norm`)."""
WHY_EXPANSION = (
    "Three things make it. The activations grow with depth, whatever the weights. Rows of WikiText end in few tokens, "
    "so that the denominator is the spread of a few dozen points. And the bar that never ends is counted as one: at an "
    "encoder's CLS position all token embeddings are one point, that bar is the whole denominator, and the ratio is "
    "the total of another layer in the units of its activations. With scale divided out the number is near one, the "
    "least there is; it is not defined (-) where under half of the points of the embedding are distinct. GPT-2 was "
    "measured with random weights and by the published protocol alone."
)
EXPANSION_COMMAND = """```bash
mlflow run . --env-manager=local -P weights=random -P protocol=todacomm-0.1 -P dataset=wikitext2   # as published
mlflow run . --env-manager=local -P weights=random -P samples=150                                  # of 150 passages
```"""

CYCLES = """## "All models show cyclic structure in all layers"

todacomm 0.1.0, from H1 counts and totals above zero."""
CYCLES_COMMAND = """How often a loop is claimed of 29 kinds of cloud without one, and which loops are not seen, is in
[Calibration of loops](loop-calibration.md).

`mlflow run . --env-manager=local -P samples=150`"""

ACTOPO = """## "Alignment expands beta 1 from 12 to 50"

actopo 0.1.0 (Python Package Index, MIT), which ships activations of Qwen2.5-0.5B and Qwen2.5-0.5B-Instruct: the last
token of 600 prompts at the middle layer, 896 dimensions. The published numbers are reproduced exactly:

`mlflow run . --env-manager=local -P model=clouds:example_base.npy -P protocol=actopo-v5`"""

REPRODUCED = """## Numbers reproduced to the digit

Where a program prints what it computes from data that can be drawn again, ours gives the same. Each row is a test."""
HELD_BY = ["source", "what", "published", "test"]
_RTD, _SKDIM, _ACTOPO = (f"tests/published/test_{name}.py" for name in ("rtd", "scikit_dimension", "actopo"))
NUMBERS = [
    ["RTD, `experiments/MetricsTest.ipynb`", "100 points in the unit cube of ten dimensions, H0: bars, longest, middle",
     "99, 1.029450, .7081251", f"`{_RTD}::test_the_barcode_of_one_cloud`"],
    ["", "the same, H1", "103, .2140096, .0468186", f"`{_RTD}::test_the_barcode_of_one_cloud`"],
    ["", "divergence of two such clouds, H1", "149, .3688220, .0489893",
     f"`{_RTD}::test_the_barcode_of_the_divergence_in_one_direction`"],
    ["", "cross-barcode of the two, H0; H1", "100, .8050578, .6483409; 79, .1616462, .0495516",
     f"`{_RTD}::test_the_cross_barcode`"],
    ["RTD, `README.md`", "divergence of two clouds of 1,000 points, ten trials", "35.552344",
     "`tests/core/similarity/test_rtd.py::test_the_published_example_all_trials`"],
    ["scikit-dimension 0.5 and DADApy", "TwoNN of a ball of five dimensions, a sphere of four",
     "4.113138917, 3.328071611", f"`{_SKDIM}::test_twonn`"],
    ["", "Gride of the ball at neighbours 2, 4, ... 64", "4.113139, 4.666934, 4.312445, 4.398278, 4.275311, 3.838469",
     f"`{_SKDIM}::test_gride_over_scale`"],
    ["", "Gride of the sphere", "3.328072, 3.971152, 3.887875, 3.813707, 3.733099, 3.589144",
     f"`{_SKDIM}::test_gride_over_scale`"],
    ["actopo 0.1.0", "H1 bars longer than 3 % of the diameter, base and instruct", "12, 50",
     f"`{_ACTOPO}::test_the_published_counts`"],
    ["todacomm 0.1.0", "H0 totals, the essential bar counted as one", "its own, on six clouds",
     "`tests/core/metrics/test_whole_run.py::test_published_totals_are_those_of_the_published_package`"],
]  # fmt: skip
