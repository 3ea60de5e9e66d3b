"""How long a person waits at the page: `python app.py` in a process of its own, and a Chromium in front of it where there is one."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import numpy as np

from ssl_core import bench_looking

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WAIT = 60.0  # seconds for anything; a page that takes longer is broken

COLORS = """([key, wait]) => new Promise((done, fail) => {
  const lens = document.querySelector(".posterior-lens").lens, began = performance.now();
  document.querySelector(`.strip-photo[data-key="${key}"]`).click();
  const look = () => {
    const { scene, photo, shows } = lens.state;
    const here = scene && scene.key === key && photo && photo.path === scene.photo;
    if (here && [...shows.values()].some((show) => show.posterior)) done(performance.now() - began);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  setTimeout(() => fail(new Error(`${key} got no colours; the lens shows ${lens.state.scene && lens.state.scene.key}`)), wait);
})"""
FRAMES = """([frames, wait]) => Promise.race([
  document.querySelector(".posterior-lens").lens.measure(frames),
  new Promise((done, fail) => setTimeout(fail, wait, new Error("The browser draws no frames."))),
])"""


def find_browser() -> str | None:
    """The Chromium to measure with: $CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def measure(strokes: int = 24, photos: int = 10, frames: int = 120) -> dict:
    """Start the app, use it as a person would, and stop it.

    Returns seconds until HTTP 200 ("up") and megabytes of resident memory after use ("memory"). With a Chromium and playwright also
    seconds until the strip of photographs is seen ("seen"), milliseconds from the end of each stroke to the filled picture ("strokes")
    and from a click on a photograph to its first colours ("colors"), {"median", "p95"} milliseconds of a slider frame ("frame"), and
    what `bench_looking.use` measures ("units", "lasso").
    Raises RuntimeError when the app does not come up.
    """
    import psutil

    with tempfile.TemporaryDirectory() as folder, _Browser() as browser:
        began = time.monotonic()
        address, process = _start(Path(folder))
        try:
            _wait_for(address, process)
            found = {"up": time.monotonic() - began}
            if browser.page is not None:
                found |= _use(browser.page, address, began, (strokes, photos, frames))
            found["memory"] = psutil.Process(process.pid).memory_info().rss / 2**20
            return found
        finally:
            process.terminate()
            process.wait()


class _Browser:
    """A Chromium page as a context; `page` is None where there is no Chromium or no playwright."""

    def __enter__(self):
        self.page = self.driver = None
        executable = find_browser()
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            return self
        if executable:
            self.driver = sync_playwright().start()
            self.browser = self.driver.chromium.launch(executable_path=executable, args=FLAGS)
            self.page = self.browser.new_page(viewport={"width": 1440, "height": 900})
            self.page.set_default_timeout(1000 * WAIT)
        return self

    def __exit__(self, *_) -> None:
        if self.driver is not None:
            self.browser.close()
            self.driver.stop()


def _start(folder: Path) -> tuple[str, subprocess.Popen]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return f"http://127.0.0.1:{port}/", subprocess.Popen(command, cwd=ROOT, env=environment, **quiet)


def _wait_for(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + WAIT
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=WAIT):
                return
        except URLError:
            time.sleep(0.05)
    raise RuntimeError("The app did not come up. Start it with `python app.py` to see why.")


def _use(page, address: str, began: float, counts: tuple[int, int, int]) -> dict:
    strokes, photos, frames = counts
    page.goto(address)
    page.wait_for_selector(".strip-photo")
    seen = time.monotonic() - began
    keys = page.eval_on_selector_all(".strip-photo", "photos => photos.map((photo) => photo.dataset.key)")
    found = {"seen": seen, "strokes": _strokes(page, address, keys[0], strokes)}
    return found | _colors(page, address, keys[: photos + 1], frames) | bench_looking.use(page, address)


def _strokes(page, address: str, key: str, count: int) -> list[float]:
    """Milliseconds that the page itself counts from the end of a stroke until the networks' pictures stand there."""
    page.goto(f"{address}?tab=inpaint&photo={key}&mask=random-blocks-1")
    page.wait_for_selector(".answers[data-later]")
    box, rng, found = page.locator(".mask-pad canvas").bounding_box(), np.random.default_rng(0), []
    for number in range(count + 2):
        points = rng.uniform(0.1, 0.9, (2, 2)) * (box["width"], box["height"]) + (box["x"], box["y"])
        before = page.get_attribute(".answers", "data-mask")
        page.mouse.move(*points[0])
        page.mouse.down()
        page.mouse.move(*points[1], steps=8)
        page.mouse.up()
        page.wait_for_function("before => document.querySelector('.answers').dataset.mask !== before", arg=before)
        if number >= 2:  # the first ones warm up
            found.append(float(page.get_attribute(".answers", "data-stroke-to-picture")))
        after = page.get_attribute(".answers", "data-mask")
        page.click("[data-do=undo]")
        page.wait_for_function("after => document.querySelector('.answers').dataset.mask !== after", arg=after)
    return found


def _colors(page, address: str, keys: list[str], frames: int) -> dict:
    page.goto(f"{address}?tab=colorize&photo={keys[0]}")
    page.wait_for_function(
        "document.querySelector('.posterior-lens')?.lens?.state.shows.values().some((one) => one.posterior)"
    )
    found = []
    for key in keys[1:]:
        found.append(page.evaluate(COLORS, [key, 1000 * WAIT]))
        page.wait_for_timeout(1500)  # the other networks answer, as they do while a person looks
    return {
        "colors": found,
        "frame": page.evaluate(FRAMES, [frames, 1000 * WAIT]),
    }
