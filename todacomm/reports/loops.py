"""The longest H1 bars in a report: what may be claimed of each, the texts on it in order, and what it goes with."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from todacomm.core.loops.association import PERMUTATIONS
from todacomm.core.loops.verdict import FEW_TEXTS, LEVEL, LOOP, NOT_TESTED, PROMINENT, REPRODUCED
from todacomm.reports.blocks import Table
from todacomm.reports.formats import UNDEFINED, number, p_value, share
from todacomm.reports.sentences import name_of
from todacomm.results.loops import pick_loop, picture_of_loop
from todacomm.results.result import Result
from todacomm.results.texts import shown_text
from todacomm.system.units import count

CAPTION = (
    "The longest H1 bar of each layer, and every other one that is a loop. Reproduction: mean share of its life that "
    "is left on random halves of the texts, in brackets what is left on all but the worst twentieth of them. Longest "
    "there: share of the halves on which that is the longest bar, or one of the longest together with what is left of "
    "other bars of the layer. In groups: mean share of its life that is left on "
    "random halves of the groups of neighbouring texts. A loop is longer than the covariance explains (adjusted p at "
    f"most {LEVEL}), reproduced both ways (at least {share(REPRODUCED)}) and the longest there (at least "
    f"{share(PROMINENT)}); a bar with the first and without all of the others is called few texts."
)
MOST_SHOWN = 6
WIDEST = ("widest", "second widest", "third widest")


@dataclass(frozen=True, slots=True)
class LoopBlock:
    """One bar that stands out.

    Attributes
    ----------
    title, sentence : str
        The layer and the verdict; what a loop goes with, or what any other bar lacks.
    texts : list of (str, str)
        The texts on a shortest loop in order around it: id, and what is shown of the text.
    figure : str
        File of its picture; empty for a bar that is no loop.
    """

    title: str
    sentence: str
    texts: list[tuple[str, str]]
    figure: str = ""


def loop_table(result: Result) -> Table | None:
    """The longest bar of every layer and every loop; None where none was tested."""
    shown = result.loops[(result.loops["rank"] == 1) | (result.loops["verdict"] == LOOP)]
    if (shown["verdict"] == NOT_TESTED).all():
        return None
    rows = [
        [
            str(row["layer"]),
            str(int(row["rank"])),
            number(row["lifetime_norm"]),
            p_value(row["p_adjusted"], result.config.inference.nulls) if np.isfinite(row["p_adjusted"]) else UNDEFINED,
            f"{share(row['reproduction'])} ({share(row['reproduction_lo'])})"
            if np.isfinite(row["reproduction"])
            else UNDEFINED,
            *(
                share(row[name]) if np.isfinite(row[name]) else UNDEFINED
                for name in ("prominence", "group_reproduction")
            ),
            number(row["n_on_loop"]),
            str(row["verdict"]),
        ]
        for _, row in shown.iterrows()
    ]
    header = ["Layer", "Bar", "Lifetime / median distance", "adj. p", "Reproduction"]
    header += ["Longest there", "In groups", "Texts on it", "Verdict"]
    return Table("Loops", CAPTION, header, rows)


def loop_blocks(result: Result) -> list[LoopBlock]:
    """The bars that are loops, then those that few texts make, at most six: with their texts."""
    marked = _marked(result)
    marked = marked.sort_values(["verdict", "reproduction"], key=_rank_of_verdicts, ascending=[True, False])
    layers = {one.name: one for one in result.layers}
    blocks = []
    for _, row in marked.head(MOST_SHOWN).iterrows():
        layer, rank = str(row["layer"]), int(row["rank"])
        loop = pick_loop(result.loops, result.loop_points, result.texts, layer, rank)
        which = "" if rank == 1 else f", bar {rank}"
        sentence = goes_with(result, layer, rank) if loop.verdict == LOOP else what_is_left(row)
        drawn = loop.angle is not None and result.config.record.figures == "all"
        figure = f"{picture_of_loop(layers[layer], rank)}.png" if drawn else ""
        blocks.append(LoopBlock(f"{layer}{which}: {loop.verdict}", sentence, shown_texts(loop.texts), figure))
    return blocks


def not_shown(result: Result) -> str:
    """How many bars stand out beside those that are shown, and where their texts are; empty where there are none."""
    more = len(_marked(result)) - MOST_SHOWN
    return f"The texts of {count(more, 'more bar')} are in tables/loop_texts.csv." if more > 0 else ""


def what_is_left(row: pd.Series) -> str:
    """What is left of a bar on halves of the texts and of their groups."""
    texts, groups, longest = (share(row[name]) for name in ("reproduction", "group_reproduction", "prominence"))
    return (
        f"{texts} of its life is left on halves of the texts, {groups} on halves of their groups; it is the longest "
        f"bar, alone or with the layer's other longest ones, on {longest} of the halves."
    )


def shown_texts(texts: pd.DataFrame) -> list[tuple[str, str]]:
    """Id of each text and what is shown of it."""
    return [(str(text["id"]), shown_text(text)) for _, text in texts.iterrows()]


def goes_with(result: Result, layer: str, rank: int) -> str:
    """What the place on a loop goes with, strongest first; or that it goes with nothing that is known."""
    rows = result.associations
    rows = rows[(rows["subject"] == LOOP) & (rows["layer"] == layer) & (rows["rank"] == rank)]
    if not len(rows):
        return "Nothing is known of the texts that differs between them."
    clear = rows[rows["p_adjusted"] <= LEVEL].sort_values("strength", ascending=False)
    if not len(clear):
        return "The place on the loop goes with nothing that is known of the texts."
    parts = [
        f"{name_of(row['covariate'])} (R {number(row['strength'], 2)}, adjusted "
        f"p {p_value(row['p_adjusted'], PERMUTATIONS)})"
        for _, row in clear.iterrows()
    ]
    return f"The place on the loop goes with {', '.join(parts)}."


def gap_sentences(result: Result) -> list[str]:
    """What separates the two sides of the widest gaps of a layer, where anything known does."""
    rows = result.associations
    rows = rows[(rows["subject"] == "gap") & (rows["p_adjusted"] <= LEVEL)]
    sentences = []
    for _, own in rows.groupby(["layer", "rank"], sort=False):
        best = own.sort_values("strength", ascending=False).iloc[0]
        sentences.append(
            f"{best['layer']}: the two sides of the {WIDEST[int(best['rank']) - 1]} gap differ in "
            f"{name_of(best['covariate'])} (strength {number(best['strength'], 2)}, adjusted "
            f"p {p_value(best['p_adjusted'], PERMUTATIONS)})."
        )
    return sentences


def _marked(result: Result) -> pd.DataFrame:
    """The bars that stand out."""
    return result.loops[result.loops["verdict"].isin((LOOP, FEW_TEXTS))]


def _rank_of_verdicts(column: pd.Series) -> pd.Series:
    return column.map({LOOP: 0, FEW_TEXTS: 1}) if column.name == "verdict" else column
