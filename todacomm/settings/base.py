"""One base for the settings of every job: names, types, defaults, help, checks, files, protocols, digest."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sized
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any, Self, TypeVar, get_type_hints

from todacomm.settings.files import read_yaml
from todacomm.settings.protocols import load_protocol
from todacomm.settings.values import check_value, known_choices, parse_value, spelled
from todacomm.system.digests import digest_of_json

Function = TypeVar("Function", bound=Callable[..., Any])

WHICH, HOW, BESIDE, NOTHING = "which", "how", "beside", "nothing"
"""What an option decides: which model, texts and layers are measured; how a cloud is measured, so that two analyses
compare; what stands beside the values, such as intervals and nulls; or nothing but where and how fast."""
TYPED = "typed"
"""Name of a field that is no option: the names of those that a user gave, by :meth:`Settings.load`."""


def option(default: Any, help: str, *, decides: str = HOW, **checks: Any) -> Any:
    """A field of settings: its default, its help, what it decides, and its checks.

    Parameters
    ----------
    decides : str
        ``which``, ``how``, ``beside`` or ``nothing``: all but the last are part of :meth:`Settings.digest`.
    **checks
        ``choices`` (a tuple, or a function that gives it; ``{choices}`` in the help stands for them), ``low`` and
        ``high`` of the value or of each one of a tuple. Of a tuple also ``needed`` (it may not be empty), ``selects``
        (one that a user gives may not: it would mean all), ``rising`` (put in order), ``repeated`` (an entry may stand
        in it twice), ``from_file`` (``@FILE`` means the lines of a file) and ``replaces`` (the option of one analysis
        in whose place it stands).
    """
    return field(default=default, metadata={"raw_help": help, "decides": decides, "checks": checks})


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a job, as the console, MLproject, files and docs offer it.

    Attributes
    ----------
    kind : type
        What its value is.
    groups : tuple of str
        Names of the fields, from the outside in, in which it stands.
    section : str
        What the options beside it are about.
    offered : bool
        Whether a user is shown it.
    """

    name: str
    kind: Any
    default: Any
    raw_help: str
    decides: str
    checks: Mapping[str, Any]
    groups: tuple[str, ...]
    section: str
    offered: bool = True

    @property
    def choices(self) -> tuple[str, ...]:
        """What its value can be, where that is a list of words."""
        return tuple(choice for choice in known_choices(self.checks) if choice)

    @property
    def help(self) -> str:
        """What it is for."""
        if "{choices}" not in self.raw_help:  # to know some of them takes imports that a help does without
            return self.raw_help
        return self.raw_help.replace("{choices}", ", ".join(self.choices))

    @property
    def default_text(self) -> str:
        """Its default as it is typed."""
        return spelled(self.default)


class Settings:
    """Base of frozen dataclasses whose fields are options, see :func:`option`, or settings of their own.

    The options of a field that holds settings belong to those of the job, but for the names in its metadata's
    ``hidden``: they mean nothing to the job, and are taken because a file may have them, but not offered.

    A value is parsed and checked when the class is made, whichever way it came: keywords, YAML or a console.

    Raises
    ------
    ValueError
        A value is out of range or no known choice; the message names the option, what was seen and what fits.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for name, own in _own_options(type(self)).items():
            value = parse_value(name, getattr(self, name), own.kind, own.checks)
            check_value(name, value, own.checks)
            object.__setattr__(self, name, value)
        self.check()

    def check(self) -> None:
        """Hold options against each other."""

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Every option by its flat name, in the order of the fields: the same name in YAML, Python and MLproject."""
        return _options(cls)

    @classmethod
    def from_flat(cls, values: Mapping[str, Any], typed: Iterable[str] = ()) -> Self:
        """Settings from one flat mapping; strings are parsed, an unknown name is an error.

        Parameters
        ----------
        typed : iterable of str
            Names of those that a user gave.
        """
        for name in values:
            if name not in cls.options():
                raise ValueError(cls._unknown(name))
        return cls(**_nested(cls, values, frozenset(typed)))

    @classmethod
    def load(cls, path: str | Path | None = None, given: Mapping[str, Any] | None = None) -> Self:
        """Settings of the protocol, then of a YAML file with flat names, then those given: the later one wins.

        Raises
        ------
        ValueError
            The file cannot be read, an option is unknown or wrong, or the protocol is unknown.
        """
        values = {**(read_yaml(Path(path)) if path else {}), **(given or {})}
        typed, options = tuple(values), cls.options()
        for name, value in values.items():
            empty = isinstance(value, Sized) and not isinstance(value, str) and not len(value)
            if empty and name in options and options[name].checks.get("selects"):
                raise ValueError(f"{name} is an empty list: name at least one, or leave it out for all")
        if "protocol" in options:
            protocol = load_protocol(str(values.get("protocol", options["protocol"].default)))
            lists = {one.checks["replaces"]: name for name, one in options.items() if "replaces" in one.checks}
            named = {lists.get(name, name): value for name, value in protocol.options.items()}
            values = {**named, **values, "protocol": protocol.name}
        return cls.from_flat(values, typed)

    @classmethod
    def given(cls, config: Self | None, options: Mapping[str, Any]) -> Self:
        """The settings that a job's function was given, as an object or as options by name.

        Raises
        ------
        ValueError
            Both are there, or an option is unknown or wrong.
        """
        if config is None:
            return cls.load(None, options)
        if options:
            raise ValueError(f"got a config and {', '.join(options)} beside it: give one or the other")
        return config

    def to_flat(self) -> dict[str, Any]:
        """Every option's value by its flat name."""
        return {name: _value(self, one) for name, one in self.options().items()}

    def changed(self) -> dict[str, Any]:
        """The options that a user is offered and that differ from their defaults."""
        options, values = self.options(), self.to_flat()
        return {n: value for n, value in values.items() if options[n].offered and value != options[n].default}

    def numbers(self) -> dict[str, Any]:
        """The options that decide the numbers, without those that only decide where and how fast."""
        options = self.options()
        return {name: value for name, value in self.to_flat().items() if options[name].decides != NOTHING}

    def digest(self) -> str:
        """Short digest of :meth:`numbers`: two runs that agree in it measure the same thing."""
        return digest_of_json(self.numbers())

    @classmethod
    def _unknown(cls, name: Any) -> str:
        options = cls.options()
        for own, one in options.items():
            if name == one.checks.get("replaces"):
                is_list = ", a list with commas" if isinstance(one.default, tuple) else ""
                return f"{name} is for one analysis: here it is {own}{is_list}"
        close = get_close_matches(str(name), options, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(options)}"
        return f"unknown option {name!r}: {hint}"


def with_options(settings: type[Settings]) -> Callable[[Function], Function]:
    """Decorate a job's function: its docstring ends with every option, its type, default and help."""

    def add(function: Function) -> Function:
        function.__doc__ = f"{function.__doc__ or ''}\n{indent(describe_options(settings), '    ')}\n    "
        return function

    return add


def describe_options(settings: type[Settings]) -> str:
    """Every option with its type, default and help, as a section of a docstring."""
    lines = ["Options", "-------"]
    for one in settings.options().values():
        if one.offered:
            kind = one.kind.__name__ if isinstance(one.kind, type) and one.kind is not tuple else str(one.kind)
            lines += [f"{one.name} : {kind}, default {one.default!r}", f"    {one.help}"]
    return "\n".join(lines)


def _find_own(cls: Any) -> dict[str, Option]:
    """The options that are fields of a class itself."""
    hints = get_type_hints(cls)
    section = (cls.__doc__ or cls.__name__).strip().partition("\n")[0].rstrip(".")
    return {
        own.name: Option(own.name, hints[own.name], own.default, groups=(), section=section, **own.metadata)
        for own in dataclasses.fields(cls)
        if "raw_help" in own.metadata
    }


def _find_all(cls: Any) -> dict[str, Option]:
    options: dict[str, Option] = {}
    own = _own_options(cls)
    replaced = {one.checks["replaces"] for one in own.values() if "replaces" in one.checks}
    hints = get_type_hints(cls)
    for place in dataclasses.fields(cls):
        if place.name in own:
            options[place.name] = own[place.name]
            continue
        if place.name == TYPED:
            continue
        for name, one in hints[place.name].options().items():
            if name not in own and name not in replaced:
                offered = one.offered and name not in place.metadata.get("hidden", ())
                options[name] = dataclasses.replace(one, groups=(place.name, *one.groups), offered=offered)
    return options


def _nested(cls: Any, values: Mapping[str, Any], typed: frozenset[str]) -> dict[str, Any]:
    """Flat values as keywords of a class: those of a field that holds settings as an object of its own."""
    options, hints, keywords = cls.options(), get_type_hints(cls), {}
    for place in dataclasses.fields(cls):
        if place.name == TYPED:
            keywords[TYPED] = typed
        elif "raw_help" not in place.metadata:
            inner = hints[place.name]
            its = {name: value for name, value in values.items() if options[name].groups[:1] == (place.name,)}
            keywords[place.name] = inner(**_nested(inner, its, typed))
        elif place.name in values:
            keywords[place.name] = values[place.name]
    return keywords


def _value(settings: Settings, one: Option) -> Any:
    holder: Any = settings
    for name in one.groups:
        holder = getattr(holder, name)
    return getattr(holder, one.name)


_own_options: Callable[[Any], dict[str, Option]] = cache(_find_own)
_options: Callable[[Any], dict[str, Option]] = cache(_find_all)
