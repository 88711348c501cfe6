"""Whether analyses compare: the settings in which they differ, and the groups that agree."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from todacomm.comparison.identity import DATASETS, MODELS, model_of
from todacomm.settings.analysis import OPTIONS
from todacomm.settings.base import HOW
from todacomm.settings.values import spelled

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

DIGEST = "texts' digest"
WEIGHTS = ("weights' digest", "adapter's digest")
_SETTINGS = {name: option.default for name, option in OPTIONS.items() if option.decides == HOW}
"""What must agree for numbers to compare -> its default, for analyses older than the option."""
_FILTERS = {"dataset": "dataset", "points": "samples", "endings": "endings"}
"""Setting -> the option of a comparison that chooses by it."""
_MOST_NAMES, _MOST_GROUPS = 4, 12
_WIDE = 36


@dataclass(frozen=True)
class Group:
    """Analyses that were measured in one way.

    Attributes
    ----------
    settings : mapping
        The settings that are not the same in every group.
    """

    settings: Mapping[str, str]
    run_ids: tuple[str, ...]


def settings_of(analysis: "Analysis", over: str) -> dict[str, str]:
    """What must agree for two analyses to compare, as it was asked for."""
    options, texts = analysis.settings["options"], analysis.dataset
    asked: dict[str, Any] = {"points": texts.samples}
    if over == MODELS:
        asked |= {"dataset": texts.name, DIGEST: texts.digest}
    asked |= {name: options.get(name, default) for name, default in _SETTINGS.items()}
    asked["dtype"] = analysis.model.dtype or asked["dtype"]
    asked["protocol"] = analysis.tags.get("todacomm.protocol", "")
    return {name: spelled(value) for name, value in asked.items()}


def differences(analyses: Mapping[str, "Analysis"], over: str = MODELS) -> pd.DataFrame:
    """Settings in which analyses differ: one row each, one column a label."""
    asked = {label: settings_of(analysis, over) for label, analysis in analyses.items()}
    names = list(next(iter(asked.values()))) if asked else []
    rows = [
        {"setting": name, **{label: given[name] for label, given in asked.items()}}
        for name in names
        if len({given[name] for given in asked.values()}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *analyses])


def comparable_groups(analyses: Sequence["Analysis"]) -> list[Group]:
    """Groups of analyses that compare, the largest first; an analysis without another is a group of one.

    Models on the same texts; where no two read the same, one model on several sets of texts.
    """
    for over in (MODELS, DATASETS):
        together: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for analysis in analyses:
            own = settings_of(analysis, over)
            if over == DATASETS:
                own |= dict(zip(("model", "revision", "weights", *WEIGHTS), model_of(analysis), strict=True))
            together.setdefault(tuple(own.items()), []).append(analysis.run_id)
        if max(map(len, together.values()), default=0) > 1:
            break
    names = [name for i, (name, _) in enumerate(next(iter(together))) if len({key[i][1] for key in together}) > 1]
    groups = [Group({n: v for n, v in key if n in names}, tuple(run_ids)) for key, run_ids in together.items()]
    return sorted(groups, key=lambda group: -len(group.run_ids))


def what_differs(differing: pd.DataFrame) -> str:
    """That analyses do not compare, and the settings in which they differ, a line each."""
    lines = (f"  {row['setting']}: {_by_value(row)}" for _, row in differing.iterrows())
    return "\n".join(["the analyses were not measured in the same way, and their numbers do not compare:", *lines])


def refusal(differing: pd.DataFrame, groups: Sequence[Group], everything: bool = True) -> str:
    """Why analyses are not compared, and what to do: a command for each group that compares.

    Parameters
    ----------
    everything : bool
        All analyses of the store were asked for: a data set of one group alone is named instead of its runs.
    """
    several = [group for group in groups if len(group.run_ids) > 1]
    if len(groups) < 2 or not several:
        return (
            f"{what_differs(differing)}\nchoose some of them (models=, dataset=, run_ids=), analyse again with equal "
            "settings, or compare them anyway with allow_mixed=true"
        )
    columns = list(several[0].settings)
    texts = [{group.settings.get(name, "") for group in groups} for name in ("dataset", DIGEST)]
    if DIGEST in columns and len(texts[0]) == len(texts[1]):
        columns.remove(DIGEST)
    rows = [["analyses", *columns, "command"]]
    for group in several[:_MOST_GROUPS]:
        values = (_short(value) for name, value in group.settings.items() if name in columns)
        rows.append([str(len(group.run_ids)), *values, command(group, groups, everything)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = ["  " + "  ".join([*(f"{c:<{w}}" for c, w in zip(row, widths, strict=False)), row[-1]]) for row in rows]
    left_out = sum(len(group.run_ids) for group in groups) - sum(len(g.run_ids) for g in several[:_MOST_GROUPS])
    more = [f"  {left_out} more are in smaller groups or have none to compare with"] if left_out else []
    return "\n".join([
        "the analyses were not all measured in the same way. These groups compare:",
        *lines,
        *more,
        "allow_mixed=true compares all of them, with a warning",
    ])  # fmt: skip


def command(group: Group, groups: Sequence[Group], everything: bool = True) -> str:
    """The command that compares one of several groups.

    >>> groups = [Group({"dataset": name}, ("aaaaaaaaaa", "bbbbbbbbbb")) for name in ("60 own points", "pydoc")]
    >>> command(groups[0], groups)
    "todacomm compare --dataset '60 own points'"
    """
    for name, option in _FILTERS.items():
        value = group.settings.get(name)
        if everything and value and all(other is group or other.settings[name] != value for other in groups):
            return f"todacomm compare --{option} {shlex.quote(value)}"
    return f"todacomm compare {','.join(run_id[:8] for run_id in group.run_ids)}"


def _by_value(row: pd.Series) -> str:
    """A setting's values, each with the analyses that have it."""
    holders: dict[str, list[str]] = {}
    for label, value in row.items():
        if label != "setting":
            holders.setdefault(_short(str(value)), []).append(str(label))
    return ", ".join(f"{value} ({_named(names)})" for value, names in holders.items())


def _named(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMES])} and {more} more"


def _short(value: str) -> str:
    return value if len(value) <= _WIDE else f"{value[: _WIDE - 1]}…"
