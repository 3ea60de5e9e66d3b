"""Long work is done once for all who watch, stops when nobody does, and tells its errors to everybody."""

import threading
import time

import pytest

from ssl_core.steps import drained
from visualize.jobs import Jobs
from visualize.shared_work import SharedWork


class Slow:
    """A work of many short steps that counts how often it was begun, its steps, and whether it was closed."""

    def __init__(self, steps: int = 10_000, error: Exception | None = None):
        self.steps, self.error, self.begun, self.done, self.closed = steps, error, 0, 0, threading.Event()

    def __call__(self):
        self.begun, self.done = self.begun + 1, 0
        try:
            while self.done < self.steps:
                time.sleep(0.01)
                self.done += 1
                yield self.done
            if self.error:
                raise self.error
            return "result"
        finally:
            self.closed.set()


def test_two_watchers_share_one_work():
    work, slow, results = SharedWork(), Slow(40), []
    watchers = [threading.Thread(target=lambda: results.append(drained(work.watch("key", slow)))) for _ in range(4)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(20)
    assert results == ["result"] * 4 and slow.begun == 1 and work.runs == {}


def test_the_last_step_is_always_seen_and_not_each_one():
    slow = Slow(50)
    seen = list(SharedWork().watch("key", slow))
    assert seen[-1] == 50 and seen == sorted(seen) and len(seen) < 25


def test_work_stops_when_nobody_watches_and_not_before():
    work, slow = SharedWork(), Slow()
    one, two = work.watch("key", slow), work.watch("key", slow)
    next(one), next(two)
    one.close()
    here = next(two)
    assert next(two) > here and not slow.closed.is_set()
    two.close()
    assert slow.closed.wait(10) and slow.begun == 1 and slow.done < slow.steps


def test_who_asks_again_begins_again_or_joins_in():
    work, slow = SharedWork(), Slow(30)
    first = work.watch("key", slow)
    next(first)
    first.close()
    assert drained(work.watch("key", slow)) == "result"
    assert slow.begun in (1, 2)  # as the thread had or had not noticed


def test_different_keys_are_different_works():
    work = SharedWork()
    assert [drained(work.watch(key, Slow(1))) for key in "ab"] == ["result"] * 2


def test_an_error_reaches_all_and_is_not_kept():
    work, slow, told = SharedWork(), Slow(20, ValueError("broken")), []

    def watch():
        try:
            drained(work.watch("key", slow))
        except ValueError as error:
            told.append(str(error))

    watchers = [threading.Thread(target=watch) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(20)
    assert told == ["broken"] * 3
    slow.error = None
    assert drained(work.watch("key", slow)) == "result"


def test_a_work_without_steps_gives_its_result():
    def at_once():
        return 7
        yield

    assert drained(SharedWork().watch("key", at_once)) == 7


def test_an_error_before_the_first_step_is_raised():
    def refuse():
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        drained(SharedWork().watch("key", refuse))


def test_what_nobody_foresaw_in_a_job_is_told_in_the_terminal_too(caplog):
    jobs = Jobs()
    job = jobs.ask("key", Slow(steps=1, error=KeyError("conv9")), {"start": True})
    assert job.ended.wait(5)
    assert "KeyError: 'conv9'" in job.error and "Traceback" in caplog.text
