"""Products in bfloat16, where the processor makes them itself, teach the same as products in fp32."""

import numpy as np
import pytest
import torch
from accelerate.utils import convert_to_fp32

from ssl_core import checkpoint
from ssl_core.color import lab_to_rgb, rgb_to_lab
from ssl_core.pretexts import model_names
from ssl_core.trainer import Plan, train
from tests.test_pretexts import make, raw_of
from tests.test_trainer import RECIPE, fresh, packs


@pytest.fixture
def processor(monkeypatch):
    """Makes the trainer see a processor with the given abilities; accelerate keeps its choice for a whole process."""
    from accelerate.state import AcceleratorState

    def use(**abilities):
        AcceleratorState._reset_state(reset_partial_state=True)
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda: abilities)

    yield use
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize("name", ["context-encoder-joint", "colorization-rebalanced"])
def test_bfloat16_learns_like_fp32(name, processor, tmp_path):
    courses = {}
    for kind, abilities in (("fp32", {"avx512_bf16": False}), ("bf16", {"avx512_bf16": True})):
        processor(**abilities)
        steps = list(train(fresh(name), packs(), Plan(RECIPE, steps=12, seed=2), tmp_path / kind))
        courses[kind] = [sum(step.losses.values()) for step in steps]
        assert checkpoint.read_config(tmp_path / kind)["training"]["precision"] == kind
    assert courses["fp32"] != courses["bf16"]
    np.testing.assert_allclose(courses["bf16"], courses["fp32"], rtol=0.05)
    weights = [parameter.dtype for parameter in checkpoint.load(tmp_path / "bf16").parameters()]
    assert set(weights) == {torch.float32}


@pytest.mark.parametrize("name", model_names())
def test_every_network_can_be_trained_in_bfloat16(name):
    """Emulated on a processor that does not multiply such numbers itself."""
    task, losses = make(name), []
    raw = raw_of(task)
    for kind in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16, enabled=kind is torch.bfloat16):
            torch.manual_seed(0)
            batch = task.train().make_batch(raw, np.random.default_rng(0))
            outputs = convert_to_fp32(task(batch.inputs))
            losses += [sum(loss for player in task.players() for loss in player.loss(outputs, batch.targets).values())]
        assert losses[-1].dtype is torch.float32
    losses[-1].backward()
    torch.testing.assert_close(losses[1], losses[0], rtol=0.02, atol=0.02)
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in task.parameters())


def test_a_card_names_every_precision_that_a_run_was_made_in(processor, tmp_path):
    for steps, able in ((1, False), (2, True), (3, True)):
        processor(avx512_bf16=able)
        list(train(fresh(), packs(), Plan(RECIPE, steps=steps), tmp_path))
    assert checkpoint.read_config(tmp_path)["training"]["precision"] == "fp32, then bf16"


def test_colours_are_converted_in_full_precision_while_a_network_trains():
    picture = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        lab = rgb_to_lab(picture)
        back = lab_to_rgb(lab)
    assert torch.equal(lab, rgb_to_lab(picture)) and torch.equal(back, lab_to_rgb(lab))
