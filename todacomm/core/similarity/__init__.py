"""Between two clouds of the same texts, and between two diagrams."""

from todacomm.core.similarity.diagrams import bottleneck, scaled, wasserstein
from todacomm.core.similarity.grid import SIMILARITIES, linkage, matched_layers, prepare_all, similarity_grid
from todacomm.core.similarity.representations import Prepared, cka, knn_overlap, procrustes
from todacomm.core.similarity.rtd import rtd, rtd_null

__all__ = [
    "SIMILARITIES",
    "Prepared",
    "bottleneck",
    "cka",
    "knn_overlap",
    "linkage",
    "matched_layers",
    "prepare_all",
    "procrustes",
    "rtd",
    "rtd_null",
    "scaled",
    "similarity_grid",
    "wasserstein",
]
