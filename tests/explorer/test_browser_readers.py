"""The page of an analysis for every reader: any window, any hand, any words, any frame."""

from dataclasses import replace

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.explorer.conftest import NARROW, WIDE
from tests.explorer.material import analysis_data
from todacomm.explorer import ExplorerData, explorer_page, inline_frame
from todacomm.results.texts import text_table

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def data() -> ExplorerData:
    return analysis_data()


@pytest.fixture
def shown(page, data):
    return page.show(data)


@pytest.mark.parametrize("size", [WIDE, NARROW, (820, 1100), (1680, 1000)])
def test_nothing_overlaps_or_sticks_out(page, data, size):
    page.show(data, size)
    page.click("[data-bar='1:0']")
    page.js("explorer.store.set({pin: 3})")
    page.frames()
    assert page.js("return document.documentElement.scrollWidth") <= size[0]
    boxes = page.js("return [...document.querySelectorAll('.panel')].map(p => p.getBoundingClientRect().toJSON())")
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            clear = (
                one["right"] <= other["left"] or other["right"] <= one["left"]
                or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
            )  # fmt: skip
            assert clear
    cut = page.js(
        "return [...document.querySelectorAll('.panel-head, .bar-table, .reading, .cloud-foot, .lane-foot')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    )
    assert cut == []


def test_whatever_can_be_used_has_a_name(shown):
    nameless = shown.js(
        "return [...document.querySelectorAll('button, select, input, canvas, [role=slider], [role=application]')]"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.getAttribute('aria-hidden')))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    twice = shown.js(
        "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
        "return ids.filter((id, at) => ids.indexOf(id) < at)"
    )
    assert twice == []


def test_tab_reaches_the_strip_the_cloud_the_diagram_and_the_scale(shown):
    reached = set()
    shown.press(on="#search")
    for _ in range(40):
        shown.js("window.last = document.activeElement")
        ActionChains(shown.chrome, duration=0).send_keys(Keys.TAB).perform()
        reached.add(shown.js("return document.activeElement.id || document.activeElement.getAttribute('aria-label')"))
    assert {"strip", "scale", "colour", "plane"} <= reached
    assert {
        "Cloud of texts; arrow keys go from text to text",
        "Persistence diagram; arrow keys choose a bar",
    } <= reached


def test_the_space_bar_opens_the_warnings_and_plays_nothing(page, data):
    page.show(replace(data, warnings=["few draws"]))
    page.press(Keys.SPACE, on=".run-warnings summary")
    assert page.js("return document.querySelector('.run-warnings').open")
    assert not page.js("return explorer.store.state.playing")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_reader(page, data, scheme):
    page.show(data, scheme=scheme)
    ground = page.js("return getComputedStyle(document.body).backgroundColor")
    lightness = sum(int(part) for part in ground[4:-1].split(",")) / 3
    assert (lightness < 60) == (scheme == "dark")
    page.click("[aria-label='Light or dark']")
    other = page.js("return getComputedStyle(document.body).backgroundColor")
    assert other != ground


HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\u2028\u202e\ud800{{7*7}}<!--"


def test_hostile_names_and_texts_change_nothing(page, data):
    n = len(data.texts)
    texts = text_table(
        [f"{HOSTILE}{row}" for row in range(n)], [HOSTILE] * n, documents=[HOSTILE] * n, last_tokens=[HOSTILE] * n,
        columns={HOSTILE.replace("\ud800", ""): [HOSTILE] * n, "__proto__": ["constructor"] * n},
    ).assign(last_word=HOSTILE[-4:])  # fmt: skip
    layers = [replace(layer, name=f"{HOSTILE}{at}", warnings=[HOSTILE]) for at, layer in enumerate(data.layers)]
    metrics = [replace(metric, label=HOSTILE, units=HOSTILE) for metric in data.metrics]
    page.show(ExplorerData(HOSTILE, {HOSTILE: HOSTILE}, texts, metrics, layers, [HOSTILE]))
    for value in page.js("return [...document.querySelector('#colour').options].map(o => o.value)"):
        page.choose("#colour", value)
    page.click("[data-bar='1:0']")
    page.type_search("<img")
    page.js("explorer.store.set({pin: 1, selection: [1, 2], tab: 'selection'})")
    page.click("#copy-ids")
    assert page.js("return document.querySelectorAll('script').length") == 2
    assert page.js("return document.querySelectorAll('img, iframe, a, object').length") == 0
    assert page.js("return window.hacked ?? null") is None
    code_units = "const t = document.querySelector(arguments[0]).textContent; return [...t].map(c => c.charCodeAt(0))"
    for place in ("#passage", "h1"):  # by number: the driver cannot hand over half a character
        assert page.js(code_units, place) == list(map(ord, HOSTILE))
    assert page.js("return document.documentElement.scrollWidth") <= WIDE[0]


def test_the_policy_stops_what_the_page_did_not_come_with(page, data):
    """Even markup that got in would not run: the page's own policy knows one script."""
    hacked = explorer_page(data).replace("<main>", "<main><script>window.hacked = 1</script>")
    page.show_html(hacked)
    assert page.js("return window.hacked ?? null") is None
    (complaint,) = page.complaints()
    assert "Content Security Policy" in complaint


@pytest.mark.parametrize("source", ["srcdoc", "blob"])
def test_in_a_frame_that_allows_scripts_alone(page, data, source):
    """As a notebook shows it (srcdoc) and as MLflow's artifact viewer does (blob)."""
    outer = "<!doctype html><html><meta charset=utf-8><body style='margin:0'>"
    if source == "srcdoc":
        outer += inline_frame(explorer_page(data))
    else:
        held = explorer_page(data).replace("\\", "\\\\").replace("`", "\\`").replace("${", "\\${").replace("</", "<\\/")
        outer += (
            "<iframe sandbox='allow-scripts' style='width:100%;height:900px;border:0'></iframe><script>"
            f"const page = `{held}`; document.querySelector('iframe').src ="
            "URL.createObjectURL(new Blob([page], {type: 'text/html'}))</script>"
        )
    path = page.folder / "outer.html"
    path.write_text(outer, encoding="utf-8")
    page.set_screen()
    page.chrome.get(path.as_uri())
    page.chrome.switch_to.frame(0)
    page.ready()
    assert page.js("return window.origin") == "null"
    page.press(Keys.HOME, on="#strip")
    assert page.text("#layer-name") == data.layers[0].name
    page.js("explorer.store.set({selection: [4, 9], tab: 'selection'})")
    page.click("#copy-ids")
    field = (
        "const f = document.querySelector('.ids');"
        "return [f.hidden, f.value, f.value.slice(f.selectionStart, f.selectionEnd)]"
    )
    ids = "\n".join(data.texts["id"][row] for row in (4, 9))
    assert page.js(field) == [False, ids, ids]
    page.chrome.switch_to.default_content()
