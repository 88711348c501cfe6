"""The page as an artifact of a run, in MLflow's own interface."""

from collections.abc import Iterator

import pytest
from mlflow.tracking import MlflowClient
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.explorer.conftest import WIDE, Open
from tests.explorer.material import analysis_data
from tests.explorer.test_browser import betti
from tests.helpers.servers import mlflow_server
from todacomm.explorer import explorer_page

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def data():
    return analysis_data()


@pytest.fixture(scope="module")
def address(data, tmp_path_factory) -> Iterator[str]:
    """Where the page's artifact stands on a server of its own."""
    folder = tmp_path_factory.mktemp("store")
    store = f"sqlite:///{folder}/mlflow.db"
    client = MlflowClient(tracking_uri=store)
    experiment = client.create_experiment("explorer", artifact_location=(folder / "artifacts").as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_text(run, explorer_page(data), "explorer.html")
    with mlflow_server(folder, "--backend-store-uri", store) as server:
        query = "?workflowType=machine_learning"
        yield f"{server}/#/experiments/{experiment}/runs/{run}/artifacts/explorer.html{query}"


@pytest.mark.parametrize("size", [(1600, 1000), WIDE])
def test_the_page_works_in_the_artifact_viewer(chrome, tmp_path, data, address, size):
    hand = Open(chrome, tmp_path)
    chrome.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})  # the interface itself comes from the server
    try:
        hand.set_screen(size)
        chrome.get("about:blank")
        chrome.get(address)
        frame = hand.wait(lambda: chrome.find_elements(By.CSS_SELECTOR, "iframe.mlflow-html-iframe"), 60.0)
        assert frame[0].get_attribute("sandbox") == "allow-scripts"
        left, top = frame[0].rect["x"], frame[0].rect["y"]  # the pointer moves in the window, not in the frame
        chrome.switch_to.frame(frame[0])
        hand.requests()
        hand.ready()
        assert hand.text("h1") == data.title
        hand.press(Keys.HOME, on="#strip")
        assert hand.text("#layer-name") == data.layers[0].name
        hand.press(Keys.ARROW_RIGHT)
        assert hand.text("#layer-name") == data.layers[1].name
        hand.click("[data-bar='1:0']")
        rows = hand.js("return [...document.querySelectorAll('#list ol .row')].map(row => Number(row.dataset.text))")
        assert rows == data.layers[1].loops[0].rows.tolist()
        hand.js("document.querySelector('.cloud-box canvas').scrollIntoView({block: 'center'})")
        hand.settle()
        text = hand.alone()
        at = hand.places()[text]
        hand.point_at(left + at["x"], top + at["y"])
        assert hand.text("#passage") == data.texts["text"][text]
        hand.js("document.querySelector('.band-betti canvas').scrollIntoView({block: 'center'})")
        hand.frames()
        box = hand.box(".band-betti canvas")
        x, y = left + box["x"], top + box["y"] + box["height"] / 2
        readings = []
        for share in (0.45, 0.75):
            hand.drag([(x + 100, y), (x + 120, y), (x + share * box["width"], y)])
            scale, numbers, counted = betti(data, hand)
            assert numbers == counted
            readings.append(scale)
        assert readings[0] < readings[1]
        assert hand.js("return document.documentElement.scrollWidth <= innerWidth")
        assert hand.js("return performance.getEntriesByType('resource').length") == 0
    finally:
        chrome.switch_to.default_content()
        chrome.get("about:blank")
        chrome.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*", "ws://*", "wss://*"]})
