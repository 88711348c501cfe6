"""From the store to one table of many analyses: which are chosen, and what they are called."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from todacomm.comparison.agreement import comparable_groups, differences, refusal
from todacomm.comparison.identity import (
    DATASETS,
    IDENTITY,
    MODELS,
    identity_of,
    labels,
    model_family,
    model_of,
    order_of,
)
from todacomm.comparison.matching import along_residual
from todacomm.core.facts import RunWarning
from todacomm.core.inference.dependence import OF_ONE_DOCUMENT
from todacomm.core.streams import ENDS, RESIDUAL, groups
from todacomm.results.table import own_rows
from todacomm.settings.base import WHICH
from todacomm.settings.comparison import ComparisonConfig
from todacomm.settings.values import spelled
from todacomm.texts.names import dataset_name

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

LABEL = "label"
_NAMED = 20
CHOOSING = tuple(name for name, option in ComparisonConfig.options().items() if option.decides == WHICH)
"""Settings that choose analyses."""
_FILTERS = ("revision", "weights", "samples", "pooling", "endings", "layers")


@dataclass(frozen=True)
class Gathered:
    """Analyses that are compared.

    Attributes
    ----------
    over : str
        ``models`` on one data set, or ``datasets`` with one model.
    analyses : mapping
        Label -> analysis, whose larger files are read when asked for.
    runs : DataFrame
        One row an analysis: ``label, run_id, model, revision, weights, kind, family, dataset, points, pooling,
        n_layers, width, n_parameters`` and the numbers of the whole run.
    table : DataFrame
        The own rows of every analysis in the tidy table, with a first column ``label``.
    differing : DataFrame
        Settings in which the analyses differ, one row each, one column a label; empty where they agree.
    """

    over: str
    analyses: Mapping[str, "Analysis"]
    runs: pd.DataFrame
    table: pd.DataFrame
    differing: pd.DataFrame
    warnings: tuple[RunWarning, ...] = ()

    @property
    def labels(self) -> list[str]:
        """What the analyses are called, in their order."""
        return list(self.analyses)


def gather(config: ComparisonConfig | None = None, **options: Any) -> Gathered:
    """Choose analyses and read their tables.

    Raises
    ------
    ValueError
        Under two match, a run cannot be read, or their settings differ and ``allow_mixed`` is off.
    """
    config = config or ComparisonConfig.from_flat(options)
    analyses, spoilt = read(choose(config)["run_id"])
    gathered = arrange(analyses, config)
    return replace(gathered, warnings=(*spoilt, *gathered.warnings))


def choose(config: ComparisonConfig) -> pd.DataFrame:
    """The rows of :func:`todacomm.search_analyses` that the settings name, newest first.

    Raises
    ------
    ValueError
        Under two are left; the message says what there is.
    """
    from todacomm.tracking import fits_model, full_first, search_analyses

    ids = config.run_ids
    every = search_analyses(config.experiment or None, run_ids=ids or None, tags=config.given_tags())
    globs = config.models or ("*",)
    rows = every[[any(fits_model(name, glob) for glob in globs) for name in every["model"]]]
    rows = fitting(rows, config)
    if config.newest and not ids and len(rows):
        digest = rows["weights_digest"].where(rows["weights"] == "trained", "")  # no other training of one name
        rows = rows.loc[~full_first(rows.assign(weights_digest=digest)).duplicated([*IDENTITY, "weights_digest"])]
    if len(rows) < 2:
        matching = "1 finished analysis matches" if len(rows) == 1 else "no finished analysis matches"
        raise ValueError(f"{matching} {_asked(config)}: a comparison needs two different ones; {_what_there_is(every)}")
    return rows.reset_index(drop=True)


def fitting(rows: pd.DataFrame, config: ComparisonConfig) -> pd.DataFrame:
    """The rows of :func:`todacomm.search_analyses` with the texts, the weights and the settings that are asked for."""
    if config.dataset:
        rows = rows[rows["dataset"].isin([config.dataset, dataset_name(config.dataset)])]
    for name in _FILTERS:
        if wanted := getattr(config, name):
            rows = rows[rows[name].map(spelled) == spelled(wanted)]
    return rows


def read(run_ids: Iterable[str]) -> tuple[list["Analysis"], list[RunWarning]]:
    """Analyses with their tables; one whose record cannot be read is left out with a warning.

    Raises
    ------
    ValueError
        Under two can be read.
    """
    from todacomm.tracking import load_readable

    analyses, spoilt = load_readable(run_ids)
    if len(analyses) < 2:
        raise ValueError("; ".join([*spoilt.values(), "a comparison needs two analyses that can be read"]))
    return analyses, [RunWarning("spoilt_run", f"left out: {reason}") for reason in spoilt.values()]


def arrange(analyses: Iterable["Analysis"], config: ComparisonConfig) -> Gathered:
    """Analyses in the order of model, revision and weights, each with a label of its own.

    Raises
    ------
    ValueError
        One has no layer of the residual stream, or their settings differ and ``allow_mixed`` is off; the message lists
        the differences, or the groups that compare with a command for each.
    """
    analyses = sorted(analyses, key=order_of)
    over = pick_over(analyses, config.over)
    labelled = dict(zip(labels(analyses, over), analyses, strict=True))
    for label, analysis in labelled.items():
        if RESIDUAL not in groups(analysis.layer_names):
            asked = spelled(analysis.settings["options"]["layers"])
            raise ValueError(
                f"{label} was analysed with layers={asked}, none of the residual stream: a comparison is along that "
                "one; analyse it again with layers=all beside them, or choose others (models=, run_ids=)"
            )
    differing = differences(labelled, over)
    if len(differing) and not config.allow_mixed:
        raise ValueError(refusal(differing, comparable_groups(analyses), everything=not _asked_for(config)))
    frames = [own_rows(analysis.tables.layers).assign(**{LABEL: label}) for label, analysis in labelled.items()]
    table = pd.concat(frames, ignore_index=True)
    table = table[[LABEL, *(column for column in table if column != LABEL)]]
    runs = pd.DataFrame([{LABEL: label, **_facts(analysis)} for label, analysis in labelled.items()])
    warnings = (*_warnings(runs, differing, over), *_of_documents(labelled), *_left_out(table))
    return Gathered(over, labelled, runs, table, differing, warnings)


def pick_over(analyses: Iterable["Analysis"], wanted: str) -> str:
    """What varies: data sets where one and the same model stands for all of them, else models."""
    if wanted != "auto":
        return wanted
    analyses = list(analyses)
    models = set(map(model_of, analyses))
    return DATASETS if len(models) == 1 and len({a.dataset.digest for a in analyses}) > 1 else MODELS


def _warnings(runs: pd.DataFrame, differing: pd.DataFrame, over: str) -> tuple[RunWarning, ...]:
    """What a reader must know of the choice."""
    warnings = []
    if len(differing):
        named = ", ".join(differing["setting"])
        text = f"the analyses differ in {named}: differences between them may come from that alone"
        warnings.append(RunWarning("mixed_settings", text))
    if over == MODELS and runs["pooling"].nunique() > 1:
        text = (
            "each model is pooled in its own way (last token, CLS or mean): differences between a decoder and an "
            "encoder are differences of that position too"
        )
        warnings.append(RunWarning("mixed_pooling", text))
    return tuple(warnings)


def _of_documents(analyses: Mapping[str, "Analysis"]) -> Iterator[RunWarning]:
    """The analyses whose intervals do not speak of other documents: nor do their differences."""
    codes = {label: {warning.code for warning in analysis.warnings} for label, analysis in analyses.items()}
    if alike := [label for label in analyses if OF_ONE_DOCUMENT in codes[label]]:
        text = (
            "texts of one document lie alike: intervals and p-values, of differences too, speak of other texts of "
            f"these documents, not of other documents (cluster=document): {', '.join(alike)}"
        )
        yield RunWarning(OF_ONE_DOCUMENT, text)


def _left_out(table: pd.DataFrame) -> Iterator[RunWarning]:
    """The blocks past which a mean over the blocks is taken, an analysis after the other."""
    rows = along_residual(table)
    rows = rows[(rows["metric"] == "h0_total_norm") & rows["value"].isna() & ~rows["layer"].isin(ENDS)]
    for label, own in rows.groupby(LABEL, sort=False):
        layers = ", ".join(own["layer"])
        text = f"{label}: means over its blocks are without {layers}, where no shape was measured"
        yield RunWarning("means_without", text)


def _facts(analysis: "Analysis") -> dict[str, Any]:
    model, texts = analysis.model, analysis.dataset
    facts: dict[str, Any] = {"run_id": analysis.run_id, **identity_of(analysis)}
    facts |= {"kind": model.kind, "family": model_family(facts["model"], model.family)}
    facts |= {"points": texts.samples, "pooling": model.pooling}
    facts |= {"n_layers": model.n_layers, "width": model.width, "n_parameters": model.n_parameters}
    return facts | analysis.run


def _asked_for(config: ComparisonConfig) -> dict[str, Any]:
    """The settings that choose analyses, as far as they differ from their defaults."""
    default = ComparisonConfig()
    return {name: value for name in CHOOSING if (value := getattr(config, name)) != getattr(default, name)}


def _asked(config: ComparisonConfig) -> str:
    asked = [f"{name}={spelled(value)}" for name, value in _asked_for(config).items()]
    return " ".join(asked) or "(everything in the store was asked for)"


def _what_there_is(every: pd.DataFrame) -> str:
    if not len(every):
        return "there are no finished analyses: run some first"
    random = every["weights"].map(lambda weights: " (random)" if weights == "random" else "")
    known = sorted(set(every["model"] + random + " on " + every["dataset"]))
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"the store has {', '.join(known[:_NAMED])}{more}"
