"""The state of a training: what is kept of it between two sittings."""

import numpy as np
import torch

from ssl_core.pretexts import build
from ssl_core.training_run import Plan, Run, new_accelerator


def test_moments_come_back_in_the_memory_layout_of_their_weights(tmp_path):
    """Optimisers that step all weights at once do so only where both lie alike in memory."""
    torch.manual_seed(0)
    runs = []
    for _ in range(2):
        task = build("denoising-autoencoder-mixed", "tiny")
        runs.append(Run(task.train(), Plan(task.variants["mixed"].recipes["cpu"], steps=9), new_accelerator()))
    first, second = runs
    raw = {"image": torch.rand(2, 3, 32, 32)}
    first.learn(first.task.make_batch(raw, np.random.default_rng(0)), 0.5)
    first.save(tmp_path / "state", {})
    second.restore(tmp_path / "state", {})
    for weight, other in zip(second.players[0].parameters, first.players[0].parameters, strict=True):
        moments, others = (run.optimizers[0].state[of] for run, of in ((second, weight), (first, other)))
        for key in ("exp_avg", "exp_avg_sq"):
            assert moments[key].stride() == weight.stride()
            assert torch.equal(moments[key], others[key])
