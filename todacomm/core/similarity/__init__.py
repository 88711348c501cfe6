"""Between two clouds of the same texts, and between two diagrams."""

from todacomm.core.similarity.diagrams import DIAGRAM_DISTANCES, bottleneck, scaled, wasserstein
from todacomm.core.similarity.grid import Prepared, linkage, matched_layers, prepare_all, similarity_grid
from todacomm.core.similarity.representations import SIMILARITIES, cka, knn_overlap, procrustes
from todacomm.core.similarity.row import Similarity
from todacomm.core.similarity.rtd import rtd, rtd_directions, rtd_null

__all__ = [
    "DIAGRAM_DISTANCES",
    "SIMILARITIES",
    "Prepared",
    "Similarity",
    "bottleneck",
    "cka",
    "knn_overlap",
    "linkage",
    "matched_layers",
    "prepare_all",
    "procrustes",
    "rtd",
    "rtd_directions",
    "rtd_null",
    "scaled",
    "similarity_grid",
    "wasserstein",
]
