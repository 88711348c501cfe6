"""How large the explorer pages are, how soon they open and how smoothly they move, in headless Chromium without a GPU.

python -m benchmarks.explorer
"""

import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist, squareform

from benchmarks.measuring import Skipped
from benchmarks.reporting import Findings, Form, Row, guarded, run, together
from todacomm.explorer import (
    ComparisonData,
    ExplorerData,
    ExplorerLayer,
    Loop,
    Metric,
    MetricValue,
    ModelSide,
    SimilarityMap,
    explorer_page,
    layer_graph,
)
from todacomm.results.texts import text_table

LAYERS, DIMS, LOOPS = 14, 50, 5
BARS_A_POINT = 1.94
"""H1 bars of Gaussian noise in 50 dimensions for each of 500 points."""
MEGABYTES, SECONDS, FRAMES = 3.0, 2.0, 30.0
MOTIONS = {
    "points glide from layer to layer": (
        "if (explorer.cloud.settled()) explorer.store.set({place: (explorer.store.state.place + 1) % LAYERS})"
    ),
    "the scale is dragged": "explorer.setScale(explorer.layer().reach * (0.5 + 0.5 * Math.sin(frame / 30)))",
    "the pointer goes from text to text": "explorer.store.set({hover: frame % 500})",
}
MOTIONS_OF_TWO = {
    "points of two models glide from layer to layer": (
        "if (explorer.clouds.every((cloud) => cloud.settled())) explorer.store.set("
        "{left: (explorer.store.state.left + 1) % LAYERS, right: (explorer.store.state.right + 1) % LAYERS})"
    ),
    "the pointer goes from text to text of two models": "explorer.store.set({hover: frame % 500})",
}
COUNT = """
const [milliseconds, done] = arguments;
const start = performance.now();
let frame = 0;
(function draw() {
  MOTION;
  frame++;
  const passed = performance.now() - start;
  if (passed < milliseconds) requestAnimationFrame(draw);
  else done((1000 * frame) / passed);
})();
"""


def measure(form: Form) -> Findings:
    small, large = form.pick(60, 500, 500), form.pick(120, 2000, 2000)
    texts, points = f"{small} texts in {LAYERS} layers", f"{large} points"
    parts: dict[str, Callable[[], Findings]] = {
        f"page of {texts}": lambda: size_and_opening(form, noise(small, LAYERS), f"explorer page of {texts}"),
        f"page of a comparison of {texts}": lambda: size_and_opening(
            form, two_models(small, LAYERS), f"page of two models of {texts}"
        ),
        f"frames at {points}": lambda: frame_rates(form, noise(large, 4), MOTIONS, points),
        f"frames of a comparison at {points}": lambda: frame_rates(
            form, two_models(large, 4), MOTIONS_OF_TWO, f"{points} of each of two models"
        ),
    }
    return together([guarded(what, "", part) for what, part in parts.items()])


def size_and_opening(form: Form, data: ExplorerData | ComparisonData, what: str) -> Findings:
    page = explorer_page(data)
    megabytes = len(page.encode()) / 1e6
    rows = [Row(f"size of the {what} of noise", "", value=megabytes, unit="MB", goal=MEGABYTES, at_most=True)]
    with browser() as chrome, written(page) as address:
        taken = [opening(chrome, address) for _ in range(form.pick(1, 5, 11))]
    rows.append(
        Row(
            f"opening the {what}, until it is drawn", "", value=statistics.median(taken), unit="s", goal=SECONDS,
            at_most=True, low=min(taken), high=max(taken),
        )
    )  # fmt: skip
    return Findings(rows)


def frame_rates(form: Form, data: ExplorerData | ComparisonData, motions: Mapping[str, str], points: str) -> Findings:
    """Frames a second of the whole page, at 1,280 x 900 pixels, with 4 layers."""
    milliseconds = form.pick(200, 3000, 5000)
    rows = []
    with browser() as chrome, written(explorer_page(data)) as address:
        opening(chrome, address)
        for what, motion in motions.items():
            code = COUNT.replace("MOTION", motion.replace("LAYERS", "4"))
            rates = [chrome.execute_async_script(code, milliseconds) for _ in range(form.pick(1, 3, 5))]
            rows.append(
                Row(
                    f"explorer page, {points}: {what}", "", value=statistics.median(rates), unit="frames a second",
                    goal=FRAMES, low=min(rates), high=max(rates),
                )
            )  # fmt: skip
    return Findings(rows)


def two_models(n: int, n_layers: int) -> ComparisonData:
    """A comparison of unrelated noise, ten neighbours a text."""
    first, second = (noise(n, n_layers, seed, neighbours=10) for seed in (0, 1))
    grids = np.random.default_rng(1).uniform(size=(3, 3, n_layers, n_layers))
    maps = [
        SimilarityMap(name, name, value, chance=chance, p=p)
        for name, (value, chance, p) in zip(("cka", "procrustes", "knn_overlap"), grids, strict=True)
    ]
    sides = [ModelSide("one", first.layers), ModelSide("other", second.layers)]
    return ComparisonData("noise", {}, first.texts, sides, maps)


def noise(n: int, n_layers: int, seed: int = 0, neighbours: int = 6) -> ExplorerData:
    """A page's data: Gaussian clouds in 50 dimensions, as many bars as noise has, passages of 64 words."""
    rng = np.random.default_rng(seed)
    words = [" ".join(rng.choice(["language", "model", "of", "activations", "topology", "a"], 64)) for _ in range(n)]
    texts = text_table(
        [f"noise/{row}" for row in range(n)],
        words,
        last_tokens=[" " + passage.rsplit(" ", 1)[1] for passage in words],
        n_tokens=rng.integers(64, 128, n),
        nll=rng.gamma(9.0, 0.4, n),
    )
    metrics = [Metric("h0_total_norm", "H0"), Metric("h1_max_norm", "H1")]
    return ExplorerData(
        "noise", {}, texts, metrics, [_layer(rng, at, n, n_layers, neighbours) for at in range(n_layers)]
    )


def _layer(rng: np.random.Generator, index: int, n: int, n_layers: int, neighbours: int) -> ExplorerLayer:
    cloud = rng.normal(size=(n, DIMS))
    pairs = pdist(cloud)
    graph = layer_graph(squareform(pairs), np.arange(n), float(np.median(pairs)), n_neighbours=neighbours)
    h1 = np.sort(rng.uniform(*np.quantile(pairs, [0.01, 0.3]), (int(BARS_A_POINT * n), 2)), axis=1)
    longest = np.argsort(h1[:, 0] - h1[:, 1])[:LOOPS]
    loops = [
        Loop(rank, *h1[bar], "few texts", 0.3, rng.integers(0, n, 8), rng.uniform(0.0, 2.0 * np.pi, n))
        for rank, bar in enumerate(longest, start=1)
    ]
    return ExplorerLayer(
        name=f"layer_{index}", index=index, depth=index / (n_layers - 1), scores=cloud[:, :6],
        explained=np.full(6, 1.0 / DIMS), diagrams=[np.column_stack([np.zeros(n - 1), graph.tree.length]), h1],
        graph=graph, loops=loops,
        metrics={name: MetricValue(*rng.uniform(size=7)) for name in ("h0_total_norm", "h1_max_norm")},
    )  # fmt: skip


@contextmanager
def browser() -> Iterator[Any]:
    """Headless Chromium, 1,280 x 900.

    Raises
    ------
    Skipped
        It, its driver or selenium is not installed.
    """
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        raise Skipped("no chromium with chromedriver on the path")
    try:
        from selenium import webdriver
    except ImportError as error:
        raise Skipped("no selenium: pip install selenium") from error
    with TemporaryDirectory() as folder:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={folder}"):
            options.add_argument(flag)
        chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        screen = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        chrome.set_script_timeout(60)
        try:
            yield chrome
        finally:
            chrome.quit()


@contextmanager
def written(page: str) -> Iterator[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "explorer.html"
        path.write_text(page, encoding="utf-8")
        yield path.as_uri()


def opening(chrome: Any, address: str) -> float:
    """Seconds until the page is built and its first frames are drawn."""
    start = time.perf_counter()
    chrome.get(address)
    chrome.execute_async_script(
        "const done = arguments[0]; (function wait() {"
        "if (!document.documentElement.dataset.ready) return setTimeout(wait, 5);"
        "requestAnimationFrame(() => requestAnimationFrame(() => done())) })()"
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    run("explorer", measure)
