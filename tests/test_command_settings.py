"""Settings that hold for a whole run, and options that are given twice."""

import os
import platform
import subprocess
import sys

import pytest

from ssl_core.__main__ import main, parser
from ssl_core.command_settings import use_threads

# how many pages forty steps that make and free tensors of 32 and 64 MiB ask of the system
COUNT_PAGES = """
import resource
import torch
from ssl_core.command_settings import keep_freed_memory

{before}
half = torch.rand(2**23)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    whole = torch.cat((half, half))
    other = half + 1
    del whole
    other = other * 2
    del other
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
def test_freed_memory_is_used_again():
    def pages(before: str) -> int:
        told = subprocess.run(
            [sys.executable, "-c", COUNT_PAGES.format(before=before)], capture_output=True, text=True, check=True
        )
        return int(told.stdout)

    # where the blocks happen to lie decides after how many steps, seldom more than ten, no new page is needed
    assert pages("keep_freed_memory()") < pages("") / 2


# how many stores glibc keeps for what eight threads make at once
COUNT_STORES = """
import ctypes
import sys
import threading
from ssl_core.command_settings import share_freed_memory

{before}
together = threading.Barrier(8)

def work():
    together.wait()
    kept = [bytes(1000 + index) for index in range(2000)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
c = ctypes.CDLL(None)
c.fdopen.restype = ctypes.c_void_p
c.malloc_info(0, ctypes.c_void_p(c.fdopen(1, b"w")))
c.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no mallopt")
def test_threads_share_what_they_free():
    def stores(before: str) -> int:
        program = [sys.executable, "-c", COUNT_STORES.format(before=before)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}
        return subprocess.run(program, capture_output=True, text=True, check=True, env=environment).stdout.count(
            "<heap"
        )

    assert stores("share_freed_memory()") <= 2 < stores("")


@pytest.mark.parametrize("count", [(os.cpu_count() or 1) + 1, 99_999_999_999])
@pytest.mark.parametrize("command", [["layouts"], ["failures"], ["bench", "speed"], ["train", "context-encoder-l2"]])
def test_more_threads_than_cores_are_refused(command, count, capsys):
    more = ["--source", "nowhere.zip"] if command[0] == "train" else []
    assert main([*command, *more, "--threads", str(count)]) == 1
    assert f"Give --threads {os.cpu_count() or 1} at most" in capsys.readouterr().err


def test_as_many_threads_as_cores_are_taken(monkeypatch):
    taken = []
    monkeypatch.setattr("torch.set_num_threads", taken.append)
    use_threads(os.cpu_count() or 1)
    use_threads(None)
    assert taken == [os.cpu_count() or 1]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["train"], "source"),
        (["layouts"], "models"),
        (["bench", "inpaint"], "models"),
        (["bench", "transfer"], "tasks"),
        (["bench", "transfer"], "parts"),
    ],
)
def test_an_option_that_is_given_twice_counts_twice(command, option):
    first, second, third = ("probes", "dense", "training")
    asked = [*command, f"--{option}", first, second, f"--{option}", third]
    assert getattr(parser().parse_args(asked), option) == [first, second, third]


def test_again_without_write_is_told(capsys):
    assert main(["layouts", "--again"]) == 1
    assert "Say --write --again" in capsys.readouterr().err
