"""What a record must hold: a store is foreign too, and a run in it may have been altered or damaged."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from todacomm.core.facts import RunWarning
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.settings.analysis import AnalysisConfig

Facts = TypeVar("Facts", ModelFacts, TextFacts)


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run as this version has them: an option that is younger than the record has its default.

    Raises
    ------
    ValueError, TypeError, LookupError
        Something is missing, or of another type.
    """
    _need(settings, options=dict, resolved=dict, config_hash=str, model=dict, texts=dict, seconds=dict, layers=list)
    AnalysisConfig.from_flat(settings["options"])
    _need(settings["seconds"], **dict.fromkeys(settings["seconds"], int | float))
    names, places = [], []
    for place, name, depth in settings["layers"]:
        _need({"place": place, "name": name, "depth": depth}, place=int, name=str, depth=int | float)
        names.append(name)
        places.append(place)
    if not names or len(set(names)) < len(names) or len(set(places)) < len(places):
        raise ValueError(f"its layers are {names} at {places}: expected different ones")
    return {**settings, "options": {**AnalysisConfig().to_flat(), **settings["options"]}}


def checked_facts(kind: type[Facts], record: Mapping[str, Any]) -> Facts:
    """What is known of a model or of texts, each fact of its type.

    Raises
    ------
    ValueError, TypeError, LookupError
        A fact is missing, or of another type.
    """
    hints = get_type_hints(kind)
    own = {one.name: hints[one.name] for one in fields(kind) if one.name != "ids"}
    _need(record, **own)
    return kind(**{name: record[name] for name in own})


def checked_warnings(warnings: Any) -> tuple[RunWarning, ...]:
    """The warnings of a run: code, text and layer each."""
    for warning in warnings:
        code, text, layer = warning
        _need({"code": code, "text": text, "layer": layer}, code=str, text=str, layer=str)
    return tuple(RunWarning(*warning) for warning in warnings)


def _need(record: Mapping[str, Any], **kinds: Any) -> None:
    """Whether a record has all of some values, each of its type; true and false are no numbers."""
    for name, kind in kinds.items():
        value = record[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind not in (object, bool)):
            raise TypeError(f"{name} is {value!r:.60}: expected {getattr(kind, '__name__', kind)}")
