"""Small untrained networks and a small labelled folder, and who asks the tab "Neurons" as the page does."""

import base64
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core import checkpoint, pretexts
from ssl_core.steps import drained
from visualize.jobs import Jobs
from visualize.lab import Lab
from visualize.tabs import neurons
from visualize.tabs.neurons_asked import Bench

NAME, TWIN, OTHER = "colorization-rebalanced", "colorization-twin", "context-encoder-l2"
LABELS = ("dark", "light")


def save_pictures(folder: Path, count: int = 16) -> Path:
    """Half of them dark, half of them light, each class a folder."""
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / LABELS[number % 2] / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = rng.integers(0, 120, (40, 40, 3)) + 135 * (number % 2)
        Image.fromarray(noise.astype(np.uint8)).resize((128, 128), Image.Resampling.BICUBIC).save(path)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Two untrained networks, one of them twice, and a folder of photographs."""
    home = tmp_path_factory.mktemp("neurons")
    torch.manual_seed(0)
    for rank, name in enumerate((NAME, OTHER)):
        model = pretexts.build(name, "tiny")
        with torch.no_grad():  # a unit that never fires
            last = [layer for layer in model.encoder.stages["conv3"].modules() if hasattr(layer, "running_mean")][-1]
            last.weight[0], last.bias[0] = 0, -1
        checkpoint.save(model, home / "models" / name, {"rank": rank})
    shutil.copytree(home / "models" / NAME, home / "models" / TWIN)
    save_pictures(home / "photos")
    return home


@pytest.fixture(autouse=True)
def surroundings(home, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(home / "models"))
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(home / "cache"))


@pytest.fixture
def lab(home) -> Lab:
    """A lab with the folder, whose bank is indexed by all networks."""
    lab = Lab(str(home / "photos"))
    for name in lab.model_names():
        drained(lab.index_steps(name))
    return lab


@pytest.fixture
def ask(lab):
    """Asks as the page does: `ask("neuron_unit", unit=3)`."""
    return questions_to(lab)


@pytest.fixture
def asking():
    """`asking(lab)` asks another lab in the same way."""
    return questions_to


def questions_to(lab: Lab):
    answers = {one.__name__: one for one in neurons.server_functions(Bench(lab), Jobs())}
    start = {"model": NAME, "stage": "conv3", "unit": 1, "k": 5, "photo": lab.keys[0]}
    return lambda name, **query: json.loads(json.dumps(answers[name](start | query), allow_nan=False))


@pytest.fixture
def picture():
    """The pixels (H, W, 3) of a data URI, as integers."""
    return decoded


def decoded(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"), int)
