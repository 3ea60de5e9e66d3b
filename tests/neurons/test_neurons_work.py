"""Long work of the tab "Neurons", how it refuses what cannot be shown, and its endpoint."""

import shutil
import threading
import time

import gradio as gr
import numpy as np
import pytest

from ssl_core import activation_maximization, checkpoint
from ssl_core.bank import BankError
from visualize.jobs import Job, Jobs, own_key, progress
from visualize.lab import Lab
from visualize.shared_work import SharedWork
from visualize.tabs import neurons, neurons_api
from visualize.tabs.neurons_asked import Bench

NAME, TWIN, OTHER = "colorization-rebalanced", "colorization-twin", "context-encoder-l2"


class Counting:
    """Steps that wait to be told to go on, and note when they are closed."""

    def __init__(self):
        self.go, self.closed = threading.Semaphore(0), threading.Event()

    def steps(self):
        try:
            for step in range(100):
                self.go.acquire(timeout=5)
                yield step
        finally:
            self.closed.set()


@pytest.fixture
def few_steps(monkeypatch):
    """Synthetic pictures in a tenth of their time: what is asked here is who gets them, not how they look."""
    monkeypatch.setattr(activation_maximization, "STEPS", 16)


class TestWork:
    def test_a_job_that_is_stopped_closes_its_generator(self):
        counting, jobs = Counting(), Jobs()
        assert jobs.ask("a", counting.steps, {}) is None
        job = jobs.ask("a", counting.steps, {"start": True})
        assert jobs.ask("a", counting.steps, {"start": True}) is job  # who asks again joins in
        counting.go.release(2)
        jobs.ask("a", counting.steps, {"stop": True})
        assert counting.closed.wait(5) and job.ended.wait(5) and job.result is None
        assert jobs.ask("a", counting.steps, {"start": True}) is not job

    def test_a_job_goes_on_although_the_stopped_one_is_amid_a_long_step(self):
        former, counting, jobs = Counting(), Counting(), Jobs()
        stopped = jobs.ask("a", former.steps, {"start": True})
        stopped.stopping.set()  # as `stop` does, which would wait
        assert not progress(stopped)["running"] and not stopped.ended.is_set()
        job = jobs.ask("a", counting.steps, {"start": True})
        assert job is not stopped and progress(job)["running"]
        counting.go.release(100)
        assert not job.ended.wait(0.2)  # not two at a time
        former.go.release()
        assert job.ended.wait(5) and former.closed.is_set() and job.latest == 99

    def test_who_stops_a_shared_work_stops_it_for_nobody_else(self):
        counting, jobs, work = Counting(), Jobs(), SharedWork()
        mine, yours = (own_key({"visitor": name}, "index") for name in ("me", "you"))
        for key in (mine, yours):
            jobs.ask(key, lambda: work.watch("index", counting.steps), {"start": True})
        counting.go.release(2)
        assert not progress(jobs.ask(mine, None, {"stop": True}))["running"]
        counting.go.release(98)
        assert jobs.jobs[yours].ended.wait(10) and jobs.jobs[yours].latest == 99
        assert not jobs.jobs[yours].stopping.is_set()

    def test_an_error_in_a_job_is_a_sentence(self):
        def broken():
            yield 1
            raise BankError("The folder is gone.")

        job = Job(broken())
        assert job.ended.wait(5) and job.error == "The folder is gone."

    def test_the_page_starts_watches_and_ends_indexing(self, home, asking):
        shutil.rmtree(home / "cache", ignore_errors=True)
        ask = asking(Lab(str(home / "photos")))
        assert ask("neuron_index")["running"] is False
        until, answer = time.monotonic() + 60, ask("neuron_index", start=True)
        while not answer.get("ready") and time.monotonic() < until:
            assert "error" not in answer
            time.sleep(0.05)
            answer = ask("neuron_index", start=True)
        assert answer["ready"] and ask("neuron_wall")["indexed"]

    def test_the_synthetic_picture_is_made_once_and_kept(self, ask, lab, asking, picture, few_steps):
        assert ask("neuron_dream", unit=2)["running"] is False
        until, answer, seen = time.monotonic() + 120, ask("neuron_dream", unit=2, start=True), []
        while not answer.get("ready") and time.monotonic() < until:
            seen += [answer["done"]]
            time.sleep(0.05)
            answer = ask("neuron_dream", unit=2)
        assert picture(answer["src"]).shape == (128, 128, 3) and seen == sorted(seen)
        assert "the bank's best patch" in answer["told"]
        assert asking(lab)("neuron_dream", unit=2)["src"] == answer["src"]  # another page finds it

    def test_who_stops_a_synthetic_picture_stops_it_for_nobody_else(self, ask, few_steps):
        query = {"unit": 3, "visitor": "you"}
        answer = ask("neuron_dream", **query, start=True)
        ask("neuron_dream", unit=3, visitor="me", start=True)
        ask("neuron_dream", unit=3, visitor="me", stop=True)
        while not answer.get("ready"):
            answer = ask("neuron_dream", **query)
            assert answer.get("ready") or answer["running"]
            time.sleep(0.05)


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ({"model": "<b>no</b>"}, "no network"),
            ({"model": None}, "no network"),
            ({"stage": "conv9"}, "no stage of colorization-rebalanced 'conv9'"),
            ({"unit": 12}, "units 0 to 11"),
            ({"unit": -1}, "units 0 to 11"),
            ({"unit": 0.5}, "units 0 to 11"),
            ({"unit": "a"}, "units 0 to 11"),
            ({"unit": float("nan")}, "units 0 to 11"),
            ({"k": 26}, "1 to 25"),
            ({"k": -3}, "1 to 25"),
            ({"k": "x"}, "1 to 25"),
        ],
    )
    def test_what_cannot_be_shown_is_a_sentence(self, ask, query, told):
        assert told in ask("neuron_unit", **query)["error"]

    @pytest.mark.parametrize("name", [one.__name__ for one in neurons.server_functions(None, None)])
    def test_no_query_raises(self, lab, name):
        answers = {one.__name__: one for one in neurons.server_functions(Bench(lab), Jobs())}
        for query in (None, [], "x", {}, {"model": [1]}, {"model": NAME, "stage": {}, "unit": []}):
            assert isinstance(answers[name](query), dict)

    def test_a_damaged_network_is_named_and_the_others_work(self, home, tmp_path, monkeypatch, asking):
        shutil.copytree(home / "models", tmp_path / "models")
        (tmp_path / "models" / OTHER / checkpoint.WEIGHTS).write_bytes(b"no weights")
        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "models"))
        ask = asking(Lab())
        assert OTHER in ask("neuron_wall", model=OTHER)["error"]
        assert "error" not in ask("neuron_wall")

    def test_no_network_at_all_is_one_sentence(self, tmp_path, monkeypatch, asking):
        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
        assert "train" in asking(Lab())("neuron_networks")["error"]


class TestEndpoint:
    def test_it_answers_programs(self, lab):
        found = neurons_api.neuron(Bench(lab), NAME, "conv3", 2, 3)
        values = lab.index(NAME).peak("conv3")[:, 2].astype(float)
        assert [one["value"] for one in found["patches"]] == np.sort(values)[::-1][:3].tolist()
        assert found["patches"][0]["name"].endswith(".png") and "src" not in found["patches"][0]

    def test_it_refuses_in_a_sentence(self, lab):
        with pytest.raises(gr.Error, match="units 0 to 11"):
            neurons_api.neuron(Bench(lab), NAME, "conv3", 99, 5)
