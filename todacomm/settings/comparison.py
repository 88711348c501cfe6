"""Settings of a comparison: which analyses, how strictly, how much geometry."""

from dataclasses import dataclass

from todacomm.settings.analysis import ENDINGS, POOLINGS
from todacomm.settings.base import NOTHING, WHICH, Settings, option
from todacomm.settings.steps import revision_and_step
from todacomm.settings.values import tags_of

GEOMETRIES = ("matched", "grid", "none")
OVER = ("auto", "models", "datasets")


@dataclass(frozen=True, slots=True)
class ComparisonConfig(Settings):
    """Which analyses are compared, and how.

    >>> ComparisonConfig.from_flat({"newest": "false", "threads": "auto"}).newest
    False
    """

    experiment: str = option("", "experiment whose analyses are compared; empty: all experiments", decides=WHICH)
    models: tuple[str, ...] = option(
        ("*",), "names of models with commas; * and ? stand for anything: gpt2*,pythia-*", decides=WHICH, selects=True
    )
    dataset: str = option("", "data set; empty: any", decides=WHICH)
    revision: str = option("", "revision of the models; empty: any", decides=WHICH)
    weights: str = option("", "trained or random; empty: both", decides=WHICH, choices=("", "trained", "random"))
    samples: int = option(0, "texts that were read; 0: any number", decides=WHICH, low=0)
    pooling: str = option("", "pooling as it came out; empty: any", decides=WHICH, choices=("", *POOLINGS[1:]))
    endings: str = option("", "endings of the passages; empty: any", decides=WHICH, choices=("", *ENDINGS))
    layers: tuple[str, ...] = option((), "layers as they were asked for; empty: any", decides=WHICH)
    tags: tuple[str, ...] = option((), "tags of the runs with commas: key=value,key=value", decides=WHICH)
    run_ids: tuple[str, ...] = option((), "these runs and no others, with commas", decides=WHICH, selects=True)
    newest: bool = option(True, "of one model, revision, weights and data set the newest analysis only")
    allow_mixed: bool = option(False, "compare analyses although their settings differ, with a warning")
    over: str = option(
        "auto", "models on one data set, or one model over datasets; auto looks at what there is", choices=OVER
    )
    steps: tuple[str, ...] = option(
        (), "training steps of revisions whose names do not give them: main=143000, with commas"
    )
    geometry: str = option(
        "matched",
        "paired geometry of stored clouds: at matched depth, the full grid of layers, or none",
        choices=GEOMETRIES,
    )
    permutations: int = option(
        99, "random pairings of the texts beside each similarity: what chance gives, and p; 0: none", low=0
    )
    rtd_points: int = option(200, "texts in a representation topology divergence; 0: leave it out", low=0)
    rtd_permutations: int = option(1, "permuted pairings beside each divergence; a p-value needs 19", low=0)
    explorer: bool = option(True, "write the interactive page, explorer.html", decides=NOTHING)
    template: str = option("", "path of a Jinja template of your own; empty: the project's", decides=NOTHING)
    run_name: str = option("", "name of the run; empty: what is compared", decides=NOTHING)
    experiment_name: str = option("todacomm", "MLflow experiment of the comparison", decides=NOTHING)
    output_dir: str = option("", "also write the comparison's files to this folder", decides=NOTHING)
    threads: int | None = option(None, "threads for the geometry", low=1, decides=NOTHING)
    seed: int = option(42, "seed of every random choice", low=0)

    def check(self) -> None:
        if 0 < self.rtd_points < 10:
            raise ValueError(f"rtd_points is {self.rtd_points}: expected at least 10, or 0 to leave it out")
        self.given_tags()
        self.given_steps()

    def given_steps(self) -> dict[str, int]:
        """Training step by revision, as ``steps`` has them.

        Raises
        ------
        ValueError
            One has no step, or one that is no whole number.
        """
        steps = {}
        for entry in self.steps:
            revision, step = revision_and_step(entry, "steps")
            if step is None:
                raise ValueError(f"steps has {entry!r}: expected NAME=STEP with a whole number, such as main=143000")
            steps[revision] = step
        return steps

    def given_tags(self) -> dict[str, str]:
        """Value by key, as ``tags`` has them."""
        return tags_of(self.tags)
