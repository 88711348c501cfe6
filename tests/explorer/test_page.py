"""The page as text: small enough, one file, its data as they went in, names and texts without any power."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tests.explorer.material import METRICS, analysis_data, comparison_data, some_texts, training_data
from todacomm.explorer import ExplorerData, ExplorerLayer, Loop, MetricValue, explorer_page, layer_graph
from todacomm.explorer.asset import FOLDER, LICENCES, page_asset
from todacomm.explorer.encoding import LEVELS, restored
from todacomm.results.texts import text_table
from todacomm.system.digests import digest_of, digest_of_file


class Elements(HTMLParser):
    """Every start tag of a page with its attributes, and what its data element holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside = dict(attrs).get("id") == "explorer-data"

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.data += data


def held(page: str) -> dict:
    return json.loads(Elements(page).data)


@pytest.fixture(scope="module")
def data() -> ExplorerData:
    return analysis_data(n=60, n_layers=3)


def noise_layer(rng: np.random.Generator, index: int, n: int) -> ExplorerLayer:
    """A layer with as many bars as noise in 50 dimensions has, and five loops that are looked into."""
    cloud = rng.normal(size=(n, 50))
    distances = squareform(pdist(cloud))
    graph = layer_graph(distances, np.arange(n), float(np.median(distances)))
    h1 = np.sort(rng.uniform(5.0, 9.0, (int(1.94 * n), 2)), axis=1)
    loops = [
        Loop(rank, *h1[rank], "few texts", 0.3, rng.integers(0, n, 8), rng.uniform(0, 6, n)) for rank in range(1, 6)
    ]
    return ExplorerLayer(
        name=f"layer_{index}", index=index, depth=index / 13, scores=cloud[:, :8], explained=np.full(8, 0.02),
        diagrams=[np.column_stack([np.zeros(n - 1), graph.tree.length]), h1], graph=graph, loops=loops,
        metrics={metric.name: MetricValue(*rng.normal(size=7)) for metric in METRICS},
    )  # fmt: skip


def test_500_texts_in_14_layers_of_noise_take_at_most_3_megabytes(rng):
    layers = [noise_layer(rng, index, 500) for index in range(14)]
    page = explorer_page(ExplorerData("noise", {}, some_texts(rng, 500), METRICS, layers))
    assert len(page.encode()) <= 3_000_000


def test_scores_and_bars_are_those_of_the_data(data):
    layers = held(explorer_page(data))["layers"]
    for layer, given in zip(layers, data.layers, strict=True):
        scores = restored(layer["scores"])
        step = np.ptp(given.scores, axis=0) / LEVELS
        assert (np.abs(scores - given.scores) <= step / 2 * (1 + 1e-9)).all()
        np.testing.assert_allclose(restored(layer["bars"][0]), given.diagrams[1], rtol=1e-7)
        np.testing.assert_allclose(restored(layer["tree"]["length"]), given.diagrams[0][:, 1], rtol=1e-7)


def test_what_is_not_defined_is_null(data):
    undefined = replace(data.layers[0], metrics={"h1_max_norm": MetricValue(float("nan"))})
    page = explorer_page(replace(data, layers=[undefined, *data.layers[1:]]))
    assert held(page)["layers"][0]["metrics"]["h1_max_norm"] == [None] * 7


@pytest.mark.parametrize("make", [analysis_data, comparison_data, training_data])
def test_a_page_names_no_address_and_loads_nothing(make):
    page = explorer_page(make())
    for tag, attributes in Elements(page).tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "audio", "video", "a", "form", "base"}
        assert not {"src", "href", "srcset", "onclick", "onload", "onerror", "style"} & set(attributes)
    code = page_asset().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(
        r"https?:|\bwss?:/|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|eval\(", code
    )
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|sessionStorage", code)


def test_the_policy_allows_the_one_script_and_the_one_style_sheet_and_nothing_else(data):
    page = explorer_page(data)
    (policy,) = [a["content"] for tag, a in Elements(page).tags if a.get("http-equiv") == "Content-Security-Policy"]
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    assert script
    assert style
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for name, held_text in (("script-src", script.group(1)), ("style-src", style.group(1))):
        digest = base64.b64encode(hashlib.sha256(held_text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\u2028\ud800<!--"
COLUMN = HOSTILE.replace("\ud800", "")


def test_hostile_names_and_texts_are_data_and_no_markup(data):
    texts = text_table(
        [HOSTILE] * len(data.texts), [HOSTILE] * len(data.texts), documents=[HOSTILE] * len(data.texts),
        last_tokens=[HOSTILE] * len(data.texts), columns={COLUMN: [HOSTILE] * len(data.texts)},
    )  # fmt: skip
    layers = [replace(layer, name=HOSTILE, warnings=[HOSTILE]) for layer in data.layers]
    metrics = [replace(metric, label=HOSTILE, units=HOSTILE) for metric in data.metrics]
    page = explorer_page(ExplorerData(HOSTILE, {HOSTILE: HOSTILE}, texts, metrics, layers, [HOSTILE]))
    page.encode("utf-8")
    plain = [tag for tag, _ in Elements(explorer_page(data)).tags]
    assert [tag for tag, _ in Elements(page).tags] == plain
    stored = held(page)
    assert stored["title"] == stored["texts"]["words"][0] == HOSTILE
    assert stored["texts"]["columns"][0]["name"] == COLUMN
    assert stored["layers"][0]["name"] == HOSTILE


def source_digest(source):
    """As the build computes it: SHA-256 over each name and each file's own SHA-256."""
    roots = [source / name for name in ("build.mjs", "package.json", "package-lock.json", "page.html", "src")]
    files = [path for root in roots for path in (root.rglob("*") if root.is_dir() else [root]) if path.is_file()]
    lines = sorted(f"{path.relative_to(source).as_posix()} {digest_of_file(path)}\n" for path in files)
    return digest_of("".join(lines).encode(), 64)


def test_the_asset_is_built_from_its_source():
    recorded = re.search(r'<meta name="source-digest" content="([0-9a-f]{64})">', page_asset())
    assert recorded[1] == source_digest(FOLDER / "source"), "run `npm ci && npm run build` in todacomm/explorer/source"


def test_the_digest_changes_with_every_file(tmp_path):
    for name in ("build.mjs", "package.json", "package-lock.json", "page.html"):
        (tmp_path / name).write_text(name)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.js").write_text("1")
    before = source_digest(tmp_path)
    (tmp_path / "src" / "main.js").write_text("2")
    assert source_digest(tmp_path) != before


def test_the_licence_of_what_is_bundled_is_beside_it_and_in_every_page():
    licences = LICENCES.read_text()
    for package in ("d3-array", "d3-shape", "d3-path", "d3-polygon"):
        assert re.search(rf"^{package} [\d.]+ \(ISC\)$", licences, re.M), package
    assert "Mike Bostock" in page_asset()
    assert "THE SOFTWARE IS PROVIDED" in page_asset()


def relative_luminance(colour: str) -> float:
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.1.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    low, high = sorted((relative_luminance(one), relative_luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_can_be_read_against_their_ground(mode):
    blocks = re.findall(r":root(?:\[data-mode=\"?dark\"?\])?\{([^}]*--ground[^}]*)\}", page_asset())
    chosen = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", blocks[0 if mode == "light" else -1]))
    colours = {name: f"#{''.join(2 * c for c in v[1:])}" if len(v) == 4 else v for name, v in chosen.items()}
    for ink in ("ink", "muted", "doubt"):
        for ground in ("ground", "panel"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["doubt"], colours["doubt-ground"]) >= 4.5
    for mark in ("h0", "h1", "h2", "accent"):
        assert contrast(colours[mark], colours["panel"]) >= 3.0, mark
