"""How well holes are filled: the trained context encoders beside fills that have learned nothing.

Figures as in Pathak et al. (CVPR 2016, table 1), over the hidden pixels only: the mean over photographs of each one's PSNR, and of
its L1 and L2 in per cent. Sharpness is the mean gradient energy inside the hole as a share of the photographs' own.
"""

from collections.abc import Callable, Iterable

import numpy as np

from ssl_core import baselines, masks, metrics
from ssl_core.bench import Column, Report

MASKS = {
    "center": "the central quarter hidden",
    "block": "random blocks hidden",
    "region": "a random region hidden",
}
SEED = 2016
# An exact fill has no finite PSNR. Rounding to 8 bits alone leaves 58.9 dB, so nothing above 60 says anything about a fill.
BEST_DB = 60.0
COLUMNS = (
    Column("answer", "fill"),
    Column("psnr_db", "PSNR, dB"),
    Column("over_border_db", "over the border mean, dB", "+.2f"),
    Column("l1_percent", "L1, %"),
    Column("l2_percent", "L2, %"),
    Column("sharpness_percent", "gradient energy, % of the photo's", ".0f"),
)
Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]


def mask_for(kind: str, index: int, side: int) -> np.ndarray:
    """The mask of the photograph at `index`, (side, side) bool: the same in every run, for every model."""
    rng = np.random.default_rng([SEED, index])
    draw = {
        "center": lambda: masks.central_region(side, side),
        "block": lambda: masks.random_blocks(side, side, rng),
        "region": lambda: masks.random_region(side, side, rng),
    }
    return draw[kind]()


def fills(models: Iterable[str], load: Callable) -> dict[str, Fill]:
    """What is compared: the baselines in the order of their effort, then the models by name. (photo, mask) -> filled photo."""
    untaught = {
        f"mean of the border ({baselines.BORDER} px)": baselines.border_mean,
        f"Telea (radius {baselines.TELEA_RADIUS:g})": baselines.telea,
        "biharmonic": baselines.biharmonic,
    }
    return untaught | {name: load(name).inpaint for name in models}


def measure(
    photos: np.ndarray, kind: str, compared: dict[str, Fill], progress: Callable = lambda it, **_: it
) -> list[dict]:
    """One row of figures per fill, and last one for the photographs themselves (their gradient energy alone).

    photos: (N, S, S, 3) uint8. `progress` wraps the loop, as tqdm does.
    """
    figures = {name: np.zeros((len(photos), 4)) for name in compared}
    own = np.zeros(len(photos))
    for index, photo in enumerate(progress(photos, desc=f"inpaint, {kind}", unit="photo")):
        mask, truth = mask_for(kind, index, photo.shape[0]), photo.astype(np.float32) / 255.0
        own[index] = metrics.gradient_energy(truth, mask)
        for name, fill in compared.items():
            answer = fill(photo, mask)
            figures[name][index] = (
                min(metrics.psnr(answer, truth, mask), BEST_DB),
                metrics.l1_percent(answer, truth, mask),
                metrics.l2_percent(answer, truth, mask),
                metrics.gradient_energy(answer, mask),
            )
    means = {name: table.mean(axis=0) for name, table in figures.items()}
    border = next(iter(means.values()))[0]
    rows = [_row(name, mean, border, own.mean()) for name, mean in means.items()]
    return [
        *rows,
        {"answer": "the photographs", "sharpness_percent": 100.0, "gradient_energy": round(float(own.mean()), 6)},
    ]


def _row(name: str, mean: np.ndarray, border: float, own: float) -> dict:
    return {
        "answer": name,
        "psnr_db": round(float(mean[0]), 3),
        "over_border_db": round(float(mean[0] - border), 3),
        "l1_percent": round(float(mean[1]), 3),
        "l2_percent": round(float(mean[2]), 3),
        "gradient_energy": round(float(mean[3]), 6),
        "sharpness_percent": round(100.0 * float(mean[3] / own), 2) if own else 0.0,
    }


def report(photos: np.ndarray, described: str, kind: str, models: Iterable[str], load: Callable) -> Report:
    """The bench: every fill on every photograph. `load(name)` gives a model with `inpaint(photo, mask)`."""
    from tqdm import tqdm

    models = tuple(models)
    rows = measure(photos, kind, fills(models, load), tqdm)
    energy = {row["answer"]: row["gradient_energy"] for row in rows}
    for row in rows:
        if row["answer"] in models:
            row["model"] = row["answer"]
    remarks = []
    if energy.get("context-encoder-l2") and "context-encoder-joint" in energy:
        ratio = energy["context-encoder-joint"] / energy["context-encoder-l2"]
        remarks = [f"Gradient energy in the hole, L2 + adversarial over L2 alone: {ratio:.2f}."]
    measured_on = f"Measured on {described}, {MASKS[kind]}; mean over photographs, hidden pixels only."
    # the README and the cards speak of the central quarter; other masks stand under names of their own
    name = "inpaint" if kind == "center" else f"inpaint-{kind}"
    return Report(name, measured_on, COLUMNS, tuple(rows), tuple(remarks))
