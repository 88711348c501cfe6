"""The interactive page of an analysis and of a comparison."""

from todacomm.explorer.data import ComparisonData, ExplorerData, Metric, ModelSide, SimilarityMap
from todacomm.explorer.graph import layer_graph
from todacomm.explorer.layer_data import Band, Edges, ExplorerLayer, Graph, Loop, MetricValue
from todacomm.explorer.page import explorer_page
from todacomm.results.page import inline_frame
