"""One row of the registries of metrics: the function that computes a number, what it takes, and how it may be read."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

Tail = Literal["upper", "two-sided"]
Group = Literal["tda", "cloud", "geometry"]
TableName = Literal["health", "shape", "raw", "geometry", ""]
Subject = Literal["cloud", "landmarks", "texts", "halves"]

WITHOUT_SHAPE = frozenset(("n_points", "n_distinct"))
"""What is known of a cloud with too few distinct points."""
_OF_ROWS = frozenset(("norms", "mean_direction", "variances", "total_variance", "scores_variance"))
COORDINATES = _OF_ROWS | {"eigenvalues"}
"""What distances alone do not give."""
OF_POINTS = WITHOUT_SHAPE | _OF_ROWS
"""What needs no distance between points: half-samples with too few distinct points have it too."""
BOUNDED = ("0..1", "-1..1")
"""Units of shares and cosines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of a layer: its function, what the function takes, and how the number may be read.

    Attributes
    ----------
    compute : callable
        Arrays and numbers in, one number out. Its docstring is the definition.
    needs : tuple of str
        What ``compute`` is given, in order: attributes of :class:`todacomm.core.view.View` or, where there is a degree,
        of :class:`todacomm.core.view.Bars`.
    degree : int or None
        Homology degree of the bars it is computed from.
    of : str
        ``cloud``: measured in every layer. ``landmarks``: only where distances are taken among landmarks. ``texts``: of
        the texts, the same in every layer. ``halves``: of the half-samples of the texts together.
    group : str
        First half of its key in the tracking store: ``tda``, ``cloud`` or ``geometry``.
    label, short, units, meaning : str
        Axis label, head of a column (the label where none is given), units (``-`` for none) and one sentence for the
        glossary.
    definition : str
        The part of ``meaning`` that holds in any degree; all of it where none is given.
    reading : str
        What a value means, where ``meaning`` leaves it open.
    undefined : str
        Why it is nan in a layer that has a shape.
    source : tuple of str
        arXiv ids and DOIs, such as ``arXiv 2210.02885``.
    twin : str
        The same number with scale divided out.
    scale_free : bool
        Whether multiplying the cloud by a constant leaves it alone.
    interval : bool
        Whether delete-half subsampling gives it an interval.
    conservative : bool
        Whether that interval covers more often than it says.
    grows : bool
        Whether it grows with the number of points, so that its standard error is rescaled.
    null_tail : str or None
        Tail in which nulls drawn in the space of the distances judge it; None where it has no p-value.
    below, above : str
        What it means where it is below or above the rotation null.
    compared : bool
        Whether comparisons of models show it.
    margin : float or None
        How far it may differ between two models and still be called the same, where that is more than of the others.
    near_zero : bool
        Whether it may be as good as 0, of which a share is no margin.
    over_training : bool
        Whether the course of a training shows it beside those that are compared.
    main : bool
        Whether it is one of the few that headlines, controls and charts of the tracking store follow.
    table : str
        The table of a report in which it stands: ``health``, ``shape``, ``raw``, ``geometry``, or none.
    """

    compute: Callable[..., float]
    needs: tuple[str, ...]
    degree: int | None = None
    of: Subject = "cloud"
    group: Group
    label: str
    short: str = ""
    units: str
    meaning: str
    definition: str = ""
    reading: str = ""
    undefined: str = ""
    source: tuple[str, ...] = ()
    twin: str = ""
    scale_free: bool = True
    interval: bool = True
    conservative: bool = False
    grows: bool = False
    null_tail: Tail | None = None
    below: str = ""
    above: str = ""
    compared: bool = False
    margin: float | None = None
    near_zero: bool = False
    over_training: bool = False
    main: bool = False
    table: TableName = ""

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.label)

    def measure(self, view: Any) -> float:
        """Its value in a view of a cloud, see :mod:`todacomm.core.view`."""
        given = view if self.degree is None else view.bars(self.degree)
        return float(self.compute(*(getattr(given, name) for name in self.needs)))

    @property
    def relative(self) -> bool:
        """Whether two models' values differ by a share of one: not where it is near 0, a share itself or a cosine."""
        return not self.near_zero and self.units not in BOUNDED

    @property
    def needs_shape(self) -> bool:
        """Whether it takes points that differ: at least four."""
        return not OF_POINTS.issuperset(self.needs)

    @property
    def needs_coordinates(self) -> bool:
        """Whether distances alone do not give it."""
        return not COORDINATES.isdisjoint(self.needs)

    @property
    def section(self) -> str:
        """Title of the part of a list of all metrics in which it stands."""
        if self.degree is not None:
            return f"{NAMES_OF_BARS[self.degree]} (H{self.degree})"
        return "Dimension and spectrum" if self.group == "geometry" else "Health and scale of the cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetric:
    """One number of a whole run; the attributes are those of :class:`Metric`.

    Attributes
    ----------
    peak_of, start : str
        Of a ratio over depth: the metric whose peak it takes, and the layer whose value it divides by.
    """

    compute: Callable[..., Any]
    label: str
    short: str = ""
    units: str = "-"
    meaning: str
    reading: str = ""
    source: tuple[str, ...] = ()
    twin: str = ""
    peak_of: str = ""
    start: str = ""

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.label)

    @property
    def section(self) -> str:
        """Title of the part of a list of all metrics in which it stands."""
        return "Of a whole run"


NAMES_OF_BARS = {0: "Connected pieces", 1: "Holes", 2: "Voids"}
"""What bars of a degree are."""


def raised(metric: Metric, degree: int) -> Metric:
    """The metric of H1 in a higher degree: no null model and no interval have been tried there."""
    meaning = metric.definition or metric.meaning
    label, short, meaning = (text.replace("H1", f"H{degree}") for text in (metric.label, metric.short, meaning))
    return replace(
        metric, degree=degree, label=label, short=short, meaning=meaning, reading="", null_tail=None, interval=False,
        conservative=False, below="", above="", compared=False, over_training=False, main=False,
        twin=metric.twin.replace("h1_", f"h{degree}_"),
    )  # fmt: skip
