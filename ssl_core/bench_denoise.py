"""How much noise is taken away: the denoising autoencoder beside non-local means and the median.

Three kinds of noise at three levels each: the gain in PSNR over the noisy picture, in decibels, as the mean over photographs. The baselines
learn nothing and are told nothing of the noise; non-local means is made for the Gaussian kind, the median for struck pixels.
Non-local means takes most of the time, so every eighth photograph is measured, unless a person says how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ssl_core import denoisers, metrics
from ssl_core.bench import Column, Report

METHOD = "denoising-autoencoder"
EVERY = 8  # photographs
SEED = 2008
LEVELS = {"gaussian": (0.1, 0.2, 0.4), "masking": (0.1, 0.25, 0.5), "salt-and-pepper": (0.05, 0.1, 0.25)}
NOISES = tuple((kind, level) for kind, levels in LEVELS.items() for level in levels)
Denoise = Callable[[np.ndarray], np.ndarray]


def key_of(kind: str, level: float) -> str:
    """The key of a figure in a row.

    >>> key_of("salt-and-pepper", 0.05)
    'salt_and_pepper_05_db'
    """
    return f"{kind.replace('-', '_')}_{round(100 * level):02d}_db"


COLUMNS = (
    Column("answer", "gain in PSNR, dB"),
    *(Column(key_of(kind, level), f"{kind} {level:g}", "+.2f") for kind, level in NOISES),
)


def measure(photos: np.ndarray, corrupt: Callable, compared: dict[str, Denoise], progress: Callable) -> list[dict]:
    """A row of the noisy pictures' own PSNR, as text, and a row of gains for each of `compared`.

    photos: (N, S, S, 3) uint8. corrupt(photo, kind, level, seed) gives the noisy picture, (S, S, 3) float32 in [0, 1].
    """
    noisy_db = np.zeros((len(photos), len(NOISES)))
    gains = {name: np.zeros_like(noisy_db) for name in compared}
    for index, photo in enumerate(progress(photos, desc="denoise", unit="photo")):
        truth = photo.astype(np.float32) / 255.0
        for number, (kind, level) in enumerate(NOISES):
            noisy = corrupt(photo, kind, level, SEED + index)
            noisy_db[index, number] = metrics.psnr(noisy, truth)
            for name, denoise in compared.items():
                gains[name][index, number] = metrics.psnr(denoise(noisy), truth) - noisy_db[index, number]
    keys = [key_of(kind, level) for kind, level in NOISES]
    own = {key: f"{mean:.2f}" for key, mean in zip(keys, noisy_db.mean(axis=0), strict=True)}
    rows = [{"answer": "the noisy picture itself"} | own]
    for name, table in gains.items():
        rows.append(
            {"answer": name} | {key: round(float(mean), 3) for key, mean in zip(keys, table.mean(axis=0), strict=True)}
        )
    return rows


def remarks(rows: list[dict], models: tuple[str, ...]) -> tuple[str, ...]:
    """In how many of the cells each network beats non-local means, as a sentence."""
    by_name = {row["answer"]: row for row in rows}
    said = []
    for name in models:
        ahead = [f"{kind} {level:g}" for kind, level in NOISES
                 if by_name[name][key_of(kind, level)] > by_name["non-local means"][key_of(kind, level)]]  # fmt: skip
        which = f": {', '.join(ahead)}" if 0 < len(ahead) < len(NOISES) else ""
        said.append(f"{name} gains more than non-local means in {len(ahead)} of {len(NOISES)} cases{which}.")
    return tuple(said)


def report(
    photos: np.ndarray, described: str, models: Iterable[str], load: Callable, limit: int | None = None
) -> Report:
    """The bench, on every eighth of the photographs (N, 128, 128, 3) uint8. `load(name)` gives a DenoisingAutoencoder.

    All are measured where a person asked for so many: `limit`.
    """
    from tqdm import tqdm

    from ssl_core.pretexts.denoising_autoencoder import DenoisingAutoencoder

    models = tuple(models)
    if limit is None:
        photos = photos[::EVERY]
        described = f"every eighth of {described} ({len(photos):,})"
    compared = {"median of 3 x 3": denoisers.median, "non-local means": denoisers.non_local_means}
    compared |= {name: load(name).denoise for name in models}
    rows = measure(photos, DenoisingAutoencoder.corrupt, compared, tqdm)
    for row in rows:
        if row["answer"] in models:
            row["model"] = row["answer"]
    measured_on = (
        f"Measured on {described}; the first row is its PSNR in dB, the others gains over it. Levels: the "
        "standard deviation in units of the range for gaussian noise, else the share of pixels struck."
    )
    return Report("denoise", measured_on, COLUMNS, tuple(rows), remarks(rows, models))
