"""What is measured in every layer: one registry that tables, plots, reports and inference read."""

from dataclasses import dataclass, replace
from typing import Literal

Tail = Literal["upper", "two-sided"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a layer and how it may be read.

    Attributes
    ----------
    group : str
        First half of its key in the tracking store: ``tda``, ``cloud`` or ``geometry``.
    label, units, meaning : str
        Axis label, units (``-`` for none) and one sentence for the glossary.
    scale_free : bool
        Whether multiplying the cloud by a constant leaves it alone.
    interval : bool
        Whether delete-half subsampling gives it an interval.
    grows : bool
        Whether it grows with the number of points, so that its standard error is rescaled.
    null_tail : str or None
        Tail in which the rotation null judges it; None where it has no p-value.
    """

    group: Literal["tda", "cloud", "geometry"]
    label: str
    units: str
    meaning: str
    scale_free: bool = True
    interval: bool = True
    grows: bool = False
    null_tail: Tail | None = None
    compared: bool = False
    short: str = ""


LAYER_METRICS: dict[str, Metric] = {
    "h0_total_persistence": Metric(
        "tda", "H0 total persistence", "distance",
        "Length of the minimum spanning tree: the sum of all finite H0 lifetimes.", scale_free=False, grows=True),
    "h0_max_lifetime": Metric(
        "tda", "H0 longest lifetime", "distance",
        "Longest finite H0 bar: the widest gap between two groups of points. Its interval is about a tenth too narrow, "
        "and much too narrow where a few points lie far out.", scale_free=False),
    "h0_mean_lifetime": Metric(
        "tda", "H0 mean lifetime", "distance", "Mean edge of the minimum spanning tree of the distinct points.",
        scale_free=False),
    "h0_count": Metric("tda", "H0 bars", "-", "Distinct points less one; it says nothing about shape.", interval=False),
    "h0_total_norm": Metric(
        "tda", "H0 mean lifetime / median distance", "-",
        "Mean H0 lifetime in units of the median distance: how evenly the points are spread, whatever their scale.",
        null_tail="two-sided"),
    "h0_max_norm": Metric(
        "tda", "H0 longest lifetime / median distance", "-",
        "Widest gap in units of the median distance. Its interval is about a tenth too narrow, and much too narrow "
        "where a few points lie far out."),
    "h0_entropy": Metric(
        "tda", "H0 persistence entropy", "0..1",
        "Evenness of the H0 lifetimes: 1 where all are equal. Its interval is conservative."),
    "h1_total_persistence": Metric(
        "tda", "H1 total persistence", "distance", "Sum of all H1 lifetimes; noise alone has plenty.",
        scale_free=False, grows=True),
    "h1_max_lifetime": Metric(
        "tda", "H1 longest lifetime", "distance", "Longest H1 bar: the most persistent loop.", scale_free=False),
    "h1_count": Metric(
        "tda", "H1 bars", "-", "Number of H1 bars; pure noise has one for every point or two.", grows=True),
    "h1_count_long": Metric(
        "tda", "H1 bars over 3 % of the diameter", "-",
        "H1 bars longer than .03 of the largest distance; a Gaussian of the same covariance has them too.",
        interval=False),
    "h1_total_norm": Metric(
        "tda", "H1 total / (points x median distance)", "-",
        "H1 total in units of points times median distance; low values mean clusters or heavy tails.",
        grows=True, null_tail="two-sided"),
    "h1_max_norm": Metric(
        "tda", "H1 longest lifetime / median distance", "-",
        "Most persistent loop in units of the median distance: with its p-value, the evidence for a loop.",
        null_tail="upper"),
    "h1_max_ratio": Metric(
        "tda", "H1 largest death/birth", "-",
        "Largest ratio of death to birth of an H1 bar; 1 where there is none.", null_tail="upper"),
    "h1_entropy": Metric(
        "tda", "H1 persistence entropy", "0..1",
        "Evenness of the H1 lifetimes: 1 where all are equal. Its interval is conservative."),
    "n_points": Metric("cloud", "Points", "-", "Rows of the cloud: one a text.", interval=False),
    "n_distinct": Metric(
        "cloud", "Distinct points", "-", "Rows left after merging those that coincide.", interval=False),
    "duplicate_fraction": Metric(
        "cloud", "Share of duplicates", "0..1", "Share of the rows that repeat another one.", interval=False),
    "top_token_fraction": Metric(
        "cloud", "Share of the commonest pooled token", "0..1",
        "Share of the pooled positions held by one token id (last-token pooling).", interval=False),
    "truncated_fraction": Metric(
        "cloud", "Share of texts cut", "0..1", "Share of the texts cut at max_length.", interval=False),
    "mean_norm": Metric("cloud", "Mean norm", "distance", "Mean length of the activation vectors.", scale_free=False),
    "top_dim_variance": Metric(
        "cloud", "Largest coordinate's share of variance", "0..1",
        "Share of the total variance in one coordinate: near 1, a rogue dimension decides every distance."),
    "mean_cosine": Metric(
        "cloud", "Mean cosine (anisotropy)", "-1..1", "Mean cosine between two activation vectors before centring."),
    "median_distance": Metric(
        "cloud", "Median distance", "distance", "Median distance between two points.", scale_free=False),
    "cover_radius": Metric(
        "cloud", "Cover radius of the landmarks", "distance",
        "Largest distance of a point to its nearest landmark: bars of all points are born and die at most twice that "
        "earlier than those of the landmarks.", scale_free=False, interval=False),
    "pca_explained_variance": Metric(
        "cloud", "Variance kept by PCA", "0..1", "Share of the variance that the principal components keep."),
    "participation_ratio": Metric(
        "geometry", "Participation ratio", "dimensions",
        "Number of directions that carry the variance: (sum of eigenvalues)^2 / sum of their squares.", grows=True),
    "effective_rank": Metric(
        "geometry", "Effective rank (RankMe)", "dimensions",
        "Exponential of the entropy of the normalised singular values. Its interval is conservative.", grows=True),
    "spectrum_alpha": Metric(
        "geometry", "Spectral exponent", "-",
        "Exponent of the power law fitted to the eigenvalues from rank 11 to half of them."),
    "twonn_dimension": Metric(
        "geometry", "Intrinsic dimension (TwoNN)", "dimensions",
        "Dimension from the ratio of the distances to the two nearest neighbours. Its interval is conservative."),
}  # fmt: skip

for _name, _short in {
    "h0_total_norm": "H0 mean / median distance", "h1_total_norm": "H1 total, scale-free",
    "h1_max_norm": "H1 longest / median distance", "twonn_dimension": "TwoNN dimension",
    "effective_rank": "Effective rank", "mean_cosine": "Mean cosine",
}.items():  # fmt: skip
    LAYER_METRICS[_name] = replace(LAYER_METRICS[_name], compared=True, short=_short)

RUN_METRICS: dict[str, str] = {
    "expansion_ratio": "Peak over layers of the H0 mean lifetime / its value at the embedding. Follows the norm first.",
    "expansion_ratio_block": "The same with the first block as denominator.",
    "expansion_ratio_norm": "The same of the scale-free H0 total: what is left once scale is divided out.",
    "expansion_ratio_published": "todacomm 0.1.0's own arithmetic, for comparison with its published table only.",
    "perplexity": "exp of the mean negative log-likelihood of the predicted tokens.",
    "bits_per_byte": "Negative log-likelihood in bits per byte of text: comparable between tokenizers.",
    "pseudo_perplexity": "exp of the mean negative log-likelihood of tokens masked one at a time.",
}


def metric_key(name: str) -> str:
    """Key of a layer metric in the tracking store.

    >>> metric_key("h0_total_norm")
    'tda/h0_total_norm'
    """
    return f"{LAYER_METRICS[name].group}/{name}"
