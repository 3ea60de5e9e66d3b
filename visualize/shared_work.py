"""Long work that several tabs may wait for: done once, in a thread, for as long as anybody watches it."""

import threading
from collections.abc import Callable, Generator, Hashable
from typing import TypeVar

T = TypeVar("T")

PAUSE = 0.15  # s between two answers to a watcher: a page is redrawn for each of them


class SharedWork:
    """Runs generators that tell how far they are; who asks for work that is being done joins in."""

    def __init__(self):
        self.runs: dict[Hashable, Run] = {}
        self.lock = threading.Lock()

    def watch(self, key: Hashable, make: Callable[[], Generator[object, None, T]]) -> Generator[object, None, T]:
        """Yield what the generator `make()` yields, at most 7 times a second, and return what it returns.

        Closing this generator stops the work at its next step if nobody else watches. An error of the work is raised here.
        """
        with self.lock:
            run = self.runs.get(key)
            if run is None:
                run = self.runs[key] = Run()
                threading.Thread(target=self._follow, args=(key, run, make), name=f"work {key}", daemon=True).start()
            run.watchers += 1
        try:
            seen = 0
            while not run.finished.is_set() or run.steps > seen:
                if run.steps > seen:
                    seen = run.steps
                    yield run.latest
                run.finished.wait(PAUSE)
        finally:
            with self.lock:
                run.watchers -= 1
        if run.error is not None:
            raise run.error
        return run.result

    def _follow(self, key: Hashable, run: "Run", make: Callable[[], Generator]) -> None:
        try:
            steps = make()
            while True:
                run.latest = next(steps)
                run.steps += 1
                with self.lock:
                    if not run.watchers:
                        del self.runs[key]
                        break
            steps.close()
        except StopIteration as finished:
            run.result = finished.value
        except Exception as error:  # noqa: BLE001, it is raised in everybody who watches
            run.error = error
        with self.lock:
            if self.runs.get(key) is run:
                del self.runs[key]
        run.finished.set()


class Run:
    """One work in progress: its latest step and their number, who watches, and in the end a result or an error."""

    def __init__(self):
        self.watchers, self.steps, self.latest = 0, 0, None
        self.result, self.error, self.finished = None, None, threading.Event()
