"""Which analyses are recorded: one row a run."""

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pandas as pd

from todacomm.models.names import model_name
from todacomm.settings.analysis import OPTIONS
from todacomm.settings.values import from_lines
from todacomm.texts.names import dataset_name
from todacomm.tracking._mlflow import MlflowClient, MlflowException, Run, pages
from todacomm.tracking.entries import ANALYSIS
from todacomm.tracking.finished import check_there
from todacomm.tracking.run import KIND
from todacomm.tracking.store import open_store, store_errors

_TAGS = (
    "model", "revision", "weights", "weights_digest", "family", "dataset", "texts_digest", "protocol", "deviations",
    "config_hash",
)  # fmt: skip
_SETTINGS = tuple(name for name in OPTIONS if name not in (*_TAGS, "run_name", "experiment_name", "output_dir", "tags"))
STATUSES = ("FINISHED", "FAILED", "KILLED", "RUNNING")
_NAMED_IN_ERROR = 20


def search_analyses(
    experiment: str | None = None,
    *,
    model: str = "*",
    dataset: str | None = None,
    revision: str | None = None,
    weights: str | None = None,
    tags: Mapping[str, str] | None = None,
    run_ids: Collection[str] | None = None,
    newest: bool = False,
    status: str | None = "FINISHED",
) -> pd.DataFrame:
    """The analyses in the tracking store, newest first.

    Parameters
    ----------
    experiment : str, optional
        Name of one experiment; all of them where it is not given.
    model : str
        The model's short name, its hub id or path, or a glob pattern of its name, such as ``gpt2*``.
    dataset : str, optional
        The short name of the texts, or the path or hub name that they were given by.
    revision, weights : str, optional
        The value itself.
    tags : mapping of str, optional
        Tags of the run, your own among them, with the values they must have.
    run_ids : collection of str, optional
        These runs and no others.
    newest : bool
        Of analyses that agree in model, texts and every setting that decides the numbers, the newest only.
    status : str or None
        One of :data:`STATUSES`; None for any.

    Returns
    -------
    DataFrame
        ``run_id, run_name, experiment, status, start_time``; model, data set and settings; ``warnings``; then the
        numbers of the whole run, such as ``expansion_ratio``, ``perplexity`` and ``n_loops``, the bars called a loop.
        Empty where nothing matches.

    Raises
    ------
    ValueError
        No such experiment, run or status, and the message names those that there are; or a run of ``run_ids`` is
        deleted, itself or with its experiment.
    """
    if status not in (None, *STATUSES):
        raise ValueError(f"unknown status {status!r}: choose {', '.join(STATUSES)} or None")
    client = open_store(writing=False)
    with store_errors(client.tracking_uri):
        experiments = {experiment.experiment_id: experiment.name for experiment in pages(client.search_experiments)}
        chosen = [id_ for id_, name in experiments.items() if experiment in (None, name)]
        if not chosen:
            known = ", ".join(sorted(experiments.values())[:_NAMED_IN_ERROR])
            raise ValueError(f"no experiment {experiment!r}: there are {known}")
        runs = _by_id(client, run_ids) if run_ids is not None else _all(client, chosen, status)
        wanted = {"revision": revision, "weights": weights}
        rows = [
            row
            for run in runs
            if run.info.experiment_id in chosen
            and status in (None, run.info.status)
            and all(run.data.tags.get(key) == text for key, text in (tags or {}).items())
            and fits_model((row := _row(run, experiments))["model"], model)
            and (dataset is None or row["dataset"] in (dataset, dataset_name(dataset)))
            and all(value is None or row[name] == value for name, value in wanted.items())
        ]
    frame = _frame(rows)
    if newest:
        frame = frame.drop_duplicates(["model", "revision", "texts_digest", "config_hash"], ignore_index=True)
    return frame


def fits_model(name: str, wanted: str) -> bool:
    """Whether a recorded model is the one that somebody asks for.

    >>> fits_model("gpt2", "gpt2*"), fits_model("phi-1_5", "microsoft/phi-1_5"), fits_model("gpt2", "bert")
    (True, True, False)
    """
    return fnmatchcase(name, wanted) or name == model_name(wanted)


def full_first(analyses: pd.DataFrame) -> pd.DataFrame:
    """Analyses without nulls, loops and page, such as a gate makes of its sides, behind the others.

    Parameters
    ----------
    analyses : DataFrame
        From :func:`search_analyses`; the order is otherwise left as it is.
    """
    if not len(analyses):
        return analyses
    lean = (analyses["nulls"] == 0) & (analyses["loops"] == 0) & analyses["explorer"].eq(False)
    return analyses.iloc[lean.argsort(kind="stable")]


def named_runs(kinds: Collection[str]) -> pd.DataFrame:
    """Finished runs of some kinds, such as ``analysis`` and ``comparison``, newest first: ``run_id, run_name``."""
    client = open_store(writing=False)
    with store_errors(client.tracking_uri):
        ids = [one.experiment_id for one in pages(client.search_experiments)]
        query = "attributes.status = 'FINISHED'"
        runs = [
            run
            for run in pages(client.search_runs, experiment_ids=ids, filter_string=query)
            if run.data.tags.get(KIND) in kinds
        ]
    runs.sort(key=lambda run: -run.info.start_time)
    return pd.DataFrame([(run.info.run_id, run.info.run_name) for run in runs], columns=["run_id", "run_name"])


def _all(client: MlflowClient, experiment_ids: list[str], status: str | None) -> Iterator[Run]:
    """Every analysis in some experiments."""
    query = f"tags.{KIND} = '{ANALYSIS}'" + (f" AND attributes.status = '{status}'" if status else "")
    return pages(client.search_runs, experiment_ids=experiment_ids, filter_string=query)


def _by_id(client: MlflowClient, run_ids: Collection[str]) -> Iterator[Run]:
    for run_id in run_ids:
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            raise ValueError(f"no run {run_id!r} in this store: todacomm.search_analyses() lists them") from error
        if run.data.tags.get(KIND) != ANALYSIS:
            raise ValueError(f"run {run_id} is no analysis: todacomm.search_analyses() lists them")
        check_there(client, run)
        yield run


def _row(run: Run, experiments: dict[str, str]) -> dict[str, Any]:
    tags = run.data.tags
    row: dict[str, Any] = {
        "run_id": run.info.run_id,
        "run_name": run.info.run_name,
        "experiment": experiments.get(run.info.experiment_id, ""),
        "status": run.info.status,
        "start_time": run.info.start_time,
    }
    row |= {name: tags.get(f"todacomm.{name}", "") for name in _TAGS}
    settings = from_lines(tags.get("todacomm.settings", ""))
    row |= {name: settings.get(name) for name in _SETTINGS}
    row["warnings"] = tags.get("todacomm.warnings", "")
    summary = {key.removeprefix("summary/"): v for key, v in run.data.metrics.items() if key.startswith("summary/")}
    return row | {f"n_{name}" if name in row else name: value for name, value in summary.items()}  # loops is a setting


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    first = ["run_id", "run_name", "experiment", "status", "start_time", *_TAGS, *_SETTINGS, "warnings"]
    rest = dict.fromkeys(name for row in rows for name in row if name not in first)
    frame = pd.DataFrame(rows, columns=[*first, *rest])
    frame["start_time"] = pd.to_datetime(frame["start_time"], unit="ms", utc=True)
    for name in _SETTINGS:
        if OPTIONS[name].kind is bool:
            frame[name] = frame[name].map({"true": True, "false": False})
        elif OPTIONS[name].kind is int:
            frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame.sort_values("start_time", ascending=False, kind="stable", ignore_index=True)
