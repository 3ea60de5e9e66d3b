"""How well colours are put back: the trained colorization networks beside leaving the photograph grey.

Figures as in Zhang et al. (ECCV 2016, section 3.1 and table 1), on the picture that a person sees (sRGB, after what sRGB cannot show was
clipped), at the full size of the photograph, over all pixels of all photographs together:

- AuC: share of pixels whose ab error is at most t, integrated over t from 0 to 150; plain, and with each pixel weighted by the inverse
  probability of its true colour's bin (eq. 4 with lambda = 0).
- Chroma: mean chroma of the answers over that of the photographs.

The probabilities behind the weights belong to the measure, not to the model that is measured: they are those of all training photographs
of the source at quarter size (4 x 4 means), smoothed as section 2.2 says. On the val split of the README grey then scores 60.2
weighted. At half or at full size it would be 60.4; but with a quarter of the training photographs 56 to 57, because the rarest
bins weigh most and a part of the photographs does not tell how rare they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from ssl_core import metrics
from ssl_core.bench import Column, Report

if TYPE_CHECKING:
    from torch import Tensor

    from ssl_core.pretext import Pretext
    from ssl_core.pretexts.colorization import Colorization

METHOD, HYPERCOLUMNS = "colorization", "hypercolumn-colorization"
METHODS = (METHOD, HYPERCOLUMNS, "split-brain")  # all that can colour a photograph
NEVER = 1e-12  # a bin that a few photographs come nowhere near still has an inverse
BATCH = 16
COLUMNS = (
    Column("answer", "colours"),
    Column("auc_percent", "AuC, %"),
    Column("auc_weighted_percent", "AuC weighted, %"),
    Column("over_grey_points", "over grey", "+.2f"),
    Column("over_grey_weighted_points", "over grey, weighted", "+.2f"),
    Column("chroma_ratio", "chroma, answer / photo"),
)
Paint = Callable[[np.ndarray], np.ndarray]


def class_prior(images: np.ndarray, progress: Callable = lambda it, **_: it) -> Tensor:
    """p~ over the ab bins, (Q,), of photographs (N, S, S, 3) uint8 at a quarter of their size."""
    import torch
    import torch.nn.functional as F

    from ssl_core.ab_bins import gamut_bins, nearest_bin, smooth_prior
    from ssl_core.color import rgb_to_lab

    counts = torch.zeros(len(gamut_bins()), dtype=torch.float64)
    for start in progress(range(0, len(images), 64), desc="class prior", unit="batch"):
        ab = rgb_to_lab(F.avg_pool2d(_tensor(images[start : start + 64]), 4))[:, 1:].movedim(1, -1)
        counts += torch.bincount(nearest_bin(ab).flatten(), minlength=len(counts))
    return smooth_prior(counts.float()).clamp(min=NEVER)


def colorize_batch(model: Colorization, photos: np.ndarray) -> np.ndarray:
    """`model.colorize` for many photographs of one size at once: (N, H, W, 3) uint8 -> (N, H, W, 3) float32 in [0, 1]."""
    import torch

    from ssl_core.ab_bins import TEMPERATURE, annealed_mean
    from ssl_core.color import paint

    with torch.inference_mode():
        seen, lightness = (torch.cat(parts) for parts in zip(*(model.seen(photo) for photo in photos), strict=True))
        answer = model.eval()({"image": seen}).cpu()
        ab = answer if model.config.regression else annealed_mean(answer.log_softmax(1), TEMPERATURE)
        return paint(lightness, ab).permute(0, 2, 3, 1).numpy()


def paints(models: Iterable[str], load: Callable) -> dict[str, Paint]:
    """What is compared: grey, then the models by name. (N, H, W, 3) uint8 -> (N, H, W, 3) float32.

    A network that says hue and chroma also answers with the chroma that it expects, in place of the median.
    """

    def of(name: str, **how: str) -> Paint:
        return lambda photos: painted(load(name), photos, **how)

    found = {"grey": grey}
    for name in models:
        found[name] = of(name)
        if name.startswith(f"{HYPERCOLUMNS}-"):
            found[f"{name}, expected chroma"] = of(name, chroma="expectation")
    return found


def painted(model: Pretext, photos: np.ndarray, **how: str) -> np.ndarray:
    """Photographs (N, H, W, 3) uint8 in the colours of any model that colours: (N, H, W, 3) float32 in [0, 1]."""
    if model.method == METHOD:
        return colorize_batch(model, photos)
    return np.stack([model.colorize(photo, **how) for photo in photos])


def grey(photos: np.ndarray) -> np.ndarray:
    """The photographs without their colours: a = b = 0 at their own lightness."""
    import torch

    from ssl_core.color import lab_to_rgb, rgb_to_lab

    lab = rgb_to_lab(_tensor(photos))
    return lab_to_rgb(torch.cat((lab[:, :1], torch.zeros_like(lab[:, 1:])), dim=1)).permute(0, 2, 3, 1).numpy()


def measure(
    photos: np.ndarray, prior: Tensor, compared: dict[str, Paint], progress: Callable = lambda it, **_: it
) -> list[dict]:
    """One row of figures for each of `compared`; photos (N, S, S, 3) uint8, prior (Q,). `progress` wraps the loop, as tqdm does."""
    from ssl_core.ab_bins import class_weights, nearest_bin

    balance = class_weights(prior, 0.0).double().numpy()
    sums = {name: np.zeros(3) for name in compared}
    total = np.zeros(3)
    for start in progress(range(0, len(photos), BATCH), desc="colorize", unit="batch"):
        part = photos[start : start + BATCH]
        true = _ab(part.astype(np.float32) / 255.0)
        weights = balance[nearest_bin(_torch(true)).numpy()]
        mass = np.array([weights.size, weights.sum(), weights.size])
        total += mass * (1.0, 1.0, metrics.mean_chroma(true))
        for name, paint in compared.items():
            ab = _ab(paint(part))
            figures = (metrics.color_auc(ab, true), metrics.color_auc(ab, true, weights), metrics.mean_chroma(ab))
            sums[name] += mass * figures
    return _rows({name: figures / total for name, figures in sums.items()})


def _rows(figures: dict[str, np.ndarray]) -> list[dict]:
    plain, weighted, _ = figures["grey"]
    return [
        {
            "answer": name,
            "auc_percent": round(float(auc), 3),
            "auc_weighted_percent": round(float(balanced), 3),
            "over_grey_points": round(float(auc - plain), 3),
            "over_grey_weighted_points": round(float(balanced - weighted), 3),
            "chroma_ratio": round(float(chroma), 4),
        }
        for name, (auc, balanced, chroma) in figures.items()
    ]


def report(photos: np.ndarray, described: str, prior: Tensor, models: Iterable[str], load: Callable) -> Report:
    """The bench: every model and grey on every photograph. `load(name)` gives a model that colours."""
    from tqdm import tqdm

    from ssl_core.ab_bins import TEMPERATURE

    models = tuple(models)
    rows = measure(photos, prior, paints(models, load), tqdm)
    for row in rows:
        if row["answer"] in models:
            row["model"] = row["answer"]
    measured_on = (
        f"Measured on {described}, at temperature {TEMPERATURE} (regression and hypercolumns have none); "
        "AuC as in Zhang et al., section 3.1, over all pixels."
    )
    return Report("colorize", measured_on, COLUMNS, tuple(rows))


def _ab(pictures: np.ndarray) -> np.ndarray:
    from ssl_core.color import rgb_to_lab

    return rgb_to_lab(_torch(pictures).movedim(-1, 1))[:, 1:].movedim(1, -1).numpy()


def _torch(array: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(np.array(array))  # a copy: a memory-mapped pack is read-only, which torch does not take


def _tensor(photos: np.ndarray) -> Tensor:
    return _torch(photos).movedim(-1, 1).contiguous().float() / 255.0
