"""Many analyses beside each other: chosen from the store and compared, each table a function."""

from todacomm.comparison.differences import controls, paired_differences
from todacomm.comparison.divergence import divergences
from todacomm.comparison.gathering import Gathered, gather
from todacomm.comparison.grouping import depth_curves, families
from todacomm.comparison.likelihood import correlates
from todacomm.comparison.means import mean_differences, ranking
from todacomm.comparison.result import Comparison
from todacomm.comparison.shapes import diagram_distances, nearest_layers
from todacomm.comparison.similarities import model_distances, similarity
