"""The report and the run's page as a browser shows them: images are painted, curves are drawn."""

import sqlite3
import time
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.heavy.conftest import mlflow_run

pytestmark = pytest.mark.heavy

PAINTED = """
return [...document.querySelectorAll('svg')].map(s => {
  const box = s.getBoundingClientRect();
  return {width: box.width, height: box.height, marks: s.querySelectorAll('path, use, line, polyline').length};
}).filter(s => s.width > 200);
"""


CHARTS = "return [...document.querySelectorAll('svg.main-svg')].filter(s => s.querySelector('path.js-line')).length"


def first_run(project: Path) -> tuple[str, str]:
    with sqlite3.connect(project / "mlflow.db") as database:
        return database.execute("select experiment_id, run_uuid from runs order by start_time").fetchone()


def wait_until(condition, seconds=90.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.5)
    return None


def test_the_report_shows_every_figure_and_asks_for_nothing(demo_run, browser):
    report = next(demo_run.glob("mlruns/**/artifacts/report.html"))
    browser.get(report.as_uri())
    figures = browser.execute_script(PAINTED)
    assert len(figures) >= 5
    assert all(figure["height"] > 100 and figure["marks"] > 20 for figure in figures)
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth + 1")


def test_the_run_page_shows_description_metrics_and_the_report(demo_run, server, browser):
    experiment, run = first_run(demo_run)
    page = f"{server}/#/experiments/{experiment}/runs/{run}"
    browser.get(f"{page}?workflowType=machine_learning")
    assert wait_until(lambda: "expansion_ratio_norm" in browser.page_source), "no metrics on the run's page"
    assert "passages" in browser.page_source or "pydoc" in browser.page_source

    browser.get(f"{page}/model-metrics?workflowType=machine_learning")
    browser.refresh()
    assert wait_until(lambda: browser.execute_script(CHARTS) >= 3), "no charts of the series over depth"
    assert "1_main/h1_max_norm" in browser.page_source, "the main metrics are not the first charts"

    browser.get(f"{page}/artifacts/report.html?workflowType=machine_learning")
    browser.refresh()
    frame = wait_until(lambda: browser.find_elements(By.TAG_NAME, "iframe"))
    assert frame, "the report is not shown in a frame"
    browser.switch_to.frame(frame[0])
    assert wait_until(lambda: len(browser.execute_script(PAINTED)) >= 5), "no figures painted in the report's frame"
    browser.switch_to.default_content()


def test_images_of_the_record_are_painted(demo_run, server, browser):
    experiment, run = first_run(demo_run)
    browser.get(
        f"{server}/#/experiments/{experiment}/runs/{run}/artifacts/plots/summary.png?workflowType=machine_learning"
    )
    browser.refresh()
    wide = "return [...document.images].filter(i => i.complete && i.naturalWidth > 600).length"
    assert wait_until(lambda: browser.execute_script(wide)), "summary.png is not painted"


def test_a_comparison_made_through_a_server_is_read_on_its_page(demo_run, server, browser):
    few = ["-P", "samples=120", "-P", "replicates=20", "-P", "nulls=0"]
    mlflow_run(demo_run, *few, "-P", "weights=random", MLFLOW_TRACKING_URI=server)
    options = ["-P", "allow_mixed=true", "-P", "rtd_points=30", "-P", "rtd_permutations=0"]
    run = mlflow_run(demo_run, "-e", "compare", *options, MLFLOW_TRACKING_URI=server)

    page = f"{server}/#/experiments/0/runs/{run}/artifacts/report.html?workflowType=machine_learning"
    browser.get(page)
    browser.refresh()
    frame = wait_until(lambda: browser.find_elements(By.TAG_NAME, "iframe"))
    assert frame, "the report is not shown in a frame"
    browser.switch_to.frame(frame[0])
    figures = wait_until(lambda: len(found := browser.execute_script(PAINTED)) >= 7 and found)
    assert figures, "no figures painted in the comparison's report"
    assert all(figure["height"] > 60 and figure["marks"] > 20 for figure in figures)
    words = browser.find_element(By.TAG_NAME, "body").text
    assert "What training did" in words
    assert "demo-decoder (random)" in words
    browser.switch_to.default_content()
