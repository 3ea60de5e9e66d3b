"""Work of a tab that takes longer than a gesture: it runs in a thread, tells how far it is when asked, and can be stopped."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable

from visualize.problems import sentence

MOST_JOBS = 64  # finished and stopped ones that are remembered


class Job:
    """A generator of progress, run to its end in a thread unless it is stopped."""

    def __init__(self, steps: Generator):
        self.latest, self.result, self.error = None, None, ""
        self.stopping, self.ended = threading.Event(), threading.Event()
        threading.Thread(target=self._run, args=(steps,), name="job", daemon=True).start()

    def _run(self, steps: Generator) -> None:
        try:
            while not self.stopping.is_set():
                self.latest = next(steps)
            steps.close()
        except StopIteration as finished:
            self.result = finished.value
        except Exception as error:  # noqa: BLE001, it is told in the tab
            self.error = sentence(error, threading.current_thread().name)
        self.ended.set()


class Jobs:
    """The jobs of one running page by what they work on; who asks for one that runs joins in."""

    def __init__(self):
        self.jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self.lock = threading.Lock()

    def at_work(self, key: Hashable) -> bool:
        """Whether a job of that key runs. Who keeps results looks here first: `ask` would begin a finished one again."""
        job = self.jobs.get(key)
        return job is not None and not job.ended.is_set()

    def note(self, key: Hashable) -> str:
        """What the last job of a key over the bank had to say."""
        job = self.jobs.get(key)
        return job.latest.note if job is not None and job.latest is not None else ""

    def ask(self, key: Hashable, make: Callable[[], Generator], query: dict) -> Job | None:
        """The job of a key: stopped if `query["stop"]`, begun if `query["start"]` and it does not run; None if there is none."""
        with self.lock:
            job = self.jobs.get(key)
            if query.get("stop") and job is not None:
                job.stopping.set()
            elif query.get("start") and (job is None or job.ended.is_set() or job.stopping.is_set()):
                job = self.jobs[key] = Job(_after(job, make))
                while len(self.jobs) > MOST_JOBS:
                    self.jobs.popitem(last=False)
        if job is not None and job.stopping.is_set():
            job.ended.wait(2.0)
        return job


def _after(former: Job | None, make: Callable[[], Generator]) -> Generator:
    """The work once a stopped job of the same key, which may be amid a long step, has put its things away."""
    if former is not None:
        former.ended.wait()
    return (yield from make())


def only_steps(steps: Generator) -> Generator:
    """Work whose result is kept elsewhere: a job that has ended would hold it for as long as it is remembered.

    >>> def work():
    ...     yield 1
    ...     return "forty megabytes"
    >>> job = Job(only_steps(work()))
    >>> job.ended.wait(5), job.latest, job.result
    (True, 1, None)
    """
    yield from steps


def own_key(query: dict, *work: Hashable) -> Hashable:
    """The key of the visitor's own job on a work that `SharedWork` does once for all: who stops it stops it for nobody else."""
    return (*work, str(query.get("visitor")))


def progress(job: Job | None) -> dict:
    """Whether a job runs, or its error; `done` of `total` is for who knows what its steps are."""
    if job is None:
        return {"running": False, "done": 0, "total": 0}
    running = not job.ended.is_set() and not job.stopping.is_set()
    told = {"running": running, "done": 0, "total": 0}
    return told | ({"error": job.error} if job.error else {})


def progress_over_bank(job: Job | None) -> dict:
    """The same for work over the bank: also what it is doing, what it has to say, and about how many seconds are left."""
    told, latest = progress(job), job and job.latest
    if latest is not None:
        told |= {"done": latest.done, "total": latest.total, "doing": latest.doing, "note": latest.note}
        if latest.done and latest.seconds > 1:
            told["left"] = max(1, round(latest.seconds / latest.done * (latest.total - latest.done)))
    return told
