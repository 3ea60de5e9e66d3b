"""`python -m tests.steps_on_a_device`: one training step of every model on the pretended device, {model: what went wrong} as JSON."""

import json
import os

import numpy as np

from ssl_core.pretexts import model_names
from tests.pretended_device import NAME, move, pretended_device
from tests.test_pretexts import make, raw_of


def take(name: str) -> None:
    """A batch, its losses and their gradients. RuntimeError if tensors of two devices meet."""
    task = move(make(name).train())
    raw = raw_of(task)
    with pretended_device():
        raw["image"] = raw["image"].to(NAME)
        batch = task.make_batch(raw, np.random.default_rng(0))
        outputs = task(batch.inputs)
        for player in task.players():
            sum(player.loss(outputs, batch.targets).values()).backward(inputs=player.parameters, retain_graph=True)
            assert {parameter.grad.device.type for parameter in player.parameters} == {NAME}


def main() -> None:
    """Every model in turn."""
    wrong = {}
    for name in model_names():
        try:
            take(name)
        except RuntimeError as mixed:
            wrong[name] = str(mixed)
    print(json.dumps(wrong), flush=True)
    # nobody joins the thread that autograd started for the pretended device: now and then an ordinary exit aborts
    os._exit(0)


if __name__ == "__main__":
    main()
