"""Settings of a comparison: which analyses, how strictly, how much geometry."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, get_type_hints

from todacomm.settings.analysis import option, parse_value, validate
from todacomm.settings.steps import revision_and_step

GEOMETRIES = ("matched", "grid", "none")
OVER = ("auto", "models", "datasets")


@dataclass(frozen=True, slots=True)
class ComparisonConfig:
    """Which analyses are compared, and how.

    Raises
    ------
    ValueError
        A value is out of range or no known choice.
    """

    experiment: str = option("", "experiment whose analyses are compared; empty: all experiments")
    models: str = option("*", "names of models with commas; * and ? stand for anything: gpt2*,pythia-*")
    dataset: str = option("", "data set; empty: any")
    revision: str = option("", "revision of the models; empty: any")
    weights: str = option("", "trained or random; empty: both", choices=("", "trained", "random"))
    tags: str = option("", "tags of the runs with commas: key=value,key=value")
    run_ids: str = option("", "these runs and no others, with commas")
    newest: bool = option(True, "of one model, revision, weights and data set the newest analysis only")
    allow_mixed: bool = option(False, "compare analyses although their settings differ, with a warning")
    over: str = option(
        "auto", "models on one data set, or one model over datasets; auto looks at what there is", choices=OVER
    )
    steps: str = option("", "training steps of revisions whose names do not tell them: main=143000, with commas")
    geometry: str = option(
        "matched",
        "paired geometry of stored clouds: at matched depth, the full grid of layers, or none",
        choices=GEOMETRIES,
    )
    rtd_points: int = option(200, "texts in a representation topology divergence; 0: leave it out", low=0)
    rtd_permutations: int = option(1, "permuted pairings beside each divergence; a p-value needs 19", low=0)
    template: str = option("", "path of a Jinja template of your own; empty: the project's")
    run_name: str = option("", "name of the run; empty: what is compared")
    experiment_name: str = option("todacomm", "MLflow experiment of the comparison")
    output_dir: str = option("", "also write the comparison's files to this folder")
    threads: int | None = option(None, "threads for the geometry", low=1)
    seed: int = option(42, "seed of every random choice", low=0)

    def __post_init__(self) -> None:
        for name, value in self.to_flat().items():
            validate(name, value, COMPARISON_OPTIONS[name].metadata)
        if 0 < self.rtd_points < 10:
            raise ValueError(f"rtd_points is {self.rtd_points}: expected at least 10, or 0 to leave it out")
        for tag in words(self.tags):
            if "=" not in tag:
                raise ValueError(f"tags has {tag!r}: expected key=value, several with commas")
        self.given_steps()

    @classmethod
    def from_flat(cls, values: Mapping[str, Any]) -> "ComparisonConfig":
        """Settings by name; strings are parsed, an unknown name is an error.

        >>> ComparisonConfig.from_flat({"newest": "false", "threads": "auto"}).newest
        False
        """
        hints = get_type_hints(cls)
        for name in values:
            if name not in hints:
                close = get_close_matches(name, hints, n=1)
                hint = f": did you mean {close[0]}?" if close else f": choose from {', '.join(hints)}"
                raise ValueError(f"unknown option {name!r}{hint}")
        return cls(**{name: parse_value(name, value, hints[name]) for name, value in values.items()})

    def given_steps(self) -> dict[str, int | None]:
        """Training step by revision, as ``steps`` has them.

        Raises
        ------
        ValueError
            One is no whole number.
        """
        return dict(revision_and_step(entry) for entry in words(self.steps))

    def to_flat(self) -> dict[str, Any]:
        """Every option by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


COMPARISON_OPTIONS = {field.name: field for field in fields(ComparisonConfig)}
"""Every option of a comparison by its name."""


def words(text: str) -> list[str]:
    """What stands between commas.

    >>> words("gpt2, bert,")
    ['gpt2', 'bert']
    """
    return [word.strip() for word in text.split(",") if word.strip()]
