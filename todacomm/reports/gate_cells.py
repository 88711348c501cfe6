"""A cell of a gate in words: its difference, margin and verdict."""

import math
from collections.abc import Mapping
from typing import Any

from todacomm.core.equivalence import DIFFERENT, SAME, UNDECIDED, UNDEFINED
from todacomm.core.layer import MIN_DISTINCT
from todacomm.gates.parts import PLACES
from todacomm.gates.result import metric_label
from todacomm.reports.formats import UNDEFINED as NOT_DEFINED
from todacomm.reports.formats import number, p_value, share, signed

WORDS = {SAME: "same", DIFFERENT: "different", UNDECIDED: "not enough texts", UNDEFINED: "not defined"}
SHORT = WORDS | {UNDECIDED: "open"}
"""The same within a table."""
ABSENT = {
    "": "", "both": "in either", "base": "in the base", "candidate": "in the candidate",
    "half-samples": "on most half-samples",
}  # fmt: skip
"""Where a value is missing."""
MOST_TEXTS = 1e6
"""Texts beyond which a number says no more."""


def cell_text(row: Mapping[str, Any]) -> str:
    """A cell's difference with its interval, its margin and its verdict in one line."""
    subject = f"{metric_label(row['metric'])} in {row['layer']}"
    if row["verdict"] == UNDEFINED:
        return f"{subject}: {judged_words(row)}"
    margin = size_words(row["margin"], row["relative"])
    text = f"{subject}: {cell_words(row)}, margin {margin}: {WORDS[row['verdict']]}"
    if row["verdict"] == UNDECIDED:
        text += f"; about {texts_words(row['texts_to_settle'])} texts would settle it"
    return text


def judged_words(row: Mapping[str, Any], permutations: float = math.nan) -> str:
    """A cell of a table: its difference, verdict and p, or why it has none."""
    if row["verdict"] == UNDEFINED:
        return f"{NOT_DEFINED} {ABSENT[row['missing']]}".rstrip()
    p = row.get("p_labels_adjusted", math.nan)
    in_brackets = f" ({p_value(p, permutations)})" if math.isfinite(p) else ""
    return f"{cell_words(row)}, {SHORT[row['verdict']]}{in_brackets}"


def cell_words(row: Mapping[str, Any]) -> str:
    """The difference with half of its interval."""
    if row["verdict"] == DIFFERENT and row["missing"]:
        return f"the {row['missing']}'s texts lie on fewer than {MIN_DISTINCT} points"
    if row["difference"] == 0.0:
        return "0"
    scale = 100.0 if row["relative"] else 1.0
    text = signed(scale * row["difference"], scale * (row["hi"] - row["lo"]) / 2)
    return f"{text} %" if row["relative"] else text.removeprefix("+") if row["aspect"] == PLACES else text


def margin_words(size: float, cell: Mapping[str, Any]) -> str:
    """A margin as it was asked for, with its units."""
    return f"{share(size)} of the variance" if cell["aspect"] == PLACES else size_words(size, cell["relative"])


def size_words(size: float, relative: bool) -> str:
    """A margin or difference as a share of the base's value or in the metric's units."""
    return NOT_DEFINED if not math.isfinite(size) else share(size) if relative else number(size, 2)


def texts_words(texts: float) -> str:
    """A number of texts, as far as it says anything."""
    if math.isnan(texts):
        return NOT_DEFINED
    return f"over {number(MOST_TEXTS)}" if texts > MOST_TEXTS else number(texts)
