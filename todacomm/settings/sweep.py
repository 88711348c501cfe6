"""Settings of a sweep: lists of models, data sets, revisions and weights, and who works through them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from todacomm.settings.analysis import AnalysisConfig, load_config, option, parse_value, read_yaml, validate

RUNNERS = ("serial", "processes", "ray", "dask")
REPLACED = ("model", "dataset", "revision", "weights")
"""Options of an analysis in whose place a sweep has a list."""


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """Which analyses, and who does them; ``analysis`` holds what all of them share.

    Raises
    ------
    ValueError
        A value is out of range or no known choice, or a list is empty.
    """

    models: str = option("demo-decoder", "models with commas, or @FILE with one a line")
    datasets: str = option("pydoc", "data sets with commas, or @FILE")
    revisions: str = option("", "revisions or subfolders with commas, or @FILE; NAME=STEP gives the training step")
    weights: str = option("trained", "trained, random, or both with a comma")
    compare: bool = option(True, "compare the analyses at the end")
    dry_run: bool = option(False, "print the plan and stop")
    force: bool = option(False, "analyse again what is finished already")
    runner: str = option("serial", "one after the other, processes of this machine, Ray or Dask", choices=RUNNERS)
    workers: int | None = option(None, "analyses at once; auto: as many as processors and memory allow", low=1)
    address: str = option("", "of the Ray cluster or the Dask scheduler; empty: one on this machine")
    gpus_per_run: float = option(0.0, "GPUs that one analysis takes (ray)", low=0)
    cpus_per_run: float = option(1.0, "processors that one analysis takes (ray)", low=0)
    memory_gb: float | None = option(None, "memory of all analyses at once on a machine; auto: what is free", low=0)
    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)

    def __post_init__(self) -> None:
        for name, value in self.to_flat().items():
            validate(name, value, SWEEP_OPTIONS[name].metadata)
        for name in ("models", "datasets", "weights"):
            self.names(name)
        if self.revisions:
            self.names("revisions")
        unknown = [word for word in self.names("weights") if word not in ("trained", "random")]
        if unknown:
            raise ValueError(f"unknown weights {', '.join(map(repr, unknown))}: choose trained, random or both")
        if self.address and self.runner not in ("ray", "dask"):
            raise ValueError(f"address is {self.address!r} with runner={self.runner}: it is for runner=ray and dask")

    def names(self, option_name: str) -> list[str]:
        """The entries of a list, duplicates and all; lines of a file after ``@``, where ``#`` begins a comment.

        Raises
        ------
        ValueError
            The list is empty or its file cannot be read.
        """
        given = str(getattr(self, option_name))
        if not given.startswith("@"):
            names = [name.strip() for name in given.split(",")]
        else:
            try:
                lines = Path(given[1:]).expanduser().read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{option_name} is {given!r}, which cannot be read ({error})") from error
            names = [line.partition("#")[0].strip() for line in lines]
        names = [name for name in names if name]
        if not names:
            raise ValueError(f"{option_name} is {given!r}, an empty list: name at least one")
        return names

    def to_flat(self) -> dict[str, Any]:
        """The sweep's own options by name."""
        return {name: getattr(self, name) for name in SWEEP_OPTIONS}


SWEEP_OPTIONS = {f.name: f for f in fields(SweepConfig) if f.name != "analysis"}
"""Every option that a sweep has beside those of an analysis."""
_TYPES = {name: hint for name, hint in get_type_hints(SweepConfig).items() if name in SWEEP_OPTIONS}


def load_sweep(path: str | Path | None, overrides: Mapping[str, Any]) -> SweepConfig:
    """Settings of a YAML file, then ``overrides``: options of an analysis and of the sweep side by side.

    Raises
    ------
    ValueError
        An option is unknown or wrong, or one is given in whose place a sweep has a list.
    """
    given = {**(read_yaml(Path(path)) if path else {}), **overrides}
    for name in REPLACED:
        if name in given and name not in SWEEP_OPTIONS:
            raise ValueError(f"{name} is for one analysis: a sweep takes {name}s, a list with commas")
    own = {name: parse_value(name, given.pop(name), _TYPES[name]) for name in list(given) if name in SWEEP_OPTIONS}
    return SweepConfig(**own, analysis=load_config(None, given))
