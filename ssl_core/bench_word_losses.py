"""The three losses of Joulin et al.: which words they find on photographs nobody trained on, and what a step costs."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from ssl_core.bench import Column, Report
from ssl_core.bench_words import AT, LOSS_COLUMNS
from ssl_core.last_layer import BATCH, RATES, STEPS, Bags, learn, precision_at
from ssl_core.pretexts.noisy_words import LOSSES, multi_class, sampled_multi_class

COST_COLUMNS = (
    Column("answer", "words K", ",d"),
    Column("full_ms", "full, ms", ".1f"),
    Column("sampled_ms", "sampled, ms", ".2f"),
    Column("ratio", "full / sampled", ".1f"),
    Column("full_mb", "full: scores and gradient, MB", ".1f"),
    Column("sampled_mb", "sampled, MB", ".2f"),
)
COST_SIZES, COST_WIDTH, COST_BATCH, COST_WORDS, COST_STEPS = (1_000, 10_000, 100_000), 256, 32, 6, 5


def loss_rows(learned: tuple, chosen: tuple, measured: tuple, progress: Callable) -> list[dict]:
    """Precision of each loss with the same budget. Each argument is (features (N, D), bags): to learn from, choose on, measure."""
    mean, spread = learned[0].mean(0), learned[0].std(0).clamp(1e-6)
    train, select, val = ((features - mean) / spread for features, _ in (learned, chosen, measured))
    on_select, on_val = (_truth(bags) for _, bags in (chosen, measured))
    prior = np.broadcast_to(learned[1].counts()[0], (len(val), len(learned[1].words)))
    rows = [_row("the most frequent words", precision_at(prior, on_val, AT))]
    for loss in progress(LOSSES, desc="losses", unit="loss"):
        layers = {rate: learn(train, learned[1], loss, rate) for rate in RATES}
        best = max(
            RATES, key=lambda rate, layers=layers: sum(precision_at(layers[rate](select).numpy(), on_select, AT))
        )
        rows.append(_row(loss, precision_at(layers[best](val).numpy(), on_val, AT)) | {"rate": best})
    return rows


def losses_report(
    rows: Sequence[dict], described: str, model: str, precision: Sequence[float], features: str
) -> Report:
    """The table of `loss_rows`, with the shipped network's own precision as its last row."""
    shown = [*rows, _row(model, precision) | {"model": model}]
    said = (
        f"Measured on {described}; right is a word that one of the five people wrote. Each loss trained a last layer alone, "
        f"on the frozen features of {features}, for {STEPS:,} steps of {BATCH} photographs, with the best of {len(RATES)} step "
        "sizes on the slice held out for choices. The last row is the shipped network, all of which was trained."
    )
    by_name = {row["answer"]: row["precision_10_percent"] for row in rows}
    gain = by_name["multi-class"] - by_name["one-versus-all"]
    verdict = "as in the paper" if gain > 0 else "unlike in the paper"
    remark = f"Multi-class over one-versus-all at 10: {gain:+.1f} points, {verdict}."
    return Report("words-losses", said, LOSS_COLUMNS, tuple(shown), (remark,))


def costs_report(progress: Callable, sizes: Sequence[int] = COST_SIZES, model=None) -> Report:
    """Milliseconds and memory of a step of the last layer, full against sampled, in one run on one thread.

    With a `model` also a remark on what is left of the ratio when the rest of the network has to step too.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [_cost(size) for size in progress(sizes, desc="cost of a step", unit="K")]
        remarks = () if model is None else (_whole(model, rows[-1]),)
    finally:
        torch.set_num_threads(threads)
    said = (
        f"A step of the last layer on one thread: {COST_BATCH} photographs of {COST_WORDS} words, {COST_WIDTH} features, forward, "
        f"backward and a plain SGD update, the median of {COST_STEPS}; the encoder's share, the same for both, is left out. "
        "Memory is that of the scores and of the gradient of the words' rows; the rows themselves are the same."
    )
    return Report("words-costs", said, COST_COLUMNS, tuple(rows), remarks)


def _whole(model, row: dict) -> str:
    """A sentence about the step of a whole network at the largest vocabulary."""
    model, seconds = copy.deepcopy(model).train(), []
    image = torch.rand(COST_BATCH, 3, model.config.side, model.config.side)
    for _ in range(COST_STEPS):
        began = time.perf_counter()
        model({"image": image}).sum().backward()
        seconds.append(time.perf_counter() - began)
    rest = 1e3 * float(np.median(seconds[1:]))
    ratio = (row["full_ms"] + rest) / (row["sampled_ms"] + rest)
    return (
        f"The rest of {model.name} takes {rest:,.0f} ms for as many photographs at {model.config.side} px, so that a whole step of "
        f"it at K = {row['answer']:,} would be {ratio:.1f} times faster sampled."
    )


def _cost(size: int) -> dict:
    torch.manual_seed(0)
    features = torch.randn(COST_BATCH, COST_WIDTH)
    words = torch.randint(0, size, (COST_BATCH, COST_WORDS))
    found = {}
    for kind in ("full", "sampled"):
        weight = torch.randn(size, COST_WIDTH).mul_(0.01).requires_grad_()
        bias = torch.zeros(size, requires_grad=True)
        found[kind] = _steps(kind, features, weight, bias, words)
    (full, full_bytes), (sampled, sampled_bytes) = found["full"], found["sampled"]
    return {
        "answer": size,
        "full_ms": 1e3 * full,
        "sampled_ms": 1e3 * sampled,
        "ratio": full / sampled,
        "full_mb": full_bytes / 2**20,
        "sampled_mb": sampled_bytes / 2**20,
    }


def _steps(kind: str, features, weight, bias, words) -> tuple[float, int]:
    """Median seconds of a step, and bytes of the scores and of the gradient of the words' rows."""
    seconds, held = [], 0
    for _ in range(COST_STEPS + 1):
        began = time.perf_counter()
        if kind == "full":
            scores = features @ weight.T + bias
            multi_class(scores, words).backward()
            held = scores.nbytes + weight.grad.nbytes
            with torch.no_grad():
                weight -= 0.01 * weight.grad
                bias -= 0.01 * bias.grad
            weight.grad = bias.grad = None
        else:
            sampled, places = words.unique(return_inverse=True)
            rows, own = weight.detach()[sampled].requires_grad_(), bias.detach()[sampled].requires_grad_()
            sampled_multi_class(features, rows, own, places).backward()
            held = len(features) * len(sampled) * 4 + rows.grad.nbytes
            with torch.no_grad():
                weight.index_add_(0, sampled, rows.grad, alpha=-0.01)
                bias.index_add_(0, sampled, own.grad, alpha=-0.01)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds[1:])), held


def _truth(bags: Bags) -> list[set[int]]:
    return [set(np.concatenate(photo).tolist()) for photo in bags.rows]


def _row(name: str, precision: Sequence[float]) -> dict:
    return {"answer": name} | {
        f"precision_{k}_percent": round(100 * share, 2) for k, share in zip(AT, precision, strict=True)
    }
