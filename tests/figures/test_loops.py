"""The figure of a loop: the plane in which it is round, texts in their order, and nothing that overlaps."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tests.figures.test_figures import extent, written
from tests.helpers.results import make_result
from todacomm.core.loops import circular_correlation
from todacomm.core.loops.verdict import LOOP
from todacomm.figures.loops import HOURS, clock_plane, draw_loop, texts_at_hours
from todacomm.figures.registry import draw_all
from todacomm.figures.style import cyclic_colors, drawing
from todacomm.results.loops import loop_pictures

WORDS = ("word " * 40, "W" * 200, "costs $5 and $x^2$ with an _underscore_ and a \\backslash", "漢字" * 40, "<b>", " ")


@pytest.fixture(scope="module")
def result():
    made = make_result(4, n_points=90)
    return replace(made, texts=made.texts.assign(text=[WORDS[i % len(WORDS)] for i in range(90)]))


def small_circle(rng, n_points=300):
    """A circle beside three directions with more variance each, and its angle."""
    angle = rng.uniform(0.0, 2.0 * np.pi, n_points)
    cloud = rng.normal(scale=0.1, size=(n_points, 50))
    cloud[:, :2] += np.column_stack([np.cos(angle), np.sin(angle)])
    cloud[:, 2:5] += rng.normal(size=(n_points, 3))
    return cloud, angle


def test_the_plane_is_that_of_the_loop_however_small_it_is(rng):
    """The clock's own directions are known: every point lies where its angle is, and its text at its hour."""
    cloud, angle = small_circle(rng)
    places = clock_plane(cloud, angle)
    assert circular_correlation(np.arctan2(places[:, 0], places[:, 1]), angle) > 0.9
    assert np.cos(np.arctan2(places[:, 0], places[:, 1]) - angle).mean() > 0.9
    turned, _ = np.linalg.qr(rng.normal(size=(50, 50)))
    np.testing.assert_allclose(clock_plane(cloud @ turned + 3.0, angle), places, atol=1e-9)
    for hour, row in texts_at_hours(cloud, angle).items():
        assert np.cos(angle[row] - hour * 2.0 * np.pi / HOURS) > np.cos(np.pi / HOURS)


def test_points_without_a_place_have_no_hour():
    angle = np.array([0.0, np.nan, np.pi, np.nan])
    assert set(texts_at_hours(np.eye(4), angle)) == {12, 6}


def test_colours_meet_and_differ_from_their_neighbours():
    colors = cyclic_colors(np.linspace(0.0, 2.0 * np.pi, 25))
    np.testing.assert_allclose(colors[0], colors[-1], atol=1e-12)
    assert np.linalg.norm(np.diff(colors, axis=0), axis=1).min() > 0.02
    assert np.linalg.norm(colors[:12] - colors[12:24], axis=1).min() > 0.3


def test_nothing_overlaps_or_leaves_the_sheet_whatever_the_texts_hold(result):
    (loop, *_) = loop_pictures(result).values()
    with drawing():
        figure = draw_loop(result, "A loop", loop)
        FigureCanvasAgg(figure).draw()
    numbers_on_points = [text for text in written(figure) if isinstance(text.get_color(), str) and text.get_size() < 7]
    assert len(numbers_on_points) == HOURS
    boxes = [(text.get_text(), extent(text)) for text in written(figure) if text not in numbers_on_points]
    assert any("$x^2$" in words for words, _ in boxes)
    for words, box in boxes:
        assert figure.bbox.padded(1).containsx(box.x0), words
        assert figure.bbox.padded(1).containsx(box.x1), words
        assert figure.bbox.padded(1).containsy(box.y0), words
        assert figure.bbox.padded(1).containsy(box.y1), words
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.padded(-1).overlaps(second.padded(-1)), (one, other)


def test_a_bar_without_places_is_no_picture(result):
    (loop, *_) = loop_pictures(result).values()
    with pytest.raises(
        ValueError, match=rf"bar {loop.rank} of {loop.layer} is no loop \(few texts\): its texts have no"
    ):
        draw_loop(result, "A loop", replace(loop, angle=None, verdict="few texts"))


def test_there_is_a_picture_for_every_loop_claimed_and_for_nothing_else(result, tmp_path):
    claimed = result.loops[result.loops["verdict"] == LOOP]
    drawn = {name for name in draw_all(result, tmp_path) if name.startswith("plots/loops/")}
    assert len(claimed) > 0
    assert drawn == {f"{path}.{form}" for path in loop_pictures(result) for form in ("png", "svg")}
    assert len(drawn) == 2 * len(claimed)
    none = replace(result, loops=result.loops.assign(verdict="few texts"))
    assert loop_pictures(none) == {}
