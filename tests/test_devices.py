"""A training step keeps to one device. No test machine has a GPU, so one is pretended, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_training_step_stays_on_its_device():
    command = [sys.executable, "-m", "tests.steps_on_a_device"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == {}


def test_tensors_of_two_devices_are_told_apart():
    script = (
        "import torch; from tests.pretended_device import NAME, pretended_device\n"
        "with pretended_device():\n"
        "    there, here = torch.ones(2).to(NAME), torch.ones(2)\n"
        "    print((there + 1).cpu().sum().item(), (there[here.long()] + there).device.type)\n"
        "    there + here"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout == "4.0 pretended\n"
    assert "mixes tensors of a device" in done.stderr
