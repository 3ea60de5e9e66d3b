"""What the README says holds: its paths exist, its commands parse, its example runs."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ssl_core
from ssl_core.__main__ import parser
from ssl_core.bench_command import BENCHES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_names_what_is_there():
    tree = README.split("## The house")[1].split("\n\n")[1]
    folder, missing = ROOT, []
    for line in tree.splitlines():
        indent = len(line) - len(line.lstrip())
        words = re.split(r"\s{2,}", line.strip())[0].split()
        names = [word for word in words if re.search(r"[./]", word) and "..." not in word and "<" not in word]
        base = ROOT if indent == 4 else folder
        missing += [name for name in names if not list(base.glob(name.rstrip("/")))]
        folder = ROOT / names[0] if indent == 4 and names else folder
    assert missing == []


COMMANDS = re.findall(r"^    .*(?:pretext-lab|-m ssl_core) +((?:train|bench) .+?)(?: +#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_parse(command):
    assert parser().parse_args(shlex.split(command)).command in ("train", "bench")


TABLES = {*BENCHES, "inpaint-block", "inpaint-region", "words-losses", "words-costs"}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_bench_has_its_place(name):
    assert README.count(f"<!-- bench:{name} -->") == README.count(f"<!-- /bench:{name} -->") == 1


def test_its_example_runs(tmp_path, monkeypatch):
    if not {"context-encoder-l2", "colorization-rebalanced"} <= set(ssl_core.names()):
        pytest.skip("the example's models are not in the checkpoints folder")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)).save("holiday.jpg")
    names: dict = {}
    exec(re.search(r"```python\n(.+?)```", README, re.S)[1], names)
    assert names["filled"].shape == names["colors"].shape == names["sharper"].shape == (60, 90, 3)
    assert np.abs(names["filled"] - names["photo"] / 255.0)[~names["mask"]].max() < 1e-6
