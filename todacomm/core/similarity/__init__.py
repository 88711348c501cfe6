"""Between two clouds of the same texts, and between two diagrams."""

from todacomm.core.similarity.diagrams import DIAGRAM_DISTANCES, bottleneck, scaled, wasserstein
from todacomm.core.similarity.grid import Prepared, linkage, matched_layers, prepare_all, similarity_grid
from todacomm.core.similarity.representations import SIMILARITIES, cka, knn_overlap, procrustes
from todacomm.core.similarity.row import Similarity
from todacomm.core.similarity.rtd import rtd, rtd_directions, rtd_null
