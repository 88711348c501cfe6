"""A browser whose network is blocked and counted, and pages open in it."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.mouse_button import MouseButton
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.support.ui import WebDriverWait

from tests.helpers.browsers import chromium
from todacomm.explorer import explorer_page

WIDE, NARROW = (1280, 900), (390, 844)


class Open:
    """A page in the browser, and a hand on it.

    Parameters
    ----------
    chrome : webdriver.Chrome
    folder : path
        Where pages are written.
    """

    def __init__(self, chrome: webdriver.Chrome, folder: Path) -> None:
        self.chrome = chrome
        self.folder = folder

    def show(self, data: object, size: tuple[int, int] = WIDE, scheme: str = "light", motion: str = "no-preference"):
        """Write the page of some data and open it from disk."""
        return self.show_html(explorer_page(data), size, scheme, motion)  # type: ignore[arg-type]

    def show_html(self, page: str, size=WIDE, scheme="light", motion="no-preference"):
        path = self.folder / "explorer.html"
        path.write_text(page, encoding="utf-8")
        self.set_screen(size, scheme, motion)
        self.chrome.get(path.as_uri())
        return self.ready()

    def set_screen(self, size=WIDE, scheme="light", motion="no-preference") -> None:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def ready(self):
        self.wait(lambda: self.js("return document.documentElement.dataset.ready"))
        self.settle()
        return self

    def wait(self, condition, seconds: float = 10.0):
        return WebDriverWait(self.chrome, seconds, poll_frequency=0.05).until(lambda _: condition())

    def js(self, code: str, *arguments: object):
        return self.chrome.execute_script(code, *arguments)

    def frames(self, count: int = 2) -> None:
        """Let the page draw so many frames."""
        self.chrome.execute_async_script(
            "let n = arguments[0];"
            "(function f(done) { n-- ? requestAnimationFrame(() => f(done)) : done() })(arguments[1])",
            count,
        )

    def settle(self) -> None:
        """Until points have arrived; what a choice sets in motion begins with the next frame."""
        self.frames()
        clouds = "const c = explorer.clouds ?? [explorer.cloud]; return c.every(cloud => cloud.settled())"
        self.wait(lambda: self.js(clouds))
        self.frames()

    def text(self, selector: str) -> str:
        return self.js("return document.querySelector(arguments[0])?.textContent ?? null", selector)

    def texts(self, selector: str) -> list[str]:
        return self.js("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def click(self, selector: str) -> None:
        self.js("document.querySelector(arguments[0]).click()", selector)
        self.frames()

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select, as a reader does."""
        self.js(
            "const s = document.querySelector(arguments[0]); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change', {bubbles: true}))",
            selector, value,
        )  # fmt: skip
        self.frames()

    def type_search(self, words: str) -> None:
        self.js(
            "const f = document.querySelector('#search'); f.value = arguments[0];f.dispatchEvent(new Event('input'))",
            words,
        )
        self.frames()

    def press(self, *keys: str, on: str | None = None) -> None:
        """Keys on the page, or on what a selector names once it has the focus."""
        self.js("document.activeElement.blur(); document.querySelector(arguments[0] ?? 'none')?.focus()", on)
        ActionChains(self.chrome, duration=0).send_keys(*keys).perform()
        self.frames()

    def point_at(self, x: float, y: float) -> None:
        actions = ActionBuilder(self.chrome, mouse=PointerInput("mouse", "mouse"), duration=0)
        actions.pointer_action.move_to_location(round(x), round(y))
        actions.perform()
        self.frames()

    def drag(self, points: list[tuple[float, float]]) -> None:
        actions = ActionBuilder(self.chrome, mouse=PointerInput("mouse", "mouse"), duration=5)
        (x, y), *others = points
        actions.pointer_action.move_to_location(round(x), round(y))
        actions.pointer_action.pointer_down(MouseButton.LEFT)
        for x, y in others:
            actions.pointer_action.move_to_location(round(x), round(y))
        actions.pointer_action.pointer_up(MouseButton.LEFT)
        actions.perform()
        self.frames()

    def places(self, cloud: str = "explorer.cloud") -> list[dict[str, float]]:
        """Where every text is on the screen."""
        return self.js(f"const cloud = {cloud}; return [...Array(cloud.count).keys()].map(text => cloud.locate(text))")

    def alone(self, cloud: str = "explorer.cloud", room: float = 5.0) -> int:
        """A text with no other within so many pixels."""
        places = self.places(cloud)
        for text, here in enumerate(places):
            others = (p for at, p in enumerate(places) if at != text)
            if all((here["x"] - p["x"]) ** 2 + (here["y"] - p["y"]) ** 2 > room**2 for p in others):
                return text
        raise LookupError("every text has another one on it")

    def box(self, selector: str) -> dict[str, float]:
        return self.js("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)

    def picture(self) -> np.ndarray:
        """What the window shows, shape (height, width, 3)."""
        shot = self.chrome.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB"))

    def requests(self) -> list[str]:
        """Addresses that the browser asked for since the last call, files and what is in memory left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.chrome.get_log("performance")]
        asked = [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
        return [
            address for address in asked if not address.startswith(("file:", "data:", "blob:", "about:", "chrome:"))
        ]

    def complaints(self) -> list[str]:
        """What the console said since the last call."""
        return [entry["message"] for entry in self.chrome.get_log("browser")]


@pytest.fixture(scope="session")
def chrome(tmp_path_factory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        browser.execute_cdp_cmd("Network.enable", {})
        browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["http://*", "https://*", "ws://*", "wss://*"]})
        yield browser


@pytest.fixture
def page(chrome, tmp_path) -> Iterator[Open]:
    """A hand on the browser; whatever was opened asked for nothing, and the console stayed silent."""
    hand = Open(chrome, tmp_path)
    chrome.get("about:blank")
    hand.requests()
    hand.complaints()
    yield hand
    assert hand.requests() == []
    assert hand.complaints() == []
