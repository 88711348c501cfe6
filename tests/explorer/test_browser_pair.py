"""The pages of a comparison and of a training in a real browser."""

from dataclasses import replace

import numpy as np
import pytest
from selenium.webdriver.common.keys import Keys

from tests.explorer.conftest import NARROW, WIDE
from tests.explorer.material import comparison_data, training_data
from todacomm.explorer.alignment import rotation_onto, turns_over_depth, unit_size

pytestmark = pytest.mark.heavy

LEFT, RIGHT = "explorer.clouds[0]", "explorer.clouds[1]"


@pytest.fixture(scope="module")
def data():
    return comparison_data()


@pytest.fixture
def shown(page, data):
    return page.show(data)


def pair(page) -> tuple[int, int]:
    return tuple(page.js("return [explorer.store.state.left, explorer.store.state.right]"))


def test_pointing_in_one_cloud_rings_the_same_text_in_the_other(shown, data):
    text = shown.alone(LEFT)
    here, there = (shown.places(cloud)[text] for cloud in (LEFT, RIGHT))
    before = shown.picture()
    shown.point_at(here["x"], here["y"])
    after = shown.picture()
    assert shown.text("#passage") == data.texts["text"][text]
    for place in (here, there):
        x, y = round(place["x"]), round(place["y"])
        around = (slice(y - 9, y + 10), slice(x - 9, x + 10))
        assert (before[around] != after[around]).any()
    near = [
        shown.js("return [...arguments[0].querySelectorAll('.row')].map(row => Number(row.dataset.text))", listed)
        for listed in shown.js("return [...document.querySelectorAll('.neighbours')]")
    ]
    assert near == [side.layers[-1].graph.neighbours[text].tolist() for side in data.sides]


def test_the_map_chooses_a_pair_of_layers(shown, data):
    shown.press(Keys.ARROW_UP, on="#map")
    shown.press(Keys.ARROW_LEFT, on="#map")
    shown.press(Keys.ARROW_LEFT, on="#map")
    assert pair(shown) == (2, 2)
    assert f"CKA {data.similarities[0].values[2, 2]:#.3g} (by chance 0.0500, p .010)" in shown.text("#pair")
    assert shown.js("return document.querySelector('#layer-left').selectedOptions[0].textContent") == "layer_1"
    box = shown.box("#map")
    shown.drag([(box["x"] + 60, box["y"] + 40)] * 2)
    assert pair(shown) == (0, 0)
    shown.choose("#similarity", "rtd")
    assert "RTD 0" in shown.text("#pair")


def test_a_pair_that_chance_explains_is_crossed_and_said_so(shown, data):
    similarity = data.similarities[0]
    shown.choose("#layer-left", "0")
    assert similarity.p[0, 4] > 0.05
    assert shown.text("#pair").endswith("p .400), no more than chance")
    shown.choose("#layer-left", "3")
    assert similarity.p[3, 4] <= 0.05
    assert shown.text("#pair").endswith("p .010)")


def test_a_pair_that_was_not_tested_is_not_taken_for_one_beyond_chance(page, data):
    """Procrustes distance is tested at matched depth alone."""
    one = data.similarities[0]
    chance, p = (np.where(np.eye(*grid.shape) > 0, grid, np.nan) for grid in (one.chance, one.p))
    page.show(replace(data, similarities=[replace(one, chance=chance, p=p)]))
    page.choose("#layer-left", "3")
    page.choose("#layer-right", "4")
    assert page.text("#pair").endswith(" (not tested against chance)")


def test_arrow_keys_go_through_both_models_at_once(shown):
    shown.press(Keys.ARROW_LEFT)
    assert pair(shown) == (2, 3)
    shown.choose("#layer-right", "0")
    assert pair(shown) == (2, 0)


def test_texts_whose_neighbours_changed_most_come_first(shown, data):
    near = [side.layers[-1].graph.neighbours for side in data.sides]
    common = np.array([len(set(a) & set(b)) for a, b in zip(*near, strict=True)])
    rows = shown.js("return [...document.querySelectorAll('#list .row')].map(row => Number(row.dataset.text))")
    assert sorted(rows) == list(range(len(common)))
    assert (np.diff(common[rows]) >= 0).all()
    assert common[rows[0]] < common[rows[-1]]
    assert shown.texts("#list .row-note") == [f"{common[row]} of 6" for row in rows]


def test_the_second_model_lies_as_python_turned_it_onto_the_first(shown, data):
    left, right = ([layer.scores for layer in side.layers] for side in data.sides)
    own = turns_over_depth(left)
    fixed, moving = unit_size(left[1][:, :2]) @ own[1][0], unit_size(right[4][:, :2])
    shown.choose("#layer-left", "1")
    shown.choose("#layer-right", "4")
    shown.settle()
    for cloud, expected in ((LEFT, fixed), (RIGHT, moving @ rotation_onto(moving, fixed))):
        drawn = np.array([[at["x"], -at["y"]] for at in shown.places(cloud)])
        np.testing.assert_allclose(unit_size(drawn), expected, atol=2e-3)


def test_a_lasso_in_one_cloud_selects_in_both(shown):
    box = shown.box(".side-right .cloud-box")
    middle, top, bottom = box["x"] + box["width"] / 2, box["y"] + 5, box["bottom"] - 5
    shown.drag([(box["x"] + 5, top), (middle, top), (middle, bottom), (box["x"] + 5, bottom)])
    selected = shown.js("return [...explorer.store.state.selection]")
    inside = [row for row, at in enumerate(shown.places(RIGHT)) if at["x"] < middle - 1]
    assert set(inside) <= set(selected)
    assert len(selected) < 120
    assert shown.text("[role=tab][aria-selected=true]").startswith("Selected")


def test_a_loop_of_one_model_is_drawn_in_both(shown):
    options = shown.js("return [...document.querySelector('#loop').options].map(o => o.textContent)")
    assert options[:2] == ["none", "calm, H1 bar 1: few texts"]
    before = shown.picture()
    shown.choose("#loop", "0:1")
    changed = (shown.picture() != before).any(axis=2)
    for side in ("left", "right"):
        box = {name: round(value) for name, value in shown.box(f".side-{side} canvas").items() if name != "toJSON"}
        assert changed[box["top"] : box["bottom"], box["left"] : box["right"]].sum() > 500


def test_every_colouring_works_in_a_comparison(shown):
    for value in shown.js("return [...document.querySelector('#colour').options].map(o => o.value)"):
        shown.choose("#colour", value)
        assert (shown.text(".legend") == "") == (value == "plain")


def test_of_three_models_any_two_are_shown_either_way_round(page):
    data = comparison_data(n=60, n_layers=3, n_models=3)
    page.show(data)
    page.choose("#second", "2")
    assert page.texts(".model-name") == ["calm", "noisier"]
    assert pair(page) == (2, 4)
    assert f"CKA {data.similarities[2].values[2, 4]:#.3g}" in page.text("#pair")
    page.choose("#first", "2")  # the one on the other side: they change places
    assert page.texts(".model-name") == ["noisier", "calm"]
    page.choose("#layer-left", "1")
    assert f"CKA {data.similarities[2].values[2, 1]:#.3g}" in page.text("#pair")
    page.choose("#second", "1")  # the last layer of one is the last of the other
    assert pair(page) == (1, 3)
    near = [data.sides[2].layers[1].graph.neighbours, data.sides[1].layers[3].graph.neighbours]
    common = np.array([len(set(a) & set(b)) for a, b in zip(*near, strict=True)])
    assert sorted(page.texts("#list .row-note")) == sorted(f"{count} of 6" for count in common)


def test_a_slider_takes_the_right_cloud_through_a_training(page):
    data = training_data()
    page.show(data)
    assert page.texts(".model-name") == ["made@1000", "made@0"]
    assert page.text(".checkpoints output") == "step 0"
    page.press(Keys.ARROW_RIGHT, on="#checkpoint")
    page.settle()
    assert page.text(".checkpoints output") == "step 100"
    assert page.texts(".model-name") == ["made@1000", "made@100"]
    assert "CKA 0.300" in page.text("#pair")
    fixed, moving = (unit_size(data.sides[at].layers[-1].scores[:, :2]) for at in (2, 1))
    fixed = fixed @ turns_over_depth([layer.scores for layer in data.sides[2].layers])[-1][0]
    drawn = np.array([[at["x"], -at["y"]] for at in page.places(RIGHT)])
    np.testing.assert_allclose(unit_size(drawn), moving @ rotation_onto(moving, fixed), atol=2e-3)


@pytest.mark.parametrize("make", [comparison_data, training_data])
@pytest.mark.parametrize("size", [WIDE, NARROW, (820, 1100)])
def test_nothing_sticks_out_of_a_comparison(page, make, size):
    page.show(make(), size)
    assert page.js("return document.documentElement.scrollWidth") <= size[0]
