"""Tab "Denoise": noise on a photograph, and what a denoising autoencoder and non-local means give back."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs import denoise_api
from visualize.tabs.explained import explained, trainings
from visualize.widgets.denoise_bench import Noise, denoise_bench, finite, read_noise, to_code
from visualize.widgets.posterior_lens import LensFiles, LensFolder

ID = "denoising_autoencoder"
TITLE = "Denoise"
QUESTION = "What was there before the noise?"
METHODS = ("denoising-autoencoder",)

LONGEST = 480  # px of the photograph here: noise is looked at pixel by pixel, and non-local means takes its time
CLASSIC = "non-local-means"


class Shown(NamedTuple):
    """A picture (H, W, 3) float32 in [0, 1], the path from which the page fetches it, and the folder that keeps it there."""

    pixels: np.ndarray
    path: str
    folder: LensFolder


def build(lab: Lab, page) -> None:
    """The tab: the bench, which is knobs and answers in one, and the words below."""
    files = LensFiles()
    bench = denoise_bench(QUESTION, elem_id="denoise-bench")
    explained("denoise_words.html", trainings=trainings(lab.models(METHODS[0])))
    quiet = {
        "show_progress": "hidden",
        "trigger_mode": "always_last",
        "api_visibility": "private",
        "concurrency_limit": 2,
    }
    page.on_show(ID, partial(show, lab, files), [bench], [bench], **quiet)
    bench.noise(partial(show, lab, files), [page.photo, bench], [bench], **quiet)
    denoise_api.build(lab, METHODS[0])


def show(lab: Lab, files: LensFiles, photo_key: str, code: str) -> Iterator[dict]:
    """The scenes of a photograph under a noise, as updates of the bench: the noisy picture first, the slowest answer last."""
    for told in scenes(lab, files, photo_key, read_noise(code)):
        yield gr.update(scene=told)


def scenes(lab: Lab, files: LensFiles, photo_key: str, noise: Noise) -> Iterator[dict]:
    """What the bench draws, again after every answer. Never raises for bad photos and networks.

    {"photo", "name", "noise" (the code), "message", "width", "height", "pictures": [{"id", "title", "note"} with {"path", "psnr", "gain"},
    {"error": sentence} or {"waiting": true}]}: noisy, the networks, non-local means, the truth. A psnr of None is infinite.
    """
    from ssl_core.photo import PhotoError

    told = {"photo": photo_key, "noise": to_code(noise), "message": "", "pictures": []}
    try:
        truth = lab.keep(("denoise", photo_key), lambda: reduced(lab, files, photo_key))
    except PhotoError as error:
        yield told | {"message": str(error)}
        return
    names = lab.models(METHODS[0])
    height, width = truth.pixels.shape[:2]
    told |= {"name": lab.photo(photo_key).name, "width": width, "height": height}
    if not names:
        told["message"] = (
            "No trained denoising autoencoder is in the folder checkpoints, so only non-local means answers."
        )
    jobs = [(about(name), partial(denoised, lab, name)) for name in names]
    jobs.append(({"id": CLASSIC, "title": "Non-local means", "note": "learned nothing"}, classic))
    first = {"id": "noisy", "title": "With noise", "note": "what they are given"}
    answers = [job | {"waiting": True} for job, _ in jobs]
    last = {"id": "truth", "title": "The truth", "note": "the photo itself", "path": truth.path}
    yield told | {"pictures": [first | {"waiting": True}, *answers, last]}  # on a cold start torch loads after this
    noisy = kept(lab, files, (photo_key, noise, "noisy"), lambda: corrupted(truth.pixels, noise))
    own = psnr(noisy.pixels, truth.pixels)
    first |= {"path": noisy.path, "psnr": finite(own)}
    yield told | {"pictures": [first, *answers, last]}
    for number, (job, denoise) in enumerate(jobs):
        make, key = partial(denoise, noisy.pixels), (photo_key, noise, job["id"])
        answers[number] = job | answered(lab, files, key, make, truth.pixels, own)
        yield told | {"pictures": [first, *answers, last]}


def about(name: str) -> dict:
    """What the page calls a network."""
    return {"id": name, "title": "Autoencoder", "note": name}


def answered(lab: Lab, files: LensFiles, key: tuple, make: Callable, truth: np.ndarray, own: float) -> dict:
    """An answer with its figures, or a sentence that says why there is none. `own` is the PSNR of the noisy picture."""
    from ssl_core.checkpoint import CheckpointError

    try:
        picture = kept(lab, files, key, make)
    except CheckpointError as error:
        return {"error": str(error)}
    reached = psnr(picture.pixels, truth)
    return {"path": picture.path, "psnr": finite(reached), "gain": finite(reached - own)}


def kept(lab: Lab, files: LensFiles, key: tuple, make: Callable[[], np.ndarray]) -> Shown:
    """A picture made once, and written where the page can fetch it."""
    return lab.keep(("denoise", *key), lambda: on_page(files, make()))


def on_page(files: LensFiles, pixels: np.ndarray) -> Shown:
    """A picture (H, W, 3) float in [0, 1], written for the page."""
    folder = files.folder()
    return Shown(pixels, folder.picture(np.rint(pixels * 255).astype(np.uint8)), folder)


def reduced(lab: Lab, files: LensFiles, photo_key: str) -> Shown:
    """The photograph with a longest side of at most 480 px. Errors: PhotoError."""
    from PIL import Image

    picture = Image.fromarray(lab.photo(photo_key).pixels)
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return on_page(files, np.asarray(picture, np.float32) / 255)


def corrupted(truth: np.ndarray, noise: Noise) -> np.ndarray:
    """The photograph with noise, (H, W, 3) float32 in [0, 1]."""
    from ssl_core.pretexts.denoising_autoencoder import DenoisingAutoencoder

    return DenoisingAutoencoder.corrupt(truth, *noise)


def denoised(lab: Lab, name: str, noisy: np.ndarray) -> np.ndarray:
    """What a network makes of the noisy picture. Errors: CheckpointError."""
    return lab.model(name).denoise(noisy)


def classic(noisy: np.ndarray) -> np.ndarray:
    """What non-local means makes of it."""
    from ssl_core.denoisers import non_local_means

    return non_local_means(noisy)


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """Decibels, higher is better; infinite for the truth itself."""
    from ssl_core import metrics

    return metrics.psnr(picture, truth)
