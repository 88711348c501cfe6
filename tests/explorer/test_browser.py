"""The page of an analysis in a real browser: what is pressed, pointed at and dragged shows what the data say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components
from selenium.webdriver.common.keys import Keys

from tests.explorer.material import analysis_data
from todacomm.explorer import ExplorerData, ExplorerLayer, Graph, MetricValue
from todacomm.explorer.alignment import planes, turns_over_depth, unit_size

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def data() -> ExplorerData:
    return analysis_data()


@pytest.fixture
def shown(page, data):
    return page.show(data)


def layer_of(page, data: ExplorerData) -> ExplorerLayer:
    return next(layer for layer in data.layers if layer.name == page.text("#layer-name"))


def test_the_browser_counts_requests_and_complaints(page):
    page.show_html(
        "<!doctype html><html data-ready=1><script>explorer = {clouds: []}; console.error('heard'); null.x</script>"
        "<img src=http://127.0.0.1:9/x>"
    )
    assert page.requests() == ["http://127.0.0.1:9/x"]
    heard = "".join(page.complaints())
    assert "heard" in heard
    assert "TypeError" in heard


def test_arrow_keys_choose_a_layer(shown, data):
    names = [layer.name for layer in data.layers]
    shown.press(Keys.HOME)
    assert shown.text("#layer-name") == names[0]
    for name in names[1:]:
        shown.press(Keys.ARROW_RIGHT)
        assert shown.text("#layer-name") == name
    shown.press(Keys.ARROW_RIGHT)
    assert shown.text("#layer-name") == names[-1]
    shown.press(Keys.ARROW_LEFT)
    assert shown.text("#layer-name") == names[-2]
    assert shown.js("return document.querySelector('#strip').getAttribute('aria-valuetext')").startswith(names[-2])


def test_a_click_on_the_strip_chooses_a_layer(shown, data):
    box = shown.box("#strip")
    shown.drag([(box["right"] - 20, box["y"] + 40), (box["right"] - 20, box["y"] + 40)])
    assert shown.text("#layer-name") == data.layers[-1].name


def test_pointing_at_a_text_shows_it_with_its_last_token_and_neighbours(shown, data):
    text = shown.alone()
    place = shown.places()[text]
    shown.point_at(place["x"], place["y"])
    assert shown.text("#passage") == data.texts["text"][text]
    assert shown.text("#text-id") == data.texts["id"][text]
    assert shown.text("#last-token") == data.texts["last_token"][text].replace(" ", "␣")
    near = shown.js("return [...document.querySelectorAll('.neighbours .row')].map(row => Number(row.dataset.text))")
    assert near == layer_of(shown, data).graph.neighbours[text].tolist()
    assert not shown.js("return document.querySelector('.tip').hidden")


def test_a_pressed_text_stays(shown, data):
    text = shown.alone()
    place = shown.places()[text]
    shown.drag([(place["x"], place["y"]), (place["x"], place["y"])])
    shown.point_at(5, 5)
    assert shown.text("#text-id") == data.texts["id"][text]


def test_the_keyboard_goes_from_text_to_text(shown, data):
    shown.press(Keys.ARROW_RIGHT, on=".cloud-box canvas")
    first = shown.js("return explorer.store.state.hover")
    shown.press(Keys.ARROW_RIGHT, on=".cloud-box canvas")
    second = shown.js("return explorer.store.state.hover")
    places = shown.places()
    assert places[second]["x"] > places[first]["x"]
    assert shown.text("#passage") == data.texts["text"][second]
    assert shown.wait(lambda: data.texts["id"][second] in shown.text("#announcements"))


@pytest.mark.parametrize("way", ["diagram", "table", "barcode"])
def test_the_longest_bar_shows_its_loop_and_the_texts_on_it_in_order(shown, data, way):
    layer = layer_of(shown, data)
    if way == "table":
        shown.click("[data-bar='1:0']")
    elif way == "diagram":
        shown.press(Keys.HOME, on=".square canvas")
    else:
        shown.press(Keys.ARROW_DOWN, on=".band-barcode canvas")
    rows = shown.js("return [...document.querySelectorAll('#list ol .row')].map(row => Number(row.dataset.text))")
    assert rows == layer.loops[0].rows.tolist()
    assert len(rows) == 9
    assert shown.texts("#list .corner") == [str(at) for at in range(1, 10)]
    dgm = layer.diagrams[1]
    longest = dgm[np.argmax(dgm[:, 1] - dgm[:, 0])]
    assert longest[0] <= float(shown.js("return document.querySelector('#reading').dataset.scale")) < longest[1]
    assert "loop" in shown.text("#list .meaning")


def test_the_loop_is_drawn_through_the_cloud(shown, data):
    """The colour of H1 stands at the middle of an edge of the loop, and only once the bar is chosen."""
    first, second = layer_of(shown, data).loops[0].rows[:2]
    places = shown.places()
    middle = [(places[first][axis] + places[second][axis]) / 2 for axis in ("x", "y")]
    x, y = (round(place) for place in middle)

    def vermilion() -> int:
        pixels = shown.picture()[y - 3 : y + 4, x - 3 : x + 4].reshape(-1, 3).astype(int)
        return int((np.abs(pixels - [0xD5, 0x5E, 0x00]) < 40).all(axis=1).sum())

    assert vermilion() == 0
    shown.click("[data-bar='1:0']")
    assert vermilion() >= 5


def test_a_bar_without_a_loop_says_so(shown):
    for _ in range(8):
        shown.press(Keys.ARROW_DOWN, on=".square canvas")
    assert "No shortest loop" in shown.text("#list")


def betti(data: ExplorerData, page) -> tuple[float, list[int], list[int]]:
    """The scale on the page, the numbers that it shows, and those of the diagrams."""
    scale = float(page.js("return document.querySelector('#reading').dataset.scale"))
    shown = [int(n) for n in page.js("return [...document.querySelectorAll('.betti')].map(e => e.dataset.betti)")]
    counted = [int(((dgm[:, 0] <= scale) & (scale < dgm[:, 1])).sum()) for dgm in layer_of(page, data).diagrams]
    return scale, shown, counted


@pytest.mark.parametrize("panel", ["betti", "barcode", "dendrogram"])
def test_betti_numbers_at_a_dragged_scale_are_those_of_the_diagram(shown, data, panel):
    box = shown.box(f".band-{panel} canvas")
    y = box["y"] + box["height"] / 2
    readings = set()
    for share in (0.2, 0.45, 0.6, 0.75, 0.95):
        shown.drag([(box["x"] + 100, y), (box["x"] + 120, y), (box["x"] + share * box["width"], y)])
        scale, numbers, counted = betti(data, shown)
        assert numbers == counted
        readings.add((round(scale, 6), *numbers))
    assert len(readings) == 5
    assert any(numbers[2] > 0 for numbers in readings)


def test_the_slider_moves_the_scale_too(shown, data):
    before, *_ = betti(data, shown)
    shown.js("const s = document.querySelector('#scale'); s.value = s.max * 0.7; s.dispatchEvent(new Event('input'))")
    scale, numbers, counted = betti(data, shown)
    assert scale > before
    assert numbers == counted


def test_the_graph_up_to_a_scale_has_as_many_components_and_edges_as_are_shown(shown, data):
    layer = layer_of(shown, data)
    for share in (0.4, 0.5, 0.62):
        shown.js("explorer.setScale(arguments[0] * explorer.layer().reach)", share)
        shown.frames()
        scale, numbers, _ = betti(data, shown)
        distances = np.zeros((len(layer.scores),) * 2)
        near = layer.graph.edges.length <= scale
        distances[layer.graph.edges.first[near], layer.graph.edges.second[near]] = 1.0
        tree = layer.graph.tree.length <= scale
        distances[layer.graph.tree.first[tree], layer.graph.tree.second[tree]] = 1.0
        components, _ = connected_components(distances, directed=False)
        assert numbers[0] + 1 == components
        count = shown.text("#reading").partition("edges")[2]
        if near.sum() < len(near):
            assert count == f"{near.sum():,}"


def test_a_gap_has_the_two_sides_that_its_edge_joins(shown, data):
    layer = layer_of(shown, data)
    tree = layer.graph.tree
    for place in (0, 1, 5):
        shown.js("explorer.choose({degree: 0, place: arguments[0]})", place)
        shown.frames()
        edge = np.argsort(-tree.length, kind="stable")[place]
        adjacency = np.zeros((len(layer.scores),) * 2)
        before = tree.length < tree.length[edge]
        adjacency[tree.first[before], tree.second[before]] = 1.0
        _, labels = connected_components(adjacency, directed=False)
        sides = sorted(int((labels == labels[end]).sum()) for end in (tree.first[edge], tree.second[edge]))
        assert shown.texts("#list h3") == [f"{size} text{'s' if size > 1 else ''}" for size in sides]
        shown.js("explorer.choose(null)")


def test_every_colouring_has_a_legend(shown, data):
    choices = shown.js("return [...document.querySelector('#colour').options].map(o => [o.value, o.textContent])")
    assert [label for _, label in choices] == [
        "likelihood", "length", "last token", "document", "angle on a loop", "component at the scale", "subject",
        "year", "nothing",
    ]  # fmt: skip
    for value, label in choices:
        shown.choose("#colour", value)
        legend = shown.text(".legend")
        assert (label == "nothing") == (legend == ""), label
    shown.choose("#colour", "column:0")
    counts = {word: list(data.texts["subject"]).count(word) for word in ("physics", "law", "music")}
    assert {f"{word}{count}" for word, count in counts.items()} == set(shown.texts(".legend-entry"))


def test_a_category_of_the_legend_selects_its_texts(shown, data):
    shown.choose("#colour", "column:0")
    shown.js("[...document.querySelectorAll('.legend-entry')].find(e => e.textContent.startsWith('law')).click()")
    expected = [row for row, word in enumerate(data.texts["subject"]) if word == "law"]
    assert shown.js("return [...explorer.store.state.selection]") == expected


def test_search_lists_the_texts_that_have_the_words(shown, data):
    shown.type_search("Loop Birth")
    expected = [row for row, words in enumerate(data.texts["text"]) if "loop birth" in words]
    rows = shown.js("return [...document.querySelectorAll('#list .row')].map(row => Number(row.dataset.text))")
    assert rows == expected
    assert expected
    shown.type_search("nowhere to be found")
    assert "No text has" in shown.text("#list")


def test_a_lasso_selects_what_is_inside_and_its_ids_can_be_copied(shown, data):
    places = shown.places()
    box = shown.box(".cloud-box canvas")
    left, right, top, bottom = box["x"] + 8, box["x"] + box["width"] / 2, box["y"] + 8, box["bottom"] - 60
    shown.drag([(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 5)])
    expected = [row for row, at in enumerate(places) if at["x"] < right - 1]
    nearly = [row for row, at in enumerate(places) if at["x"] < right + 1]
    selected = shown.js("return [...explorer.store.state.selection]")
    assert set(expected) <= set(selected) <= set(nearly)
    shown.click("#copy-ids")
    ids = shown.js("return document.querySelector('.ids').value").split("\n")
    assert ids == [data.texts["id"][row] for row in selected]
    assert shown.wait(lambda: "copied" in shown.text("#announcements") or "Control" in shown.text("#announcements"))


WATCH = (
    "window.places = new Set(); (function look() { const { x, y } = explorer.cloud.locate(3);"
    "places.add(`${x.toFixed(2)} ${y.toFixed(2)}`); requestAnimationFrame(look) })()"
)
"""Remember wherever the fourth text stands in any frame."""


def rests(page, data) -> set[str]:
    """Where the fourth text stands in each layer once it has arrived."""
    places = set()
    for place in range(len(data.layers)):
        page.js("explorer.store.set({place: arguments[0]})", place)
        page.settle()
        at = page.places()[3]
        places.add(f"{at['x']:.2f} {at['y']:.2f}")
    page.press(Keys.HOME)
    page.settle()
    return places


def test_playing_glides_through_the_layers(shown, data):
    at_rest = rests(shown, data)
    assert len(at_rest) == len(data.layers)
    shown.js(WATCH)
    shown.click("#play")
    assert shown.wait(lambda: shown.text("#layer-name") == data.layers[-1].name, 20.0)
    assert shown.wait(lambda: not shown.js("return explorer.store.state.playing"), 10.0)
    shown.settle()
    places = set(shown.js("return [...places]"))
    assert places - at_rest, "no point was ever between two layers"


def test_nothing_glides_where_motion_is_not_wanted(page, data):
    page.show(data, motion="reduce")
    at_rest = rests(page, data)
    page.js(WATCH)
    for _ in data.layers:
        page.press(Keys.ARROW_RIGHT)
        page.frames(20)
    assert set(page.js("return [...places]")) == at_rest


@pytest.mark.parametrize("plane", [(0, 1), (2, 5)])
def test_layers_lie_as_python_aligned_them(shown, data, plane):
    first, second = plane
    turns = turns_over_depth([layer.scores for layer in data.layers])
    shown.choose("#plane", f"{first},{second}")
    for place in (1, 3):
        shown.js("explorer.store.set({place: arguments[0]})", place)
        shown.settle()
        drawn = np.array([[at["x"], -at["y"]] for at in shown.places()])
        expected = unit_size(data.layers[place].scores[:, plane]) @ turns[place][planes(6).index(plane)]
        np.testing.assert_allclose(unit_size(drawn), expected, atol=2e-3)


def test_doubt_is_marked_where_it_is_seen(shown, data):
    shown.press(Keys.HOME)
    layer = data.layers[0]
    assert layer.degenerate
    assert "degenerate" in shown.text(".lane-foot")
    assert "under half" in shown.text(".doubts")
    assert all(warning in shown.text(".doubts") for warning in layer.warnings)
    assert shown.js("return document.querySelectorAll('.strip-plot .degenerate').length") == 1
    assert shown.texts(".run-warnings li") == list(data.warnings)
    marks = shown.js(
        "return [...document.querySelectorAll('.strip-plot .verdict')].map(e => e.getAttribute('aria-label'))"
    )
    assert marks == ["no loop", "loop", "loop", "few texts"]
    shown.press(Keys.END)
    shown.click("[data-bar='1:0']")
    assert "too little of it is left" in shown.text("#list .meaning")


def test_a_number_is_read_with_its_interval_its_null_and_its_p(shown, data):
    value = layer_of(shown, data).metrics["h1_max_norm"]
    reading = shown.texts(".lane-reading")[1]
    assert reading.startswith(f"{value.value:#.3g}")
    assert f"{value.lo:#.3g} to {value.hi:#.3g}" in reading
    assert "null 0.120" in reading
    assert "p .025" in reading


def test_a_layer_measured_on_landmarks_is_not_called_one_without_shape(page, data):
    sound = next(layer for layer in data.layers if not layer.degenerate)
    page.show(replace(data, layers=[replace(sound, graph=Graph(), warnings=())]))
    assert page.text("#reading").endswith("measured on landmarks, not drawn")
    assert not page.js("return document.querySelectorAll('rect.degenerate').length")
    page.choose("#colour", "component")
    assert "landmarks" in page.text(".legend")


def test_a_layer_without_shape_says_so(page, data):
    n = len(data.texts)
    empty = ExplorerLayer(
        "broken", 0, 0.0, np.full((n, 6), np.nan), np.full(6, np.nan), [np.empty((0, 2))] * 2, Graph(),
        metrics={"h0_total_norm": MetricValue(float("nan"))}, warnings=["3 of 120 rows hold nan or infinity"],
    )  # fmt: skip
    page.show(replace(data, layers=[empty, *data.layers[1:]]))
    page.press(Keys.HOME)
    assert page.text("#layer-name") == "broken"
    assert "no shape" in page.text("#reading")
    assert page.texts(".lane-value")[0] == "not defined"
    for value in page.js("return [...document.querySelector('#colour').options].map(o => o.value)"):
        page.choose("#colour", value)
    page.press(Keys.ARROW_RIGHT)
    page.settle()
