"""From the store to one table of many analyses: which are chosen, what they are called, whether they compare."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pandas as pd

from todacomm.core.streams import RESIDUAL, groups
from todacomm.results.table import own_rows
from todacomm.settings.analysis import OPTIONS
from todacomm.settings.base import HOW
from todacomm.settings.comparison import ComparisonConfig
from todacomm.settings.values import spelled

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

IDENTITY = ["model", "revision", "weights", "dataset"]
MODELS, DATASETS = "models", "datasets"
LABEL = "label"
SERIES = {
    "gpt2": "GPT-2", "pythia": "Pythia", "smollm": "SmolLM", "qwen": "Qwen", "gpt-neo": "GPT-Neo", "opt-": "OPT",
    "gemma": "Gemma", "llama": "Llama", "mistral": "Mistral", "phi-": "Phi", "olmo": "OLMo", "bloom": "BLOOM",
    "bert": "BERT", "t5": "T5",
}  # fmt: skip
"""Families of models by what their names hold; the architecture stands for one that is not among them."""
_SETTINGS = {name: one.default for name, one in OPTIONS.items() if one.decides == HOW}
"""What must agree for numbers to compare -> its default, for analyses older than the option."""
_NAMED = 20


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
        Every analysis' own rows of the tidy table, with a first column ``label``.
    differing : DataFrame
        Settings in which the analyses differ, one row each, one column a label; empty where they agree.
    """

    over: str
    analyses: Mapping[str, "Analysis"]
    runs: pd.DataFrame
    table: pd.DataFrame
    differing: pd.DataFrame
    warnings: tuple[str, ...] = ()

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
    found = choose(config)
    return arrange(read(found["run_id"]), config)


def choose(config: ComparisonConfig) -> pd.DataFrame:
    """The rows of :func:`todacomm.search_analyses` that the settings name, newest first.

    Raises
    ------
    ValueError
        Under two are left; the message says what there is.
    """
    from todacomm.tracking import search_analyses

    ids = config.run_ids
    found = search_analyses(config.experiment or None, run_ids=ids or None, tags=config.given_tags())
    every = found
    globs = config.models or ("*",)
    found = found[[any(fnmatchcase(name, glob) for glob in globs) for name in found["model"]]]
    for name in ("dataset", "revision", "weights"):
        if wanted := getattr(config, name):
            found = found[found[name] == wanted]
    if config.newest and not ids:
        found = found.drop_duplicates(IDENTITY)
    if len(found) < 2:
        raise ValueError(
            f"{len(found)} finished analyses match {_asked(config)}: a comparison needs two; {_what_there_is(every)}"
        )
    return found.reset_index(drop=True)


def read(run_ids: Iterable[str]) -> list["Analysis"]:
    """Analyses with their tables."""
    from todacomm.tracking import load_analyses

    return load_analyses(run_ids)


def arrange(analyses: Iterable["Analysis"], config: ComparisonConfig) -> Gathered:
    """Analyses in the order of model, revision and weights, with labels that tell them apart.

    Raises
    ------
    ValueError
        One has no layer of the residual stream, or their settings differ and ``allow_mixed`` is off; the message lists
        the differences.
    """
    analyses = sorted(analyses, key=_order)
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
    warnings = []
    if len(differing):
        if not config.allow_mixed:
            raise ValueError(refusal(differing))
        named = ", ".join(differing["setting"])
        warnings.append(f"the analyses differ in {named}: differences between them may come from that alone")
    pooled = {analysis.model.pooling for analysis in analyses}
    if over == MODELS and len(pooled) > 1:
        warnings.append(
            "each model is pooled in its own way (last token, CLS or mean): differences between a decoder and an "
            "encoder are differences of that position too"
        )
    frames = [_own_rows(analysis).assign(**{LABEL: label}) for label, analysis in labelled.items()]
    table = pd.concat(frames, ignore_index=True)
    table = table[[LABEL, *(column for column in table if column != LABEL)]]
    runs = pd.DataFrame([{LABEL: label, **_facts(analysis)} for label, analysis in labelled.items()])
    return Gathered(over, labelled, runs, table, differing, tuple(warnings))


def pick_over(analyses: Iterable["Analysis"], wanted: str) -> str:
    """What varies: data sets where one and the same model stands for all of them, else models."""
    if wanted != "auto":
        return wanted
    analyses = list(analyses)
    models = {tuple(value for name, value in _identity(a).items() if name != "dataset") for a in analyses}
    return DATASETS if len(models) == 1 and len({a.texts.digest for a in analyses}) > 1 else MODELS


def labels(analyses: Iterable["Analysis"], over: str = MODELS) -> list[str]:
    """Names that tell analyses apart: model, its revision where there are several, whether its weights are random."""
    who = [_identity(analysis) | {"run_id": analysis.run_id} for analysis in analyses]
    makers: list[Callable[[dict[str, str]], str]] = [
        (lambda w: w["dataset"]) if over == DATASETS else _model_label,
        lambda w: f"@{w['revision'][:12]}" if w["revision"] else "",
        lambda w: f" on {w['dataset']}" if over == MODELS else f" ({_model_label(w)})",
        lambda w: f" #{w['run_id'][:6]}",
    ]
    names = [makers[0](w) for w in who]
    for more in makers[1:]:
        repeated = {name for name in names if names.count(name) > 1}
        names = [name + more(w) if name in repeated else name for name, w in zip(names, who, strict=True)]
    return names


def differences(analyses: Mapping[str, "Analysis"], over: str = MODELS) -> pd.DataFrame:
    """Settings in which analyses differ, as they were asked for: one row each, one column a label."""
    asked = {label: _settings(analysis, over) for label, analysis in analyses.items()}
    names = list(next(iter(asked.values()))) if asked else []
    rows = [
        {"setting": name, **{label: given[name] for label, given in asked.items()}}
        for name in names
        if len({given[name] for given in asked.values()}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *analyses])


def refusal(differing: pd.DataFrame) -> str:
    """Why analyses are not compared, with what differs and what to do."""
    shown = list(differing.columns[1:])[:_NAMED]
    lines = [f"  {row['setting']}: {', '.join(f'{row[name]} ({name})' for name in shown)}" for _, row in
             differing.iterrows()]  # fmt: skip
    more = f" and {len(differing.columns) - 1 - len(shown)} more" if len(differing.columns) - 1 > len(shown) else ""
    return "\n".join([
        f"the analyses were not measured in the same way, and their numbers do not compare{more}:",
        *lines,
        "choose some of them (models=, dataset=, run_ids=), analyse again with equal settings, or compare them anyway "
        "with allow_mixed=true",
    ])  # fmt: skip


def family_of(model: str, architecture: str) -> str:
    """The family a model belongs to by its name, else its architecture.

    >>> family_of("distilgpt2", "gpt2"), family_of("HuggingFaceTB/SmolLM-135M", "llama"), family_of("mine", "mamba")
    ('GPT-2', 'SmolLM', 'mamba')
    """
    names = model.rpartition("/")[2].lower(), architecture.lower()
    return next((family for name in names for part, family in SERIES.items() if part in name), architecture)


def _model_label(who: Mapping[str, str]) -> str:
    return who["model"] + (" (random)" if who["weights"] == "random" else "")


def _identity(analysis: "Analysis") -> dict[str, str]:
    model = analysis.model
    return {
        "model": model.name,
        "revision": model.revision,
        "weights": model.weights,
        "dataset": analysis.texts.name,
    }


def _order(analysis: "Analysis") -> tuple[object, ...]:
    """By name, trained weights before random ones."""
    who = _identity(analysis)
    return who["model"], who["revision"], who["weights"] == "random", who["dataset"], analysis.run_id


def _settings(analysis: "Analysis", over: str) -> dict[str, str]:
    options, texts = analysis.settings["options"], analysis.texts
    asked: dict[str, Any] = {"points": texts.samples}
    if over == MODELS:
        asked |= {"dataset": texts.name, "texts' digest": texts.digest}
    asked |= {name: options.get(name, default) for name, default in _SETTINGS.items()}
    asked["dtype"] = analysis.model.dtype or asked["dtype"]
    asked["protocol"] = analysis.tags.get("todacomm.protocol", "")
    return {name: spelled(value) for name, value in asked.items()}


def _own_rows(analysis: "Analysis") -> pd.DataFrame:
    return own_rows(analysis.layers)


def _facts(analysis: "Analysis") -> dict[str, Any]:
    model, texts = analysis.model, analysis.texts
    facts: dict[str, Any] = {"run_id": analysis.run_id, **_identity(analysis)}
    facts |= {"kind": model.kind, "family": family_of(facts["model"], model.family)}
    facts |= {"points": texts.samples, "pooling": model.pooling}
    facts |= {"n_layers": model.n_layers, "width": model.width, "n_parameters": model.n_parameters}
    return facts | analysis.run


def _asked(config: ComparisonConfig) -> str:
    default = ComparisonConfig()
    names = ("experiment", "models", "dataset", "revision", "weights", "tags", "run_ids")
    asked = [f"{n}={spelled(getattr(config, n))}" for n in names if getattr(config, n) != getattr(default, n)]
    return " ".join(asked) or "(everything in the store was asked for)"


def _what_there_is(found: pd.DataFrame) -> str:
    if not len(found):
        return "there are no finished analyses: run some first"
    known = sorted({f"{row.model}{' (random)' if row.weights == 'random' else ''} on {row.dataset}" for row in
                    found.itertuples()})  # fmt: skip
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"there are {', '.join(known[:_NAMED])}{more}"
