"""Settings that hold for a whole run."""

import platform
import subprocess
import sys

import pytest

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
