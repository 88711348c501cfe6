"""The page docs/loop-calibration.md, written from the summary of the calibration of loops."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.loop_calibration_summary import (
    GOAL_CASE,
    GOAL_FALSE,
    GOAL_POWER,
    NULL_ALONE_REPETITIONS,
    NULL_ALONE_SIZE,
    Rows,
    Tables,
)
from todacomm.core.loops.verdict import LEVEL, PROMINENT, REPRODUCED


def render(summary: Tables) -> str:
    """The page as markdown."""
    rows = summary["claims"]
    sizes = sorted({row["n_points"] for row in rows})
    parts = [INTRODUCTION]
    for truth, (title, text) in PARTS.items():
        of_truth = [row for row in rows if row["truth"] == truth]
        if of_truth:
            parts += [f"## {title}", text, _claims_table(of_truth, sizes)]
    thresholds = summary["thresholds"]
    text = OTHER_THRESHOLDS.format(clouds=thresholds[0]["clouds"])
    parts += ["## Other thresholds", text, _threshold_table(thresholds)]
    if summary["family"]:
        parts += ["## Fourteen layers, one claim", FAMILIES, _family_table(summary["family"])]
    return "\n\n".join(parts) + "\n"


def _claims_table(rows: Rows, sizes: Sequence[int]) -> str:
    """One line a population: reproduction and what single conditions say at one size, the claim at every size."""
    header = [
        "cloud", f"reproduction, {NULL_ALONE_SIZE}", f"rotation null alone, {NULL_ALONE_SIZE}",
        f"and reproduced, {NULL_ALONE_SIZE}", *(f"a loop: {size:,}" for size in sizes),
    ]  # fmt: skip
    lines = []
    for population in dict.fromkeys(row["population"] for row in rows):
        by_size = {row["n_points"]: row for row in rows if row["population"] == population}
        middle = by_size.get(NULL_ALONE_SIZE)
        lines.append([
            population,
            "{:.2f} to {:.2f}".format(*middle["reproduction"][::2]) if middle else "",
            _percent(middle["null_alone"]) if middle and middle["null_alone"] is not None else "",
            _percent(middle["and_reproduced"]) if middle and middle["and_reproduced"] is not None else "",
            *(_claim(by_size[size]) if size in by_size else "" for size in sizes),
        ])  # fmt: skip
    return _markdown(header, lines)


def _claim(row: dict[str, Any]) -> str:
    """Share of clouds that are given a loop, bold where a goal is missed, and of how many."""
    share = row["loop"]
    case = (row["population"], row["n_points"])
    missed = (row["truth"] == "loop-free" and share > GOAL_FALSE) or (case == GOAL_CASE and share < GOAL_POWER)
    text = f"**{_percent(share)}**" if missed else _percent(share)
    return f"{text} of {row['repetitions']}"


def _threshold_table(rows: Rows) -> str:
    header = [
        "in groups",
        "reproduction",
        "prominence",
        "worst loop-free cloud",
        "above 5 %",
        "circle, .2",
        "looped, mean",
    ]
    return _markdown(
        header,
        (
            [
                f"{row['group_reproduction']:.2f}" if row["group_reproduction"] else "not asked",
                f"{row['reproduction']:.2f}", f"{row['prominence']:.2f}",
                f"{_percent(row['worst'])} ({row['worst_case'][0]}, {row['worst_case'][1]:,})", row["above_goal"],
                _percent(row["power"]) if row["power"] is not None else "", _percent(row["mean_power"]),
            ]
            for row in rows
        ),
    )  # fmt: skip


def _family_table(rows: Rows) -> str:
    header = ["layers", "points", "families", "a loop in any layer"]
    keys = ("family", "n_points", "repetitions")
    return _markdown(header, ([*(row[key] for key in keys), _percent(row["loop"])] for row in rows))


def _markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


INTRODUCTION = f"""# Calibration of loops

How often is a loop claimed of clouds that have none, and of clouds that have one? A bar of H1 is called a loop where
it is *long* (p against the longest bars of the rotations, adjusted over the layers, at most {LEVEL}), *reproduced* (on
random halves of the texts at least {REPRODUCED} of its life is left), *prominent* (on at least {PROMINENT} of the
halves it is the longest bar) and *of many* places (on halves of the groups of neighbouring texts, too, at least
{REPRODUCED} is left): [Methodology](methodology.md#loops).

The first condition alone rejects "Gaussian with this covariance", and curved sheets, which have no loop, are not that.
The second asks for other choices of the texts. The third is there for surfaces: points that are taken away fill no gap,
so that the widest gap of a surface is left on every half, among others that are wider there. The fourth is there for
clusters: a gap between a few of them is one between other texts of the same clusters, too. Its way of grouping was
chosen on the claims in clouds of up to 500 points of this page, among ten that were tried. Shares below are of
clouds in 50 dimensions in which any of the five longest bars is called a loop, with the number of clouds; a share of
5 % of 200 clouds is itself uncertain by 3 points. Each cloud is defined in `benchmarks/loop_populations.py`. Written by
`python -m benchmarks.loop_calibration` from `benchmarks/results/loop_calibration.json`."""

PARTS = {
    "loop-free": (
        "Clouds without a loop",
        f"""The goal is at most 5 % for each cloud and number of points; bold where it is missed. The rotation null
alone is that of the longest bar, of the first {NULL_ALONE_REPETITIONS} clouds; "and reproduced" adds the second
condition. Reproduction is that of the longest bar, from the 5 % to the 95 % quantile of the clouds.""",
    ),
    "looped": (
        "Clouds with a loop",
        """The goal is at least 80 % of circles with noise of .2 at 300 points. Noise of .2 is a standard deviation of
.2 in each of 50 directions about a circle of radius 1, which then holds a third of the variance (.1: two thirds; .3:
18 %); *uneven* is seven times as dense on one side, *weekdays* are seven clusters in a ring. What is not seen: noise of
.3; a circle that holds a fifth of the variance with fewer than 1,000 points, or a twentieth with any of these numbers;
and much of what has few points on one side. A ring in the plane needs more than 150 points: between its widest gaps so
few of them lie in clumps that without half of the clumps there is no ring. So does a torus of two equal circles: on
half of 150 points its surface has gaps as wide.""",
    ),
    "in between": (
        "Neither",
        """Clouds of which it depends on the scale whether they have a loop, and what is said of them: an arc that is
open by a sixth is closed by chains of points before it is filled, and clusters at the corners of a cube or of a grid
are loops of four as weekdays are a loop of seven. Clusters around a few points of a sphere lie around its gaps, and so
do other texts of the same clusters, but not those of others.""",
    ),
}

OTHER_THRESHOLDS = """{clouds:,} of these clouds, none of 1,000 points, under other thresholds of the last three
conditions: the share of claims in the loop-free cloud that has most of them, in how many loop-free clouds and sizes it
exceeds 5 %, the share of circles with noise of .2 at 300 points, and the mean over all looped clouds."""

FAMILIES = """Fourteen layers of the same texts, none with a loop: the share of families in which a loop is claimed in
any layer, with p adjusted over the layers by step-down max-T."""
