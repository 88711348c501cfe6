"""What a gate found: one row a layer and metric, and the verdicts that follow from them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from todacomm.core.equivalence import DIFFERENT, PLACE_MEASURES, UNDECIDED, UNDEFINED, overall
from todacomm.core.facts import RunWarning
from todacomm.core.metrics import LAYER_METRICS
from todacomm.settings.gate import VERDICT_CODES, GateConfig

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

FEWEST_TEXTS = 50
"""Under so many no verdict but ``undecided`` is given. With 20 texts a third of runs without any difference were called
different where rows are skewed; and texts of which none differs leave open, with 95 %, that one in ``n / 3`` does: one
in 7 with 20, one in 17 with 50."""


class SideWarning(NamedTuple):
    """A warning that one of the two analyses has and the other one has not.

    Attributes
    ----------
    code, text, layer : str
        As in :class:`todacomm.core.facts.RunWarning`.
    side : str
        What the side is called.

    >>> print(SideWarning("few_distinct", "3 distinct points of 60", "layer_0", "gpt2 on pydoc"))
    gpt2 on pydoc: layer_0: 3 distinct points of 60
    """

    code: str
    text: str
    layer: str
    side: str

    def __str__(self) -> str:
        return f"{self.side}: {RunWarning(self.code, self.text, self.layer)}"


@dataclass(frozen=True)
class Gate:
    """Verdicts on two analyses, or on two groups of texts in one.

    Attributes
    ----------
    names : tuple of str
        What base and candidate are called.
    analyses : tuple of Analysis
        The base, and the candidate; the base alone where groups of its texts are compared.
    table : DataFrame
        One row a layer and metric: ``aspect`` (``shape`` or ``places``), ``layer, layer_candidate, depth, metric,
        base, candidate, difference, relative, se, lo, hi, p, p_adjusted, margin, verdict, missing,
        smallest_difference, smallest_margin, texts_to_settle``, and of groups ``p_labels, p_labels_adjusted``. Layers
        are ordered by depth; plain where the two sides order the same names differently.
    changed : DataFrame
        The texts whose neighbours changed most: ``rank, text`` (its row)``, id, lost, layer, lost_in_layer, ending``.
    n_texts : int
        Of each side.
    texts_if_same : float
        Texts at which a candidate without any difference would be called the same everywhere, with 80 %.
    """

    config: GateConfig
    names: tuple[str, str]
    analyses: "tuple[Analysis, ...]"
    table: pd.DataFrame
    changed: pd.DataFrame
    n_texts: int
    texts_if_same: float
    warnings: tuple[RunWarning | SideWarning, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """What base and candidate are called where they are models; the one model where the names are of texts."""
        of_texts = len({side.dataset.digest for side in self.analyses}) > 1 or len(self.analyses) == 1
        own = tuple(dict.fromkeys(side.model.name for side in self.analyses))
        return own if of_texts else self.names

    @property
    def verdict(self) -> str:
        """Of the whole run: ``same``, ``different`` or ``undecided``, which is: not enough texts."""
        return self._of(self.table)

    @property
    def aspects(self) -> dict[str, str]:
        """Verdict by aspect."""
        return {str(name): self._of(rows) for name, rows in self.table.groupby("aspect", sort=False)}

    @property
    def layers(self) -> dict[str, dict[str, str]]:
        """Layer -> verdict by aspect; ``undefined`` where neither side has anything to compare."""
        return {
            str(layer): {str(aspect): _overall(part) for aspect, part in rows.groupby("aspect", sort=False)}
            for layer, rows in self.table.groupby("layer", sort=False, observed=True)
        }

    @property
    def different(self) -> list[str]:
        """Layers that differ, in the order of depth."""
        return list(dict.fromkeys(self.table.loc[self.table["verdict"] == DIFFERENT, "layer"]))

    @property
    def texts_to_settle(self) -> float:
        """Texts at which all that is open would be settled with 80 %; nan where nothing is, inf where none would do."""
        return float(self.table["texts_to_settle"].max())

    @property
    def texts_for_verdict(self) -> float:
        """The same for an open run: until a cell is different, where one is estimated so, else until none is open."""
        if self.verdict != UNDECIDED:
            return float("nan")
        rows = self.table
        beyond = (rows["difference"].abs() > rows["margin"]) & ((rows["lo"] > 0.0) | (rows["hi"] < 0.0))
        return float(rows.loc[beyond, "texts_to_settle"].min()) if beyond.any() else self.texts_to_settle

    @property
    def open_cells(self) -> "pd.Series[bool]":
        """Which rows leave the run open: undecided, or undefined in one of the two; all where nothing is defined."""
        undefined = self.table["verdict"] == UNDEFINED
        of_one = undefined & (self.table["missing"] != "both")
        return (self.table["verdict"] == UNDECIDED) | (undefined if undefined.all() else of_one)

    @property
    def exit_code(self) -> int:
        """0, or 3 or 4 where the settings fail on the verdict."""
        return VERDICT_CODES[self.verdict] if self.verdict in self.config.fail_on else 0

    @staticmethod
    def _of(rows: pd.DataFrame) -> str:
        verdict = _overall(rows)
        return UNDECIDED if verdict == UNDEFINED else verdict


@dataclass(frozen=True)
class GatePlan:
    """What the texts of a base can show of a candidate that is not known yet.

    Attributes
    ----------
    table : DataFrame
        One row a metric and correlation of the candidate's errors with the base's: ``metric, correlation, texts,
        margin, relative, smallest_difference, smallest_margin``, the largest over the layers. ``texts`` are those at
        which a candidate without any difference is called the same in all layers; metric ``all`` is all at once.
    """

    config: GateConfig
    base: "Analysis"
    table: pd.DataFrame
    n_texts: int


def _overall(rows: pd.DataFrame) -> str:
    return overall(rows["verdict"].to_numpy(dtype=str), rows["missing"].to_numpy(dtype=str))


def metric_label(name: str) -> str:
    """What a metric or a measure is called.

    >>> metric_label("cka_distance"), metric_label("mean_cosine")
    ('1 − CKA', 'Mean cosine')
    """
    return PLACE_MEASURES[name].label if name in PLACE_MEASURES else LAYER_METRICS[name].short


def at_least(texts: np.ndarray, verdicts: np.ndarray, n_texts: int) -> tuple[np.ndarray, np.ndarray]:
    """Verdicts and texts to settle with the rule on :data:`FEWEST_TEXTS`.

    >>> verdicts, texts = at_least(np.array([np.nan, 900.0]), np.array(["same", "undecided"]), 20)
    >>> verdicts.tolist(), texts.tolist()
    (['undecided', 'undecided'], [50.0, 900.0])
    """
    if n_texts >= FEWEST_TEXTS:
        return verdicts, texts
    defined = verdicts != UNDEFINED
    return np.where(defined, UNDECIDED, verdicts), np.where(defined, np.fmax(texts, float(FEWEST_TEXTS)), texts)
