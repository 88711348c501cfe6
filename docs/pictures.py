"""The pictures and numbers that README and docs show, made again from new runs in a store of their own.

    python -m docs.pictures loop      # docs/images/loop.png: seconds
    python -m docs.pictures explorer  # pages of the demo, of a circle under growing noise, of a comparison: minutes
    python -m docs.pictures runs      # those of runs in MLflow, and the numbers to be typed: minutes

``runs`` analyses the bundled models, a Llama trained on stories and MiniLM as far as they are there, with trained and
with random weights, compares them, copies the figures to docs/images, takes MLflow's pages of an analysis and of the
comparison with chromium, and prints the headline, the loops as `todacomm show --loops` has them, the ratios of README
and the table "What training did to four models" of docs/comparing.md.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.explorer.conftest import Open
from tests.helpers.browsers import chromium

IMAGES = Path(__file__).resolve().parent / "images"
OF_COMPARISON = {
    "controls": "comparison-controls", "depth": "comparison-depth", "distances": "comparison-distances",
    "paired_differences": "comparison-differences",
}  # fmt: skip
"""Figure of a comparison -> its name among the images."""
COLOURS = 255
PAGE = (1280, 920)
SHARP = {"width": PAGE[0], "height": PAGE[1], "deviceScaleFactor": 1.5, "mobile": False}
"""Size of an explorer's page in CSS pixels, and how the browser draws it."""
WINDOW = "--window-size=1850,1240"
TIDY = """
document.head.append(document.createElement('style'));
document.head.lastChild.textContent = '.modebar-container { display: none }';
const place = e => [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.includes('/mlruns/'));
[...document.querySelectorAll('body *')].filter(place).forEach(e => { e.style.visibility = 'hidden' });
const beside = [...document.querySelectorAll('body *')].filter(e => e.textContent.startsWith('MLflow Assistant'));
return Math.min(window.innerWidth, ...beside.map(e => e.getBoundingClientRect().left - 8));
"""
"""Hides the tools of MLflow's charts and the folder of the store; the width that its assistant leaves to the page."""
LONGEST_DRAWING = 20.0
"""Seconds until MLflow has drawn a page."""


def loop() -> None:
    """The figure of a noisy circle of days, of which it is known that it is one."""
    import todacomm

    rng = np.random.default_rng(3)
    turns = rng.uniform(size=300)
    cloud = rng.normal(scale=0.2, size=(300, 50))
    cloud[:, :2] += np.column_stack([np.cos(2.0 * np.pi * turns), np.sin(2.0 * np.pi * turns)])
    days = [date(2026, 1, 1) + timedelta(days=int(365 * turn)) for turn in turns]
    texts = np.array([f"A page written on {day.day} {day:%B}." for day in days])
    file = Path("days.npz")
    np.savez(file, layer_0=cloud, texts=texts)
    analysis = todacomm.analyze(model=f"clouds:{file}", pca=0, explorer=False)
    copy_image(analysis.artifact("plots/loops/00_layer_0_1.png"), "loop")


def explorer() -> None:
    """The demo with a bar made by few texts, a circle with the angle on its loop, the demo beside random weights."""
    import todacomm

    demo, random = todacomm.analyze(), todacomm.analyze(weights="random")
    rng = np.random.default_rng(5)
    degrees = np.sort(rng.integers(360, size=300))
    circle = np.zeros((300, 20))
    circle[:, :2] = np.column_stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    layers = {f"layer_{at}": circle + rng.normal(scale=0.1 + 0.04 * at, size=circle.shape) for at in range(9)}
    texts = np.array([f"A point of the circle at {degree} degrees, moved by noise." for degree in degrees])
    np.savez("circle.npz", texts=texts, **layers)
    noisy = todacomm.analyze(model="clouds:circle.npz", pca=0)
    _, run = todacomm.compare(run_ids=f"{demo.run_id},{random.run_id}")
    run.fetch("explorer.html", Path("compared.html"))

    def bar_coloured_by(colour: str, depth: int, page: Open) -> None:
        page.press(Keys.HOME, *[Keys.ARROW_RIGHT] * depth)
        page.click("[data-bar='1:0']")
        values = page.js("return [...document.querySelector('#colour').options].map(o => o.value)")
        page.choose("#colour", next(value for value in values if value.startswith(colour)))

    with chromium(Path("chromium").resolve(), "--hide-scrollbars") as browser:
        take = partial(page_of, browser)
        take("explorer", demo.artifact("explorer.html"), "light", partial(bar_coloured_by, "last_token", 3))
        take("explorer-loop", noisy.artifact("explorer.html"), "dark", partial(bar_coloured_by, "angle", 2))
        take("explorer-comparison", Path("compared.html"), "light")


def page_of(
    browser: Chrome, name: str, file: Path, scheme: str, prepare: Callable[[Open], None] = lambda page: None
) -> None:
    """A page after some steps, with the first text of its list chosen, as a picture."""
    page = Open(browser, Path.cwd())
    page.show_html(file.read_text(), PAGE, scheme)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SHARP)
    browser.refresh()
    page.ready()
    prepare(page)
    page.click("#list .row")
    page.settle()
    browser.save_screenshot(f"{name}.png")
    copy_image(Path(f"{name}.png"), name)


def runs() -> None:
    """Four models with trained and with random weights, and what is said of them."""
    import todacomm
    from benchmarks.published_claims import GPT2, models
    from todacomm.cli import main as console
    from todacomm.reports.comparison_tables import controls_table

    demo = todacomm.analyze()
    copy_image(demo.artifact("plots/summary.png"), "summary")
    random = todacomm.analyze(weights="random")
    for name, analysis in (("trained", demo), ("random", random)):
        ratios = {key: analysis.run[key] for key in ("expansion_ratio_published", "expansion_ratio_norm")}
        print(f"README, {name}: {', '.join(f'{key} {value:.3g}' for key, value in ratios.items())}")
    for options in (["show", demo.run_id], ["show", demo.run_id, "--loops"]):
        print(f"\n$ todacomm {' '.join(options)}", flush=True)
        with suppress(SystemExit):  # a command ends with its exit code
            console.main(options, standalone_mode=False)
    sources = {name: source for name, source in models().items() if name != GPT2}
    run_ids = [
        todacomm.analyze(model=source, weights=weights, samples=300).run_id
        for source in sources.values()
        for weights in ("trained", "random")
    ]
    comparison, run = todacomm.compare(run_ids=",".join(run_ids))
    screens({"mlflow-run": f"{demo.run_id}/model-metrics", "comparison-report": f"{run.run_id}/artifacts/report.html"})
    for figure, name in OF_COMPARISON.items():
        run.fetch(f"plots/{figure}.png", Path(f"{figure}.png"))
        copy_image(Path(f"{figure}.png"), name)
    table = controls_table(comparison)
    assert table is not None
    print(f"\ndocs/comparing.md shows four columns, of {len(comparison.tables['controls'])} differences in all:")
    print("\n".join(" | ".join(row) for row in (table.header, *table.rows)))


def screens(pages: dict[str, str]) -> None:
    """MLflow's pages of runs of this store, by the picture's name."""
    import mlflow

    from tests.helpers.servers import mlflow_server

    store = ("--backend-store-uri", os.environ["MLFLOW_TRACKING_URI"])
    with mlflow_server(Path.cwd(), *store) as address, chromium(Path("chromium").resolve(), WINDOW) as browser:
        for name, page in pages.items():
            experiment = mlflow.get_run(page.split("/")[0]).info.experiment_id
            browser.get(f"{address}/#/experiments/{experiment}/runs/{page}?workflowType=machine_learning")
            browser.refresh()
            time.sleep(LONGEST_DRAWING)
            width = browser.execute_script(TIDY)
            browser.save_screenshot(f"{name}.png")
            with Image.open(f"{name}.png") as whole:
                whole.crop((0, 0, int(width), whole.height)).save(f"{name}.png")
            copy_image(Path(f"{name}.png"), name)


def copy_image(file: Path, name: str) -> None:
    """A picture among the images, in as many colours as a small file holds."""
    with Image.open(file) as image:
        few = image.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2)
        few.save(IMAGES / f"{name}.png", optimize=True)


PICTURES: dict[str, Callable[[], None]] = {"loop": loop, "explorer": explorer, "runs": runs}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.pictures", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=PICTURES)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        PICTURES[given.what]()


if __name__ == "__main__":
    main()
