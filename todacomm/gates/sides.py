"""What is held against what: each side a finished analysis, or the settings of one that is still to be made."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from todacomm.models.presets import PRESETS
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import NOTHING
from todacomm.settings.gate import GateConfig
from todacomm.settings.values import OWN_CLOUDS, spelled

if TYPE_CHECKING:
    from todacomm.tracking import ModelVersion

_RUN = re.compile(r"[0-9a-f]{6,32}|latest")


@dataclass(frozen=True)
class Side:
    """One of the two.

    Attributes
    ----------
    name : str
        As it was asked for.
    run_id : str
        Of its finished analysis; empty where there is none yet.
    config : AnalysisConfig or None
        How it is to be analysed; None for a run that was named.
    version : ModelVersion or None
        Of a registered model.
    """

    name: str
    run_id: str = ""
    config: AnalysisConfig | None = None
    version: "ModelVersion | None" = None


def sides_of(config: GateConfig) -> list[Side]:
    """The base, and the candidate where there is one; models of the registry are brought to this machine.

    Where a run is named its own settings are those of the other side too.

    Raises
    ------
    ValueError
        A side is not named, not there, or other settings were asked for than those of the run that is named.
    """
    given = [(config.base, config.base_revision, "")]
    if not config.groups and not config.plan:
        candidate = config.candidate or (config.base if config.candidate_dataset else "")
        given.append((candidate, config.candidate_revision, config.candidate_dataset))
    for role, (name, _, _) in zip(("base", "candidate"), given, strict=False):
        if not name:
            raise ValueError(f"{role} is empty: name a model, a run, or models:/NAME@ALIAS")
    runs = [run_of(name) for name, _, _ in given]
    shared = _shared(config, next(filter(None, runs), ""))
    with_clouds = bool(config.groups or config.measures) and not config.plan
    return [
        _side(role, *each, run, shared, with_clouds)
        for role, each, run in zip(("base", "candidate"), given, runs, strict=False)
    ]


def run_of(name: str) -> str:
    """Id of the run that a name means; empty for a model."""
    from todacomm.tracking import find_analysis

    is_model = name in PRESETS or Path(name).expanduser().exists()
    return find_analysis(name) if _RUN.fullmatch(name) and not is_model else ""


def lean(config: AnalysisConfig) -> AnalysisConfig:
    """The same without what a gate does not read: nulls, loops and the interactive page."""
    inference = replace(config.inference, nulls=0, loops=0)
    return replace(config, inference=inference, record=replace(config.record, explorer=False))


def _shared(config: GateConfig, run_id: str) -> AnalysisConfig:
    """How what is missing is analysed: as the run that is named was, else as the settings have it."""
    asked = config.analysis
    if config.groups and not config.base.startswith(OWN_CLOUDS):
        columns = tuple(dict.fromkeys((*asked.texts.text_columns, config.groups[0])))
        asked = replace(asked, texts=replace(asked.texts, text_columns=columns))
    if not run_id:
        return asked
    from todacomm.tracking import load_analysis

    recorded = load_analysis(run_id).config
    default, measured, wanted = AnalysisConfig().to_flat(), recorded.to_flat(), config.analysis.to_flat()
    options = AnalysisConfig.options()
    differing = [
        f"{name}={spelled(value)} (there {spelled(measured[name])})"
        for name, value in wanted.items()
        if options[name].decides != NOTHING
        and value != measured[name]
        and (name in asked.typed or value != default[name])
    ]
    if differing:
        raise ValueError(
            f"the run {run_id} decides how the other side is analysed, and {', '.join(differing)} was asked for: leave "
            "it out, or name the model instead of its run"
        )
    return replace(recorded, record=replace(asked.record, seed=recorded.record.seed))


def _side(
    role: str, name: str, revision: str, dataset: str, run_id: str, shared: AnalysisConfig, with_clouds: bool
) -> Side:
    from todacomm.analysis.cache import MODELS
    from todacomm.system.cache import cache_folder
    from todacomm.tracking import PREFIX, fetch_version, find_version

    if run_id:
        asked = {f"{role}_revision": revision, f"{role}_dataset": dataset}
        if idle := ", ".join(f"{option}={value}" for option, value in asked.items() if value):
            raise ValueError(f"{name} is a finished analysis, and {idle} would have no effect: name the model instead")
        return Side(name, run_id)
    if dataset and name.startswith(OWN_CLOUDS):
        raise ValueError(f"{name} has its own points, and {role}_dataset={dataset} would have no effect: leave it out")
    version = find_version(name) if name.startswith(PREFIX) else None
    model = str(fetch_version(version, cache_folder() / MODELS)) if version else name
    config = replace(
        shared,
        model=replace(shared.model, model=model, revision=revision),
        texts=replace(shared.texts, dataset=dataset or shared.texts.dataset),
        record=replace(shared.record, run_name="", output_dir="", keep_clouds=True),
    )
    return Side(name, finished(config, with_clouds), config, version)


def finished(config: AnalysisConfig, with_clouds: bool = True) -> str:
    """Run of a finished analysis of these settings, model and texts; empty where there is none."""
    from todacomm import tracking
    from todacomm.analysis.cache import inputs_digest

    inputs = inputs_digest(config)
    if not inputs:
        return ""
    digests = [one.digest() for one in (config, lean(config))]
    known = {
        key: run
        for digest in digests
        for key, run in tracking.finished_analyses(config_hash=digest, with_clouds=with_clouds).items()
    }
    return next((known[key] for key in (tracking.Known(digest, inputs) for digest in digests) if key in known), "")
