"""Settings of a gate: which two models, what of them is compared, and how far it may differ."""

from dataclasses import dataclass, field

from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import BESIDE, NOTHING, WHICH, Settings, option

NONE = "none"
MARGINS = {"shape": 0.05, "places": 0.01}
VERDICT_CODES = {"different": 3, "undecided": 4}
"""Verdicts that a gate may fail on -> its exit code."""
FAILING = tuple(VERDICT_CODES)
WITHOUT = ("landmarks", "keep_clouds", "nulls", "null_kinds", "control_draws", "loops")
"""Options of an analysis without a part in a gate."""


def shape_metrics() -> tuple[str, ...]:
    """Metrics of a layer that can be compared, or none of them."""
    from todacomm.core.inference import INTERVAL_METRICS

    return (*INTERVAL_METRICS, NONE)


def place_measures() -> tuple[str, ...]:
    """Distances between two clouds of the same texts, or none of them."""
    from todacomm.core.equivalence import PLACE_MEASURES

    return (*PLACE_MEASURES, NONE)


@dataclass(frozen=True, slots=True)
class GateConfig(Settings):
    """What is compared, and how far it may differ.

    ``analysis`` is how both are analysed, as far as they are not.

    >>> GateConfig(margin="0.1,twonn_dimension=0.2").margins()["twonn_dimension"]
    0.2
    """

    base: str = option(
        "", "preset, hub id, folder, clouds:FILE, a run's id, models:/NAME/VERSION (or latest) or models:/NAME@ALIAS",
        decides=WHICH, replaces="model",
    )  # fmt: skip
    candidate: str = option("", "the same, of what is held against the base", decides=WHICH)
    base_revision: str = option("", "revision or subfolder of the base", decides=WHICH, replaces="revision")
    candidate_revision: str = option("", "revision or subfolder of the candidate", decides=WHICH)
    candidate_dataset: str = option("", "other texts for the candidate: then shape alone is compared", decides=WHICH)
    groups: tuple[str, ...] = option(
        (),
        "no candidate: groups of texts of the base, by a column of the data with two values, or by column,first,second",
        decides=WHICH,
        repeated=True,
    )
    shape: tuple[str, ...] = option(
        ("h0_total_norm", "h1_max_norm", "twonn_dimension", "effective_rank", "mean_cosine"),
        "metrics of every layer that are compared; none: leave them out",
        needed=True,
        choices=shape_metrics,
    )
    places: tuple[str, ...] = option(
        ("cka_distance", "procrustes", "neighbours_lost"),
        "distances between the same texts in both: cka_distance, procrustes, neighbours_lost, rtd_base, rtd_candidate",
        needed=True,
        choices=place_measures,
    )
    margin: tuple[str, ...] = option(
        (),
        "how far each may differ and be the same, with commas: a number for every metric of shape, or name=number; "
        "shape .05, TwoNN .15, places .01 of the variance",
    )
    fail_on: tuple[str, ...] = option(
        FAILING,
        f"verdicts with an exit code of their own ({', '.join(map(str, VERDICT_CODES.values()))})",
        needed=True,
        choices=(*FAILING, NONE),
        decides=NOTHING,
    )
    plan: bool = option(False, "say what the texts can show, from the base alone, and stop", decides=WHICH)
    permutations: int = option(
        99, "permutations of labels, of groups or of two sets of texts; 0: none", low=0, decides=BESIDE
    )
    analysis: AnalysisConfig = field(default_factory=AnalysisConfig, metadata={"hidden": WITHOUT})

    def check(self) -> None:
        if not self.metrics and (not self.measures or self.groups or self.plan):
            raise ValueError("shape is none, and nothing else is compared here: name metrics of shape")
        if self.analysis.topology.landmarks or self.analysis.inference.replicates < 2:
            raise ValueError("a gate needs half-samples: expected replicates of 2 at least and no landmarks")
        named, two = ",".join(self.groups), self.groups[1:]
        if self.groups and (self.candidate or self.candidate_dataset or len(two) not in (0, 2)):
            raise ValueError(f"groups is {named}: expected a column, or column,first,second, and no candidate")
        if two and two[0] == two[1]:
            raise ValueError(f"groups is {named}: expected two different groups")
        if self.groups and self.plan:
            raise ValueError(f"groups is {named}, and a plan is of a candidate: leave one of them out")
        for name, values in {"shape": self.shape, "places": self.places, "fail_on": self.fail_on}.items():
            if NONE in values and len(values) > 1:
                raise ValueError(f"{name} is {','.join(values)}: expected {NONE} alone, or what there is of the others")
        self.margins()

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics of shape."""
        return tuple(name for name in self.shape if name != NONE)

    @property
    def measures(self) -> tuple[str, ...]:
        """Measures of places."""
        return tuple(name for name in self.places if name != NONE)

    def margins(self) -> dict[str, float]:
        """Margin by metric and measure.

        Raises
        ------
        ValueError
            One is no number above 0, of something that is not compared, there twice, or no share of a variance.
        """
        from todacomm.core.metrics import LAYER_METRICS

        margins = {name: LAYER_METRICS[name].margin or MARGINS["shape"] for name in self.metrics}
        margins |= dict.fromkeys(self.measures, MARGINS["places"])
        given: set[str] = set()
        for entry in sorted(self.margin, key=lambda entry: "=" in entry):  # a name goes before a number for all
            name, _, text = entry.rpartition("=")
            name = name.strip()
            if name in given:
                raise ValueError(f"margin has two numbers for {name or 'all metrics of shape'}: expected one")
            given.add(name)
            if name and name not in margins:
                raise ValueError(f"margin has {entry!r}, which is not compared: choose {', '.join(margins)}")
            try:
                size = float(text)
            except ValueError:
                size = 0.0
            if not 0.0 < size < float("inf"):
                raise ValueError(f"margin has {entry!r}: expected a number above 0, or name=number")
            if name in self.measures and size > 1.0:
                raise ValueError(f"margin has {entry!r}: expected a share of the variance, at most 1")
            margins |= dict.fromkeys([name] if name else self.metrics, size)
        return margins
