"""Which analysis a user means: the id of its run, a beginning of that, its name, its model, or the latest."""

import re
from collections.abc import Callable

import pandas as pd

from todacomm.models.names import model_name
from todacomm.tracking.comparison import COMPARISON
from todacomm.tracking.entries import ANALYSIS
from todacomm.tracking.search import full_first, named_runs, search_analyses

LATEST = "latest"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_NAMED_IN_ERROR = 8


def find_analysis(text: str, runs: pd.DataFrame | None = None) -> str:
    """Id of the finished analysis that ``text`` means.

    Parameters
    ----------
    text : str
        A whole id, the name of a run, the beginning of an id, ``latest``, or a model, which means its newest analysis,
        one with trained weights where there is any, and one that no gate made for itself. What is named first here goes
        first.
    runs : DataFrame, optional
        From :func:`todacomm.tracking.search_analyses`, where it was asked already.

    Raises
    ------
    ValueError
        Nothing fits, or more than one; the message names them.
    """
    return _meant(text, search_analyses if runs is None else lambda: runs, "analysis")


def find_recorded(text: str) -> str:
    """Id of the finished analysis or comparison that ``text`` means, as :func:`find_analysis` has it.

    Raises
    ------
    ValueError
        Nothing fits, or more than one; the message names them.
    """
    return _meant(text, lambda: named_runs((ANALYSIS, COMPARISON)), "analysis or comparison")


def _meant(text: str, search: Callable[[], pd.DataFrame], what: str) -> str:
    if _RUN_ID.fullmatch(text):
        return text
    runs = search()
    if runs.empty:
        raise ValueError(f"no {what} is finished in this store: `todacomm run` makes one")
    if text == LATEST:
        return str(runs["run_id"].iloc[0])
    fitting = runs[runs["run_name"] == text]
    if len(fitting) > 1 and "model" in fitting and (fitting["model"] == text).all():
        fitting = fitting.head(0)  # clouds of one's own, whose runs are called as they are: the newest is meant
    if fitting.empty:
        fitting = runs[[bool(text) and run_id.startswith(text) for run_id in runs["run_id"]]]
    if fitting.empty:
        analyses = runs if "model" in runs else search_analyses()
        of_model = analyses[analyses["model"].isin([text, model_name(text)])]
        trained = of_model[of_model["weights"] == "trained"]
        fitting = full_first(trained if len(trained) else of_model).head(1)
    if len(fitting) == 1:
        return str(fitting["run_id"].iloc[0])
    problem = f"{len(fitting)} runs are meant by {text!r}" if len(fitting) else f"no finished {what} {text!r}"
    listed = (fitting if len(fitting) else runs).head(_NAMED_IN_ERROR)
    known = ", ".join(
        f"{run_id[:8]} ({name})" for run_id, name in zip(listed["run_id"], listed["run_name"], strict=True)
    )
    raise ValueError(f"{problem}: choose {LATEST}, or the beginning of an id, newest first: {known}")
