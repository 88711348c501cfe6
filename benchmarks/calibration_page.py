"""The page docs/calibration.md, written from the summary of a calibration."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.calibration_summary import REGIONS, Rows, Tables
from todacomm.core.metrics import LAYER_METRICS

LEAST_RATIO, MOST_RATIO, LEAST_COVERAGE = 0.85, 1.5, 0.90


def render(summary: Tables) -> str:
    """The page, with the sections there are results for."""
    parts = [INTRODUCTION]
    for name, (title, text, table) in SECTIONS.items():
        if summary.get(name):
            parts += [f"## {title}", text, table(summary[name])]
    return "\n\n".join(parts) + "\n"


def _interval_tables(rows: Rows) -> str:
    """Ratio and coverage by metric and cloud, one table a size; the evidence for what is rescaled; the bands."""
    measured = [row for row in rows if "metric" in row]
    sizes = sorted({row["n_points"] for row in measured})
    tables = [_of_size([row for row in measured if row["n_points"] == size]) for size in sizes]
    return "\n\n".join([*tables, RULE, _rule_table(measured), BANDS, _band_table(rows)])


def _of_size(rows: Rows) -> str:
    clouds = list(dict.fromkeys((row["population"], row["repetitions"]) for row in rows))
    cells = {(row["metric"], row["population"]): _flagged(row["ratio_used"], row["coverage_used"]) for row in rows}
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    return _markdown(
        [f"{rows[0]['n_points']} points", *(f"{cloud} ({repetitions})" for cloud, repetitions in clouds)],
        ([f"`{metric}`", *(cells.get((metric, cloud), "") for cloud, _ in clouds)] for metric in metrics),
    )


def _band_table(rows: Rows) -> str:
    header = ["curve", "cloud", "points", "repetitions", *REGIONS]
    return _markdown(
        header,
        (
            [f"`{row['curve']}`", row["population"], row["n_points"], row["repetitions"]]
            + [_percent(row[region]) if region in row else "" for region in REGIONS]
            for row in rows
            if "curve" in row
        ),
    )


def _rule_table(rows: Rows) -> str:
    header = [
        "metric",
        "cloud",
        "points",
        "half / whole",
        "plain: ratio, coverage",
        "rescaled: ratio, coverage",
        "used",
    ]
    return _markdown(
        header,
        (
            [
                f"`{row['metric']}`", row["population"], row["n_points"], f"{row['half_over_full']:.2f}",
                f"{row['ratio_plain']:.2f}, {_percent(row['coverage_plain'])}",
                f"{row['ratio_rescaled']:.2f}, {_percent(row['coverage_rescaled'])}",
                "rescaled" if LAYER_METRICS[row["metric"]].grows else "plain",
            ]
            for row in rows
            if row["metric"] in ("h1_total_norm", "participation_ratio", "effective_rank")
        ),
    )  # fmt: skip


def _flagged(ratio: float, coverage: float) -> str:
    """Ratio and coverage, bold where one is outside what is promised."""
    text = f"{ratio:.2f}, {_percent(coverage)}"
    good = LEAST_RATIO <= round(ratio, 2) <= MOST_RATIO and coverage >= LEAST_COVERAGE
    return text if good else f"**{text}**"


def _plain_table(columns: Mapping[str, str]) -> Any:
    """A table with these columns of the rows, under these headings; shares in per cent."""

    def table(rows: Rows) -> str:
        return _markdown(list(columns.values()), ([_cell(key, row[key]) for key in columns] for row in rows))

    return table


def _cell(key: str, value: Any) -> str:
    if key == "metric":
        return f"`{value}`"
    if isinstance(value, float):
        return f"{value:.2f}" if key in ("ks_p", "ratio") else _percent(value)
    return str(value)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share in (0.0, 1.0) else f"{100 * share:.1f} %"


INTRODUCTION = """# Calibration

Do the intervals hold what they should, and do the p-values keep their promise? Clouds are drawn from populations whose
truth is known by drawing again and again, and each is measured as a run measures a layer: 100 half-samples, 39
rotations, PCA to 50 components. Written by `python -m benchmarks.calibration` from
`benchmarks/results/calibration.json`; the number of repetitions stands beside each result, and a share of 200
repetitions is itself uncertain by about 3 points at 95 % and 4 at 90 %.

The clouds: *gaussian*, the same spread in each of 50 directions; *anisotropic*, spread falling as r^-.7; *clustered*,
five overlapping clusters in 50 directions; *wide*, 768 directions with spread r^-.5, as a layer of a language model
has; *heavy*, anisotropic with the tails of a t distribution with five degrees of freedom."""

RULE = """### What is rescaled

A metric that grows with the number of points spreads less on half of them: its standard error is
`|T_n| sd(T_b) / |mean(T_b)|`. Half over whole says whether it grows. Spectral dimensions do where there are more
directions than points, as in every layer of a language model with fewer texts than its width."""

BANDS = """### Bands of Betti curves

How often the pointwise band holds the expected curve: where the curve is above a fifth of its peak (body), down to a
twentieth (flank), and below, where a few bars are left at most (tail); to half a bar, for bars are counted."""

SECTIONS: dict[str, tuple[str, str, Any]] = {
    "intervals": (
        "Intervals",
        """Each cell holds the standard error over the true spread between clouds (root mean square), and how often
the interval holds the expectation at this number of points. Bold: outside .85 to 1.5, or under 90 %. Empty: the
metric is the same for all of these clouds, or undefined. Repetitions in brackets.

Too wide, up to twice: H1 entropy's everywhere; mean cosine's where the mean is near zero (*gaussian*, *anisotropic*,
*heavy*); effective rank's on *gaussian*; `spectrum_alpha`'s on *wide* at 200 points. Such an interval may hide a
difference, and makes none up. Too narrow: H0 entropy's on *heavy* at 200 points. The longest H0 bar's were about a
tenth too narrow, and on *heavy*, where a few points lie far out, they held two times in three only: a single gap is
decided by a single point. It and the variance kept by the PCA, whose components are fitted on all points, are reported
without an interval.""",
        _interval_tables,
    ),
    "rotation": (
        "The rotation null is uniform on Gaussian clouds of any covariance",
        """Kolmogorov-Smirnov p of the upper p-values (spread evenly over their cells of 1/40) against the uniform
distribution, and the share in the highest and lowest 5 %.""",
        _plain_table({
            "metric": "metric", "population": "cloud", "n_points": "points", "repetitions": "repetitions",
            "ks_p": "KS p", "share_upper": "upper 5 %", "share_lower": "lower 5 %",
        }),
    ),
    "family": (
        "One claim over fourteen layers",
        """Share of families of fourteen Gaussian layers of the same texts in which step-down max-T finds anything at
the 5 % level, and the 99 % binomial bounds of a true 5 %.""",
        _plain_table({
            "metric": "metric", "n_points": "points", "repetitions": "families", "error": "family-wise error",
            "low": "at least", "high": "at most",
        }),
    ),
    "circle": (
        "A noisy circle is found",
        """Share of clouds with a circle under noise of .2 whose upper p is at most 5 %. H0's total is smaller with a
circle: the lower tail finds it, which counts in the next table, where it is judged in both.""",
        _plain_table({
            "metric": "metric", "n_points": "points", "n_dims": "dimensions", "repetitions": "repetitions",
            "power": "found",
        }),
    ),
    "planted": (
        "A noisy circle in one of fourteen layers is found there",
        """Share of runs in which the adjusted p of the layer with the circle (50 dimensions) is at most 5 %, and in
which any other layer is found: the price of asking fourteen layers at once with 39 draws. Of 40 runs up to 15 % are
within a true 5 %.""",
        _plain_table({
            "metric": "metric", "n_points": "points", "repetitions": "runs", "power": "found",
            "error_elsewhere": "found elsewhere",
        }),
    ),
    "paired": (
        "Paired differences of two models without a difference",
        """Six layers each, 120 points, the same texts and half-samples: standard error over the true spread, coverage
of 0, and the share of comparisons in which an adjusted p over the six layers is at most 5 %.""",
        _plain_table({
            "metric": "metric", "population": "cloud", "repetitions": "comparisons", "ratio": "SE ratio",
            "coverage": "coverage", "error": "family-wise error",
        }),
    ),
}  # fmt: skip
"""Table -> title, what it says, and the function that writes it."""
