"""The figures of a comparison by name: title, and the sentence that says how to read each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader is told about a figure."""

    title: str
    reading: str


COMPARISON_FIGURES: dict[str, Entry] = {
    "ranking": Entry(
        "Side by side",
        "One panel a metric, one mark an analysis: its mean over the blocks with its 95 % interval. Two whose "
        "intervals overlap are not told apart by this metric.",
    ),
    "depth": Entry(
        "Over relative depth",
        "From the embedding (0) to the last layer (1), so that models of different depth lie over each other; bands "
        "are 95 % intervals, dashed curves with open marks have random weights.",
    ),
    "controls": Entry(
        "What training did",
        "Each model less the same model with random weights, on the same half-samples: where the band leaves zero, "
        "training made the difference and not the architecture.",
    ),
    "similarity_cka": Entry(
        "Centred kernel alignment of every two layers (debiased)",
        "1: the same geometry up to rotation and scale; 0: none in common. A bright diagonal means that depth for "
        "depth the two models do alike.",
    ),
    "similarity_procrustes": Entry(
        "Procrustes distance of every two layers",
        "Angle that is left after the best rotation: 0 is equal, pi/2 nothing in common; brighter is more alike.",
    ),
    "similarity_knn_overlap": Entry(
        "Common nearest neighbours of every two layers",
        "Mean share of a text's ten nearest neighbours that are the same in both layers; chance alone gives ten out "
        "of all texts.",
    ),
    "distances": Entry(
        "How far apart the models are",
        "Means over layers at matched depth, for every two models: by geometry text by text (Procrustes), by shape "
        "alone (Wasserstein between diagrams), and by both (divergence); the tree joins those nearest by Procrustes "
        "first.",
    ),
}
