"""How long a person waits: the networks alone, the page around them, and how much of the machine the networks use."""

import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ssl_core.bench import Column, Report

REPEATS = 40
WARM_UP = 3
MATRIX = 1536
COLUMNS = (
    Column("answer", "what"),
    Column("median", "median", "g"),
    Column("p95", "95th percentile", "g"),
    Column("unit", "unit"),
    Column("goal", "goal"),
)


def report(inpainters: Iterable[str], colorizers: Iterable[str], load: Callable) -> Report:
    """The bench: networks and the bank in this process, then the page in its own. `load(name)` gives a model. Takes minutes."""
    from ssl_core import bench_page

    inpainters, colorizers = [load(name) for name in inpainters], [load(name) for name in colorizers]
    rows = [*network_rows(inpainters, colorizers)]
    for model in (*colorizers, *inpainters)[:1]:
        rows += bank_rows(model)
    page = bench_page.measure()
    remarks = [] if "frame" in page else ["No Chromium or no playwright here: the rows of the browser are left out."]
    return Report("speed", f"Measured on {machine()}.", COLUMNS, tuple(_page_rows(page) + rows), tuple(remarks))


def bank_rows(model) -> list[dict]:
    """What it takes to look through a bank with a model, and to draw from it."""
    from ssl_core import bench_bank

    found = bench_bank.measure(model)
    few, many = f"{found['pictures']:,}", f"{bench_bank.MANY:,}"
    ratio = {
        "answer": f"processor time of a picture among {many} against one among {few}",
        "median": round(found["ratio"], 2),
    }
    return [
        _row(f"bank of {few} pictures indexed, {model.name}", [found["index"]], "s", "20"),
        _row(f"bank of {many} pictures indexed", [found["index_many"]], "s", ""),
        ratio | {"unit": "", "goal": "1, no more than in proportion"},
        _row(f"resident memory after {many} pictures", [found["memory"]], "MB", "2000"),
        _row(f"the index of {few} pictures, a second time", found["again"], "ms", ""),
        _row("top patches, histogram, sparsity of a unit", found["unit"], "ms", ""),
        _row(f"PCA of {few} pictures", found["pca"], "ms", "1000"),
        _row(f"UMAP of {few} pictures, with its compiling", [found["umap"]], "s", "45"),
        _row("until UMAP tells how far it is", [found["umap_first"]], "s", "1"),
    ]


def _page_rows(page: dict) -> list[dict]:
    rows = [_row("page up: HTTP 200", [page["up"]], "s", "6")]
    if "seen" in page:
        rows.append(_row("page up: photographs seen", [page["seen"]], "s", "6"))
        rows.append(_row("stroke to filled picture, in the browser", page["strokes"], "ms", "400 (95th)"))
        rows.append(_row("photo to first colours, in the browser", page["colors"], "ms", "600"))
        for what, key, goal in (("unit to its page", "units", "200"), ("lasso to gallery", "lasso", "500")):
            rows += [_row(f"{what}, in the browser", page[key], "ms", goal)] if page[key] else []
        frame = page["frame"]
        rows.append(
            {
                "answer": "slider frame, in the browser",
                "median": round(frame["median"], 1),
                "p95": round(frame["p95"], 1),
            }
            | {"unit": "ms", "goal": "12 (median)"}
        )
    return [*rows, _row("resident memory after use", [page["memory"]], "MB", "2000")]


def network_rows(inpainters: list, colorizers: list) -> list[dict]:
    """What the networks alone take, on photographs of the size that the page shows."""
    photos, mask = _photographs(), None
    rows, rate = [], matrix_rate()
    if inpainters:
        mask = strokes(*photos[0].shape[:2])
        fill = _milliseconds(lambda i: [model.inpaint(photos[0], mask[i % len(mask)]) for model in inpainters])
        rows.append(_row(f"stroke to filled picture, {len(inpainters)} networks alone", fill, "ms", ""))
    if colorizers:
        model = colorizers[0]
        colors = _milliseconds(lambda i: model.colorize(photos[i % len(photos)]))
        rows.append(_row(f"photo to colours, {model.name} alone", colors, "ms", ""))
    for model in (*inpainters[:1], *colorizers[:1]):
        amount, times = _forward(model)
        share = 100 * 2 * amount / (float(np.median(times)) / 1000) / rate
        told = f"{model.name}: share of the matrix-product rate ({rate / 1e9:.0f} GFLOP/s), {amount / 1e9:.2f} GMAC"
        rows.append({"answer": told, "median": round(share), "unit": "%", "goal": ""})
    return rows


def matrix_rate() -> float:
    """Floating-point operations per second of a large float32 matrix product, with PyTorch's present number of threads."""
    import torch

    a, b = torch.rand(2, MATRIX, MATRIX)
    fastest = min(_milliseconds(lambda _: a @ b, 8)) / 1000
    return 2 * MATRIX**3 / fastest


def machine() -> str:
    """The machine in words: GPU if it has one, processor, cores, threads of PyTorch, and how busy it was."""
    import torch

    cpuinfo = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in _lines(cpuinfo) if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    busy = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{gpu}{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads for PyTorch{busy}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.is_file() else []


def _photographs() -> list[np.ndarray]:
    from ssl_core.sources import starter

    return [photo.load(640) for photo in starter()]


def strokes(height: int, width: int, count: int = 8) -> list[np.ndarray]:
    """Masks such as a hand draws: one broad line each, (H, W) bool."""
    rng, found = np.random.default_rng(0), []
    y, x = np.mgrid[0:height, 0:width]
    for _ in range(count):
        start, end = (rng.uniform(0.15, 0.85, 2) * (height, width) for _ in range(2))
        along = np.linspace(0, 1, 40)[:, None] * (end - start) + start
        near = [np.hypot(y - row, x - column) < 0.05 * min(height, width) for row, column in along]
        found.append(np.logical_or.reduce(near))
    return found


def _forward(model) -> tuple[int, list[float]]:
    """Multiply-adds of one pass of the network at the size that it was trained for, and milliseconds of each of many."""
    import torch

    from ssl_core.networks import multiply_adds

    image = torch.rand(1, 3, model.config.side, model.config.side)
    inputs = {"image": image, "hidden": torch.zeros_like(image[:, :1])}
    with torch.inference_mode():
        return multiply_adds(model, inputs), _milliseconds(lambda _: model(inputs))


def _milliseconds(work: Callable[[int], object], repeats: int = REPEATS) -> list[float]:
    found = []
    for index in range(WARM_UP + repeats):
        began = time.perf_counter()
        work(index)
        found.append(1000 * (time.perf_counter() - began))
    return found[WARM_UP:]


def _row(what: str, values: list[float], unit: str, goal: str) -> dict:
    digits = 1 if unit == "s" else 0
    row = {"answer": what, "median": _rounded(np.median(values), digits), "unit": unit, "goal": goal}
    return row | ({"p95": _rounded(np.percentile(values, 95), digits)} if len(values) > 1 else {})


def _rounded(value: float, digits: int) -> float | int:
    return round(float(value), digits) if digits else round(float(value))
