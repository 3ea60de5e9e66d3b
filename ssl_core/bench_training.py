"""How fast the shipped networks train, as a share of what the same machine does on one large convolution in the same run."""

import time
from collections.abc import Callable, Iterable

import numpy as np

from ssl_core.bench import Column, Report
from ssl_core.bench_speed import machine

STEPS = 7
COLUMNS = (
    Column("answer", "model"),
    Column("images_per_second", "pictures/s", ".0f"),
    Column("gmac_per_picture", "GMAC a picture, forwards and backwards"),
    Column("share_percent", "share of the convolution rate, %", ".0f"),
)


def names() -> tuple[str, ...]:
    """The models that can be measured: no sentences and no labels are at hand here."""
    from ssl_core.pretexts import PRETEXTS, model_names

    alone = tuple(f"{method}-" for method, task in PRETEXTS.items() if task.needs == ("image",))
    return tuple(name for name in model_names() if name.startswith(alone))


def report(models: Iterable[str], progress: Callable = lambda it, **_: it) -> Report:
    """The bench: real training steps of each model on random pictures, median of 7, each beside a step of the convolution."""
    import torch

    from ssl_core.pretexts import build
    from ssl_core.training_run import new_accelerator, precision

    rows, rates = [], []
    for name in progress(tuple(models), desc="training", unit="model"):
        torch.manual_seed(0)
        task = build(name)
        recipe = task.variants[task.variant].recipes["cuda" if torch.cuda.is_available() else "cpu"]
        seconds, multiply_adds, rate = _timed(task, recipe)
        rates.append(rate)
        rows.append(
            {
                "answer": name,
                "images_per_second": round(recipe.batch / seconds, 1),
                "gmac_per_picture": round(multiply_adds / recipe.batch / 1e9, 3),
                "share_percent": round(100 * multiply_adds / seconds / rate),
            }
        )
    rate = f"{np.median(rates) / 1e9:.0f} GMAC/s"
    told = (
        f"Measured on {machine()}, batches of the recipes, products in {precision(new_accelerator())}; "
        f"the convolution (128 channels, 3 x 3) runs at {rate}."
    )
    return Report("training", told, COLUMNS, tuple(rows))


def _timed(task, recipe) -> tuple[float, int, float]:
    """Median seconds and multiply-adds of a training step, and the multiply-adds per second of the convolution."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from ssl_core.training_run import Plan, Run, new_accelerator

    run = Run(task.train(), Plan(recipe), new_accelerator())
    rng = np.random.default_rng(0)
    side = task.config.side
    image = torch.rand(recipe.batch, 3, side, side, device=run.accelerator.device)
    raw = {"image": image.contiguous(memory_format=torch.channels_last)}

    def learn() -> None:
        run.learn(task.make_batch(raw, rng), 0.5)

    counter = FlopCounterMode(display=False)
    with counter:
        learn()
    convolution, work = _convolution(run.accelerator)
    convolution()  # the first time, kernels are chosen
    steps, others = [], []
    for _ in range(STEPS):
        steps.append(_seconds(learn))
        others.append(_seconds(convolution))
    return float(np.median(steps)), counter.get_total_flops() // 2, work / float(np.median(others))


def _convolution(accelerator) -> tuple[Callable[[], object], int]:
    """A large convolution forwards and backwards, in the precision of the training, and its multiply-adds."""
    import torch
    from torch import nn

    channels, side, device = 128, 32, accelerator.device
    batch = 32 if device.type == "cpu" else 1024  # a GPU is done with fewer before the next kernel can be launched
    layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False, device=device).to(memory_format=torch.channels_last)
    image = torch.rand(batch, channels, side, side, device=device).contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), accelerator.autocast():
        gradient = layer(image)
    image = image.to(gradient.dtype).requires_grad_()  # in the precision that a layer hands to the next

    def step() -> None:
        with accelerator.autocast():
            torch.autograd.grad(layer(image), (image, layer.weight), gradient)

    return step, 3 * batch * channels * channels * 9 * side * side


def _seconds(work: Callable[[], object]) -> float:
    import torch

    began = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began
