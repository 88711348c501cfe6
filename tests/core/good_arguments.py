"""Every public function of the core that takes an array, with arguments that are good."""

import numpy as np
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import squareform

from todacomm.core import (
    clouds,
    convergence,
    curves,
    equivalence,
    homology,
    inference,
    landmarks,
    loops,
    nulls,
    ranks,
    rogue,
    similarity,
    subsamples,
    vectors,
)
from todacomm.core import layer as of_layer
from todacomm.core.inference import step_down
from todacomm.core.metrics import INTERVAL_METRICS, TESTED_METRICS, bars, dimension, health, text_metrics, whole_run

RNG = np.random.default_rng(0)
ANGLES = np.arange(12) * np.pi / 6.0
CLOUD = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)]) + 0.01 * RNG.normal(size=(12, 2))
MATRIX = clouds.distances(CLOUD)
DGM = np.array([[1.0, 2.0], [1.5, 4.0]])
SCALE, VALUES = np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0])
ROWS = RNG.normal(size=(4, 3))  # replicates of the values
MEMBERS = np.ones((2, 12), dtype=np.bool_)
HALVES = np.array([[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]])
LAYER = of_layer.analyze_layer(CLOUD)
BARS = loops.loop_bars(MATRIX)[:1]
CELLS, CELL_HALVES = np.array([[1.0, 2.0]]), RNG.normal(2.0, 0.1, size=(6, 1, 2))
CONTRAST = equivalence.paired_contrast(CELLS, CELLS, CELL_HALVES, 1.1 * CELL_HALVES)
LAW = equivalence.joint_law(CONTRAST, 50, RNG, 99)
INTERVALS = equivalence.simultaneous(CONTRAST, LAW)
GROUPS = equivalence.GroupRows(HALVES, np.empty((0, 2, 6), dtype=np.intp), np.empty((0, 2, 3), dtype=np.intp))
OF_TWO = {"first": VALUES, "second": VALUES}
OF_HALVES = {"value": VALUES, "replicates": ROWS, "grows": False}
OF_PAIRS = {**OF_HALVES, "other": VALUES, "others": ROWS}
OF_LIFETIMES = {"lifetimes": VALUES}
OF_CELLS = {"margin": np.full((1, 2), 0.1)}

GOOD = (
    (of_layer.analyze_layer, {"cloud": CLOUD}),
    (of_layer.analyze_distances, {"distances": MATRIX}),
    (clouds.distinct_rows, {"cloud": CLOUD}),
    (clouds.distinct_points, {"points": CLOUD, "scores": CLOUD, "metric": "cosine"}),
    (clouds.standardize, {"cloud": CLOUD}),
    (clouds.principal_components, {"cloud": CLOUD}),
    (clouds.distances, {"cloud": CLOUD}),
    (convergence.recommended_size, {"sizes": SCALE, "means": VALUES, "spreads": VALUES, "value": 1.0}),
    (convergence.last_doubling, {"sizes": SCALE, "means": VALUES}),
    (convergence.expected_seconds, {"sizes": SCALE, "times": VALUES, "measured_size": 2, "seconds": 1.0}),
    (curves.curve_scale, {"diagrams": [DGM]}),
    (curves.betti_curve, {"dgm": DGM, "scale": SCALE}),
    (curves.euler_curve, {"betti": [VALUES]}),
    (homology.persistence, {"distances": MATRIX}),
    (homology.spanning_tree, {"distances": MATRIX}),
    (landmarks.farthest_points, {"cloud": CLOUD, "n_landmarks": 1, "among": np.arange(12)}),
    (nulls.rotated, {"clouds": [CLOUD], "rng": RNG}),
    (nulls.permuted_dimensions, {"clouds": [CLOUD], "rng": RNG}),
    (ranks.average_ranks, {"values": VALUES}),
    (rogue.rogue_warnings, {"cloud": CLOUD}),
    (subsamples.subsamples, {"cloud": CLOUD, "size": 4, "repeats": 1, "rng": RNG}),
    (vectors.landscape, {"dgm": DGM, "scale": SCALE}),
    (vectors.image, {"dgm": DGM, "birth_grid": SCALE, "persistence_grid": SCALE, "sigma": 0.1}),
    (vectors.image_grids, {"diagrams": [DGM], "sigma": 0.1}),
    (vectors.vector_distances, {"first": [VALUES], "second": [VALUES]}),
    (vectors.recorded_vectors, {"diagrams": [DGM], "unit": 1.0}),
    (text_metrics, {"pooled_tokens": np.arange(3), "truncated": np.array([True, False])}),
    (bars.total_persistence, OF_LIFETIMES),
    (bars.max_lifetime, OF_LIFETIMES),
    (bars.mean_lifetime, {**OF_LIFETIMES, "n_vertices": 4}),
    (bars.count, OF_LIFETIMES),
    (bars.mean_lifetime_norm, {**OF_LIFETIMES, "n_vertices": 4, "unit": 1.0}),
    (bars.total_norm, {**OF_LIFETIMES, "n_vertices": 4, "unit": 1.0}),
    (bars.max_norm, {**OF_LIFETIMES, "unit": 1.0}),
    (bars.max_ratio, {"dgm": DGM}),
    (bars.count_long, {**OF_LIFETIMES, "diameter": 1.0}),
    (bars.persistence_entropy, {"dgm": DGM}),
    (bars.reproduction, {"left": VALUES}),
    (dimension.participation_ratio, {"eigenvalues": VALUES}),
    (dimension.effective_rank, {"eigenvalues": VALUES}),
    (dimension.spectrum_alpha, {"eigenvalues": VALUES, "n_points": 12, "n_dims": 3}),
    (dimension.twonn_dimension, {"distances": MATRIX}),
    (dimension.near_twins, {"distances": MATRIX}),
    (dimension.dimension_over_scale, {"distances": MATRIX}),
    (health.top_token_fraction, {"pooled_tokens": np.arange(3)}),
    (health.truncated_fraction, {"truncated": np.array([True, False])}),
    (health.mean_norm, {"norms": VALUES}),
    (health.top_dim_variance, {"variances": VALUES}),
    (health.mean_cosine, {"mean_direction": VALUES, "n_points": 12}),
    (health.cover_radius, {"to_landmark": VALUES}),
    (whole_run.published_h0_total, {"cloud": CLOUD}),
    (whole_run.published_ratio, {"token_embeddings": CLOUD, "layers": [CLOUD]}),
    (whole_run.pseudo_perplexity, {"losses": VALUES, "weights": VALUES}),
    (equivalence.paired_contrast,
     {"base": VALUES, "candidate": VALUES, "base_halves": ROWS, "candidate_halves": ROWS}),
    (equivalence.spread_of, {"estimate": VALUES, "halves": ROWS, "floor": np.zeros(3), "missing": ["", "", ""]}),
    (equivalence.group_rows, {"in_second": np.arange(16) < 8, "rng": RNG, "permutations": 1, "replicates": 1}),
    (equivalence.label_p_values, {"observed": np.ones((1, 2, 3)), "permuted": np.zeros((4, 1, 2, 3))}),
    (equivalence.measure_groups, {"layer": LAYER, "raw_cloud": CLOUD, "rows": GROUPS}),
    (equivalence.judge, {"contrast": CONTRAST, "n_texts": 50, "rng": RNG, "draws": 99, **OF_CELLS}),
    (equivalence.most_changed, {"lost": np.zeros((2, 5)), "layers": ["layer_0", "layer_1"]}),
    (equivalence.neighbours_lost, {"base": MATRIX, "candidate": MATRIX, "k": 1}),
    (equivalence.places, {"base": CLOUD, "candidate": CLOUD, "halves": HALVES}),
    (equivalence.blended, {"cloud": CLOUD, "share": 0.5, "rng": RNG}),
    (equivalence.place_margins, {"base": CLOUD, "rng": RNG, "draws": 1}),
    (equivalence.plan, {"base": CELLS, "base_halves": CELL_HALVES, "n_texts": 50, "rng": RNG, **OF_CELLS}),
    (equivalence.texts_to_settle, {"intervals": INTERVALS, "n_texts": 50, **OF_CELLS}),
    (equivalence.joint_law, {"contrast": CONTRAST, "n_units": 50, "rng": RNG, "multipliers": np.ones((9, 6))}),
    (equivalence.cell_verdicts, {"intervals": INTERVALS, **OF_CELLS}),
    (inference.p_value, {"observed": 1.0, "draws": VALUES, "tail": "upper"}),
    (inference.step_down_max_t, {"observed": VALUES, "draws": ROWS, "tail": "upper"}),
    (inference.universal_p_values, {"dgm": DGM}),
    (inference.null_rows,
     {"layers": {"layer_0": LAYER}, "draws": {"layer_0": np.zeros((3, len(TESTED_METRICS)))}, "intervals": {}}),
    (inference.intraclass_correlation, {"points": CLOUD, "groups": "aaabbbcccddd"}),
    (inference.dependence_warnings, {"clouds": {"layer_0": CLOUD}, "documents": "aaabbbcccddd"}),
    (inference.control_rows,
     {"kind": "shuffled_tokens", "layers": {"layer_0": LAYER}, "controls": [{"layer_0": LAYER}],
      "replicates": {"layer_0": np.ones((4, len(INTERVAL_METRICS)))},
      "control_replicates": {"layer_0": np.ones((4, len(INTERVAL_METRICS)))}}),
    (inference.replicate, {"layer": LAYER, "raw_cloud": CLOUD, "halves": HALVES}),
    (inference.betti_bands,
     {"curves": {"betti_0": VALUES, "scale": SCALE}, "mean_lifetime": 1.0, "diagrams": [[DGM], [DGM]]}),
    (inference.intervals, OF_HALVES),
    (inference.paired_difference, OF_PAIRS),
    (inference.paired_p_values, OF_PAIRS),
    (inference.to_full_size, OF_HALVES),
    (inference.infer, {"layers": {"layer_0": LAYER}, "raw_clouds": {"layer_0": CLOUD}, "replicates": 2, "nulls": 0}),
    (step_down.max_t, {"observed": VALUES, "draws": ROWS, "tail": "upper"}),
    (step_down.step_down, {"observed": VALUES, "law": ROWS}),
    (step_down.standardized, {"values": ROWS}),
    (loops.explain_angle, {"angle": ANGLES, "covariates": {"place": list(range(12))}, "rng": RNG, "permutations": 9}),
    (loops.explain_sides,
     {"side": np.arange(12) < 6, "covariates": {"place": list(range(12))}, "rng": RNG, "permutations": 9}),
    (loops.longest_bars, {"dgm": DGM}),
    (loops.loop_bars, {"distances": MATRIX, "dgm": LAYER.diagrams[1]}),
    (loops.circular_coordinate, {"distances": MATRIX, "bar": BARS[0]}),
    (loops.circular_correlation, OF_TWO),
    (loops.smoothed_angle, {"cloud": CLOUD, "angle": ANGLES}),
    (loops.gaps, {"distances": MATRIX}),
    (loops.halves_of_groups,
     {"tree": scipy_linkage(squareform(MATRIX), "average"), "width": 1.0, "n_halves": 1, "rng": RNG}),
    (loops.left_on_groups, {"distances": MATRIX, "bars": BARS, "n_halves": 1}),
    (loops.layer_loops, {"layer": LAYER, "halves": HALVES[:0], "half_diagrams": ()}),
    (loops.shortest_loop, {"distances": MATRIX, "bar": BARS[0]}),
    (loops.leading, {"distances": MATRIX, "bars": BARS, "members": MEMBERS[:1], "dgms": [DGM]}),
    (loops.life_left, {"distances": MATRIX, "bars": BARS, "members": MEMBERS}),
    (loops.membership, {"halves": [np.array([0, 2])], "n_points": 3}),
    (loops.prominence, {"leads": MEMBERS}),
    (loops.bar_p_values, {"lifetimes": [VALUES], "draws": np.ones((3, 1))}),
    (similarity.bottleneck, {"first": DGM, "second": DGM}),
    (similarity.wasserstein, {"first": DGM, "second": DGM}),
    (similarity.scaled, {"dgm": DGM, "unit": 1.0}),
    (similarity.linkage, {"matrix": MATRIX}),
    (similarity.matched_layers, OF_TWO),
    (similarity.prepare_all, {"clouds": {"layer_0": CLOUD}}),
    (similarity.cka, {"first": CLOUD, "second": CLOUD}),
    (similarity.procrustes, {"first": CLOUD, "second": CLOUD}),
    (similarity.knn_overlap, {"first": MATRIX, "second": MATRIX, "k": 1}),
    (similarity.rtd, {"first": MATRIX, "second": MATRIX}),
    (similarity.rtd_directions, {"first": MATRIX, "second": MATRIX}),
    (similarity.rtd_null, {"first": MATRIX, "second": MATRIX, "permutations": 1, "rng": RNG}),
)  # fmt: skip
"""Public functions that take arrays, with good arguments: a cloud is CLOUD, distances are MATRIX, a diagram is DGM."""
