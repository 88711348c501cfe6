"""What a layer's cloud is, in words."""

import pytest

from todacomm.results.cloud import cloud_words
from todacomm.settings.analysis import TopologyConfig


@pytest.mark.parametrize(
    ("options", "widths", "words"),
    [
        ({}, [768, 1024], "50 principal components, not z-scored, euclidean distance"),
        ({"pca": 0}, [768], "no PCA, not z-scored, euclidean distance"),
        ({"standardize": True, "metric": "cosine"}, [51], "50 principal components, z-scored, cosine distance"),
        ({}, [50], "all 50 dimensions (pca=50), not z-scored, euclidean distance"),
        ({}, [12, 8], "all 8 or 12 dimensions (pca=50), not z-scored, euclidean distance"),
        (
            {},
            [768, 12],
            "50 principal components, or all dimensions where there are no more, not z-scored, euclidean distance",
        ),
        ({"distances": True}, [0], "distances as given, no coordinates"),
    ],
)
def test_a_cloud_is_called_what_it_is(options, widths, words):
    assert cloud_words(TopologyConfig(**options), widths) == words
