"""What would be a margin of places: the distance of a base's two halves, and that of a base blended with itself.

    python -m benchmarks.gate_margins

Texts of Qwen2.5-0.5B, whose activations the actopo package ships. The halves hold different texts: each text is
described by its products with those of one half and with those of the other. That is sampling, which ends where there
are enough texts; the blend of :func:`todacomm.core.equivalence.place_margins` is the same share at every number.
"""

import numpy as np

from benchmarks.materials import actopo_files
from todacomm.core.equivalence import place_margins
from todacomm.core.similarity import cka

MEASURE, SIZES, DRAWS = "cka_distance", (100, 300, 600), 100


def halves_distance(cloud: np.ndarray, rng: np.random.Generator) -> float:
    """``1 - CKA`` of the texts described by one half of them and by the other."""
    centred = cloud - cloud.mean(axis=0)
    one, other = np.array_split(centred[rng.permutation(len(centred))], 2)
    return 1.0 - cka(centred @ one.T, centred @ other.T)


def main() -> None:
    cloud = np.load(actopo_files()["base"], allow_pickle=False).astype(np.float64)
    for n_texts in SIZES:
        rng = np.random.default_rng(0)
        some = [cloud[rng.permutation(len(cloud))[:n_texts]] for _ in range(DRAWS)]
        halves = np.mean([halves_distance(texts, rng) for texts in some])
        blend = np.mean([place_margins(texts, rng, measures=(MEASURE,), draws=1)[0] for texts in some])
        print(f"{n_texts} texts: halves {halves:.2f} apart, blended {blend:.3f}")


if __name__ == "__main__":
    main()
