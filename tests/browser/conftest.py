"""The app as a person meets it: started by `python app.py`, looked at through a real Chromium.

`page` is an empty page of 1440 x 900; `new_page(viewport=..., color_scheme="dark", has_touch=True, ...)` makes others.
Go to `address`, or `address + "?tab=inpaint"`. When a test ends it fails if a page raised an error, if anything was requested
from another host, or if the app printed a stack trace. Pictures of failed tests lie in runs/browser/. A test that fails is
run up to twice more, because a browser that starves on a busy machine is no fault of the page; the summary names it, and
whoever sees it there in two runs looks for the race.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OURS = {"127.0.0.1", "localhost", ""}
START_SECONDS = 120


def find_chromium() -> str | None:
    """The Chromium to test with: $CHROMIUM, or one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


CHROMIUM = find_chromium()
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_terminal_summary(terminalreporter):
    """One line instead of one per test."""
    if CHROMIUM is None:
        terminalreporter.write_line("Browser tests skipped: no Chromium. Install one, or set CHROMIUM to its path.")


class App:
    """A running `python app.py`, with further options."""

    def __init__(self, folder: Path, *options: str):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        self.log = folder / "app.log"
        environment = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
        environment |= {"GRADIO_TEMP_DIR": str(folder / "gradio"), "PYTHONUNBUFFERED": "1"}
        with self.log.open("w") as log:
            command = [sys.executable, "app.py", "--port", str(port), *options]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def wait(self) -> None:
        """Until it answers HTTP 200."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.address, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"app.py did not come up:\n{self.log.read_text()[-3000:]}", pytrace=False)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@pytest.fixture(scope="session")
def browser():
    """A Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def app(browser, tmp_path_factory):
    """The app, started once for all tests."""
    running = App(tmp_path_factory.mktemp("app"))
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def address(app) -> str:
    """Where the app answers, with a slash at the end."""
    return app.address


@pytest.fixture
def new_page(browser, app, request):
    """Makes watched pages; keywords go to Playwright's `new_context`."""
    problems, contexts, logged = [], [], len(app.log.read_text())

    def watch(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and (parts.hostname or "") not in OURS:
            problems.append(f"asked another host: {url}")

    def make(**options):
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
        page.on("request", lambda asked: watch(asked.url))
        page.on("websocket", lambda socket: watch(socket.url))
        return page

    yield make
    if getattr(request.node, "failed", False):
        _keep_pictures(contexts, request.node.name)
    for context in contexts:
        context.close()
    printed = app.log.read_text()[logged:]
    if "Traceback (most recent call last)" in printed:
        problems.append(f"the app printed a stack trace:\n{printed[-3000:]}")
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(new_page):
    """One watched page of 1440 x 900."""
    return new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True
    return report


def _keep_pictures(contexts, name: str) -> None:
    folder = ROOT / "runs" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    for index, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=folder / f"{name}-{index}.png")
