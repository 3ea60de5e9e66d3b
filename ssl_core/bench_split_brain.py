"""How well each half of a split-brain network says what the other half sees, beside a constant and beside the untrained network.

The measure is the network's own loss (Zhang et al., CVPR 2017, section 3): the cross entropy of the true bin in nats, over all places of
all photographs. The constant says the same everywhere: how often each bin occurs on training photographs. No other constant does
better on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.bench import Column, Report

if TYPE_CHECKING:
    from torch import Tensor

    from ssl_core.pretexts.split_brain import SplitBrain

METHOD = "split-brain"
BATCH, MOST_COUNTED = 32, 5000
PARTS = ("color", "lightness")
COLUMNS = (
    Column("answer", "who answers"),
    Column("color_nats", "colours from the lightness, nats"),
    Column("color_gain_nats", "colours, less than the constant", "+.2f"),
    Column("lightness_nats", "lightness from the colours, nats"),
    Column("lightness_gain_nats", "lightness, less than the constant", "+.2f"),
)
Nats = dict[str, float]


def constant_of(
    model: SplitBrain, photos: np.ndarray, size: tuple[int, int], progress: Callable = lambda it, **_: it
) -> dict[str, Tensor]:
    """Log-frequencies of the true bins on a grid of `size`, {"color": (Q,), "lightness": (bins,)}.

    photos (N, S, S, 3) uint8. Each bin is counted once more than it occurs, so that none is impossible.
    """
    import torch

    from ssl_core.ab_bins import gamut_bins

    counts = {"color": torch.ones(len(gamut_bins())), "lightness": torch.ones(model.config.lightness_bins)}
    for lab in _labs(photos, progress, "constant"):
        for part, bins in model.true_bins(lab, size).items():
            counts[part] += torch.bincount(bins.flatten(), minlength=len(counts[part]))
    return {part: (count / count.sum()).log() for part, count in counts.items()}


def nats_of_constant(model: SplitBrain, photos: np.ndarray, size: tuple[int, int], constant: dict[str, Tensor]) -> Nats:
    """Mean nats of each part, where every place is told the same `constant`."""
    return _mean_nats(
        (part, constant[part][bins]) for lab in _labs(photos) for part, bins in model.true_bins(lab, size).items()
    )


def nats_of(model: SplitBrain, photos: np.ndarray, progress: Callable = lambda it, **_: it) -> Nats:
    """Mean nats of each part by the network, on photographs (N, S, S, 3) uint8."""
    import torch

    def told():
        for lab in _labs(photos, progress, model.name):
            with torch.inference_mode():
                said = model.eval()({"lab": lab})
                bins = model.true_bins(lab, said["color"].shape[2:])
                for part in PARTS:
                    yield part, said[part].log_softmax(1).gather(1, bins[part][:, None])

    return _mean_nats(told())


def report(photos: np.ndarray, described: str, seen: np.ndarray, models: Iterable[str], load: Callable) -> Report:
    """The bench: the constant, each model untrained, each model. `seen` are training photographs, for the constant."""
    import torch
    from tqdm import tqdm

    from ssl_core.pretexts import build

    rows, counted = [], seen[np.linspace(0, len(seen) - 1, min(len(seen), MOST_COUNTED)).astype(int)]
    for name in models:
        model = load(name)
        with torch.inference_mode():
            size = tuple(model({"lab": next(_labs(photos[:1]))})["color"].shape[2:])
        constant = nats_of_constant(model, photos, size, constant_of(model, counted, size, tqdm))
        torch.manual_seed(0)
        rows += [
            _row("a constant", constant, constant),
            _row(f"{name}, untrained", nats_of(build(name, "small"), photos, tqdm), constant),
            _row(name, nats_of(model, photos, tqdm), constant) | {"model": name},
        ]
    told = (
        f"Measured on {described}; cross entropy of the true bin, lower is better. "
        f"The constant: the frequencies of the bins on {len(counted):,} training photographs."
    )
    return Report(METHOD, told, COLUMNS, tuple(rows))


def _row(answer: str, nats: Nats, constant: Nats) -> dict:
    row: dict = {"answer": answer}
    for part in PARTS:
        row[f"{part}_nats"] = round(nats[part], 4)
        row[f"{part}_gain_nats"] = round(constant[part] - nats[part], 4)
    return row


def _mean_nats(logs: Iterable[tuple[str, Tensor]]) -> Nats:
    """Of log-probabilities of true bins, part by part, the mean surprise."""
    sums, places = dict.fromkeys(PARTS, 0.0), dict.fromkeys(PARTS, 0)
    for part, log in logs:
        sums[part] -= log.double().sum().item()
        places[part] += log.numel()
    return {part: sums[part] / places[part] for part in PARTS}


def _labs(photos: np.ndarray, progress: Callable = lambda it, **_: it, told: str = "") -> Iterable[Tensor]:
    """The photographs in CIELAB, batch by batch."""
    import torch

    from ssl_core.color import rgb_to_lab

    for start in progress(range(0, len(photos), BATCH), desc=told, unit="batch"):
        part = torch.from_numpy(np.array(photos[start : start + BATCH]))
        yield rgb_to_lab(part.movedim(-1, 1).contiguous().float() / 255)
