"""Which analysis a user means: the id of its run, a beginning of that, its name, its model, or the latest."""

import re

from todacomm.models.names import model_name
from todacomm.tracking.search import search_analyses

LATEST = "latest"
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_NAMED_IN_ERROR = 8


def find_analysis(text: str) -> str:
    """Id of the finished analysis that ``text`` means.

    Parameters
    ----------
    text : str
        A whole id, the name of a run, the beginning of an id, ``latest``, or a model, which means its newest analysis,
        one with trained weights where there is any. What is named first here goes first.

    Raises
    ------
    ValueError
        Nothing fits, or more than one; the message names them.
    """
    if _RUN_ID.fullmatch(text):
        return text
    analyses = search_analyses()
    if analyses.empty:
        raise ValueError("no analysis is finished in this store: `todacomm run` makes one")
    if text == LATEST:
        return str(analyses["run_id"].iloc[0])
    fitting = analyses[analyses["run_name"] == text]
    if fitting.empty:
        fitting = analyses[[bool(text) and run_id.startswith(text) for run_id in analyses["run_id"]]]
    if fitting.empty:
        of_model = analyses[analyses["model"].isin([text, model_name(text)])]
        trained = of_model[of_model["weights"] == "trained"]
        fitting = (trained if len(trained) else of_model).head(1)
    if len(fitting) == 1:
        return str(fitting["run_id"].iloc[0])
    problem = f"{len(fitting)} analyses are meant by {text!r}" if len(fitting) else f"no finished analysis {text!r}"
    listed = (fitting if len(fitting) else analyses).head(_NAMED_IN_ERROR)
    known = ", ".join(
        f"{run_id[:8]} ({name})" for run_id, name in zip(listed["run_id"], listed["run_name"], strict=True)
    )
    raise ValueError(f"{problem}: choose {LATEST}, or the beginning of an id, newest first: {known}")
