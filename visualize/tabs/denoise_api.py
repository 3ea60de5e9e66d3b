"""The endpoint `/denoise` for programs: a photo file and a noise in, the cleaned picture and its figures out."""

import math
from functools import partial

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs.endpoints import LONGEST_SIDE, chosen_model, refusal
from visualize.widgets.denoise_bench import START, Noise, finite


def build(lab: Lab, method: str) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, kind = (
            gr.File(label="Photo"),
            gr.Textbox(START.kind, label="Noise: gaussian, masking, salt-and-pepper; none adds nothing"),
        )
        level, seed = (
            gr.Number(START.level, label="Level, 0 to 1"),
            gr.Number(START.seed, precision=0, label="Seed, 0 to 999999"),
        )
        model = gr.Textbox(next(iter(lab.models(method)), ""), label="Model")
        clean, figures, ask = (
            gr.Image(label="Without noise", format="png"),
            gr.JSON(label="Figures"),
            gr.Button("Denoise it"),
        )
    inputs = [photo, kind, level, seed, model]
    ask.click(partial(denoise_file, lab, method), inputs, [clean, figures], api_name="denoise", concurrency_limit=2)


def denoise_file(
    lab: Lab,
    method: str,
    photo: str | None,
    kind: str = START.kind,
    level: float = START.level,
    seed: int = START.seed,
    model: str = "",
) -> tuple[np.ndarray, dict]:
    """The cleaned photo (H, W, 3) uint8 and figures. Errors: gr.Error whose text is a sentence.

    kind "none" takes the photo as it is, with whatever noise it has; then there is no truth to compare with. Otherwise noise of
    that kind and level is added first, and the PSNR of the noisy and of the cleaned picture are told in dB.
    A photo of more than 1600 pixels on its longer side is reduced to that.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.metrics import psnr
    from ssl_core.photo import PhotoError, read_photo

    model = chosen_model(lab.models(method), model, "denoising-autoencoder-mixed")
    noise = None if kind == "none" else read(kind, level, seed)
    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        network, pixels = lab.model(model), read_photo(photo, LONGEST_SIDE) / np.float32(255)
        noisy = pixels if noise is None else network.corrupt(pixels, *noise)
        clean = network.denoise(noisy)
    except (PhotoError, CheckpointError) as error:
        raise refusal(str(error)) from error
    told = {"model": model, "width": pixels.shape[1], "height": pixels.shape[0]}
    if noise is not None:
        told |= noise._asdict() | {"noisy_db": finite(psnr(noisy, pixels)), "clean_db": finite(psnr(clean, pixels))}
    return (clean * 255).round().astype(np.uint8), told


def read(kind: str, level: float | None, seed: int | None) -> Noise:
    """The noise asked for. Errors: gr.Error."""
    from ssl_core.pretexts.denoising_autoencoder import KINDS

    level, seed = START.level if level is None else level, START.seed if seed is None else seed
    if kind not in KINDS:
        raise refusal(f"There is no noise called {kind!r}. Choose one of: {', '.join(KINDS)}, none.")
    if not (math.isfinite(level) and 0 <= level <= 1):
        raise refusal(f"The level of noise is a number from 0 to 1; got {level}.")
    if not (math.isfinite(seed) and 0 <= seed <= 999_999 and int(seed) == seed):
        raise refusal(f"The seed is a whole number from 0 to 999999; got {seed}.")
    return Noise(kind, float(level), int(seed))
