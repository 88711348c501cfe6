"""The pictures of a training: every label is plain text, every curve has a name, no two names lie on each other."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Annotation, Text

from todacomm.comparison.trajectory import Trajectory
from todacomm.figures import trajectory
from todacomm.figures.style import drawing

STEPS = (0, 1, 512, 1000, 64_000, 143_000)
LAYERS = ["embedding", *(f"layer_{i}" for i in range(20)), "final"]


@pytest.fixture
def found():
    """Numbers over several decades; the last two checkpoints nearly coincide."""
    depth = dict(zip(LAYERS, np.linspace(0, 1, len(LAYERS)), strict=True))
    size = dict(zip(STEPS, (50_000.0, 9000.0, 400.0, 90.0, 20.1, 20.0), strict=True))
    rows = [(s, layer, depth[layer], metric, size[s] * (1 + depth[layer])) for s in STEPS for layer in LAYERS
            for metric in dict.fromkeys((*trajectory.MAPPED, *trajectory.AGAINST))]  # fmt: skip
    rows += [(s, "run", np.nan, "perplexity", size[s]) for s in STEPS]
    change = [(before, after, layer, depth[layer], degree, size[after], size[after])
              for before, after in pairwise(STEPS) for layer in LAYERS for degree in (0, 1)]  # fmt: skip
    return Trajectory(
        "pythia wikitext2", STEPS, pd.DataFrame(rows, columns=["step", "layer", "depth", "metric", "value"]),
        pd.DataFrame(change, columns=["step_from", "step", "layer", "depth", "degree", "distance", "rate"]),
    )  # fmt: skip


def drawn(draw, found):
    with drawing():
        figure = draw(found)
        figure.canvas.draw()
    return figure


@pytest.mark.parametrize("draw", [trajectory._depth, trajectory._change, trajectory._perplexity])
def test_no_label_is_markup(draw, found):
    said = [text.get_text() for text in drawn(draw, found).findobj(Text)]
    assert [text for text in said if "$" in text or "\\" in text] == []


def test_the_curves_of_both_ends_have_a_name(found):
    for axes in drawn(trajectory._change, found).axes:
        names = [text.get_text() for text in axes.get_legend().get_texts()]
        assert (names[0], names[-1]) == ("emb", "final")


def test_no_two_steps_are_written_over_each_other(found):
    figure = drawn(trajectory._perplexity, found)
    for axes in figure.axes:
        boxes = {text.get_text(): text.get_window_extent() for text in axes.texts if isinstance(text, Annotation)}
        assert {"0", "143,000"} <= set(boxes)
        assert [pair for pair in combinations(boxes, 2) if boxes[pair[0]].overlaps(boxes[pair[1]])] == []
