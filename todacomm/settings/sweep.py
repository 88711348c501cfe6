"""Settings of a sweep: lists of models, data sets, revisions and weights, and what works through them."""

from dataclasses import dataclass, field
from typing import Any

from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import NOTHING, WHICH, Settings, option

RUNNERS = ("serial", "processes", "ray", "dask")
_LIST: dict[str, Any] = {"decides": WHICH, "repeated": True}
_FROM_FILE: dict[str, Any] = {**_LIST, "from_file": True}


@dataclass(frozen=True, slots=True)
class SweepConfig(Settings):
    """Which analyses, and what works through them.

    ``analysis`` holds what all of them share; a list stands in the place of its model, data set, revision and weights.

    >>> SweepConfig.from_flat({"models": "gpt2, bert", "samples": 300}).models
    ('gpt2', 'bert')
    """

    models: tuple[str, ...] = option(
        ("demo-decoder",), "models with commas, or @FILE with one a line", needed=True, replaces="model", **_FROM_FILE
    )
    datasets: tuple[str, ...] = option(
        ("pydoc",), "data sets with commas, or @FILE", needed=True, replaces="dataset", **_FROM_FILE
    )
    revisions: tuple[str, ...] = option(
        (),
        "revisions or subfolders with commas, or @FILE; NAME=STEP gives the training step",
        replaces="revision",
        **_FROM_FILE,
    )
    weights: tuple[str, ...] = option(
        ("trained",), "trained, random, or both with a comma", needed=True, replaces="weights",
        choices=("trained", "random"), **_LIST,
    )  # fmt: skip
    compare: bool = option(True, "compare the analyses at the end", decides=NOTHING)
    dry_run: bool = option(False, "print the plan and stop", decides=NOTHING)
    force: bool = option(False, "analyse again what is finished already", decides=NOTHING)
    runner: str = option(
        "serial", "one after the other, processes of this machine, Ray or Dask", choices=RUNNERS, decides=NOTHING
    )
    workers: int | None = option(
        None, "analyses at once; auto: as many as processors and memory allow", low=1, decides=NOTHING
    )
    address: str = option("", "of the Ray cluster or the Dask scheduler; empty: one on this machine", decides=NOTHING)
    gpus_per_run: float = option(0.0, "GPUs that one analysis takes (ray)", low=0, decides=NOTHING)
    cpus_per_run: float = option(1.0, "processors that one analysis takes (ray, dask)", low=0, decides=NOTHING)
    memory_gb: float | None = option(
        None, "memory of all analyses at once on a machine; auto: what is free", low=0, decides=NOTHING
    )
    analysis: AnalysisConfig = field(default_factory=AnalysisConfig)

    def check(self) -> None:
        if self.address and self.runner not in ("ray", "dask"):
            raise ValueError(f"address is {self.address!r} with runner={self.runner}: it is for runner=ray and dask")
        if self.runner == "serial" and (self.workers or 1) > 1:
            raise ValueError(f"workers is {self.workers} with runner=serial: give runner=processes")
        if self.gpus_per_run and self.runner != "ray":
            raise ValueError(f"gpus_per_run is {self.gpus_per_run:g} with runner={self.runner}: it is for runner=ray")
        if self.cpus_per_run != 1.0 and self.runner not in ("ray", "dask"):
            cpus = f"cpus_per_run is {self.cpus_per_run:g} with runner={self.runner}"
            raise ValueError(f"{cpus}: it is for runner=ray and dask; threads= is for one machine")
