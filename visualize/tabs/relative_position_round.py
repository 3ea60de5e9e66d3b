"""A round of the game "Where does it belong?": the square, its nine patches, the question, and the networks' answers."""

from typing import NamedTuple

import numpy as np

from visualize.lab import Lab

LEAST_SHARE = 0.6  # of the photograph's shorter side that a square keeps
FLAT = 4.0  # of 255: standard deviation of a patch below which it is one colour to the eye


class Square(NamedTuple):
    """One round: a square of a photograph (left, top, size), nine patches of it, and which neighbour is asked about.

    `seen` is the square as the networks see it, (S, S, 3) uint8; `patches` (9, p, p, 3) uint8 lie in it at `places` (9, 2), row and
    column; `direction` is the answer, 0 to 7.
    """

    box: tuple[int, int, int]
    seen: np.ndarray
    patches: np.ndarray
    places: np.ndarray
    direction: int


def geometry(lab: Lab, names: tuple[str, ...]):
    """The configuration whose patches are played with: that of the first network that can be read, or of the shipped size."""
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.pretexts.relative_position import RelativePosition

    for name in names:
        try:
            return lab.model(name).config
        except CheckpointError:
            continue
    return RelativePosition.sizes["small"]


def about(name: str) -> dict:
    """What the page calls a network."""
    return {"name": name, "title": name.rpartition("-")[2].capitalize()}


def answer(lab: Lab, name: str, square: Square, config) -> dict:
    """How likely a network finds each of the eight directions, or a sentence that says why it does not answer."""
    from ssl_core.checkpoint import CheckpointError

    told = about(name)
    try:
        model = lab.model(name)
    except CheckpointError as error:
        return told | {"error": str(error)}
    if (model.config.side, model.config.patch) != (config.side, config.patch):
        return told | {"error": f"{name} was trained on patches of {model.config.patch} px and sits this one out."}
    likely = model.guess(square.patches)[square.direction]
    return told | {"likely": [round(float(share), 4) for share in likely]}


def draw_square(pixels: np.ndarray, config, number: int) -> Square:
    """The square, patches and question of a round, the same for the same number. `pixels` (H, W, 3) uint8.

    Errors: PhotoError for a photograph smaller than the grid of patches, or without anything to see in it.
    """
    from ssl_core.photo import PhotoError
    from ssl_core.pretexts.relative_position import neighbours, nine_patches

    rng = np.random.default_rng([config.side, number])
    height, width = pixels.shape[:2]
    shorter = min(height, width)
    if shorter < config.side:
        raise PhotoError(
            f"The lab shows this photo at {width} x {height} pixels. The nine patches are cut from a square of {config.side} pixels "
            "or more: choose a photo that is larger or less narrow."
        )
    size = max(config.side, round(shorter * rng.uniform(LEAST_SHARE, 1)))
    top, left = int(rng.integers(0, height - size + 1)), int(rng.integers(0, width - size + 1))
    seen = resized(pixels[top : top + size, left : left + size], config.side)
    patches, places = nine_patches(seen, config, rng)
    contrast = patches.reshape(9, -1, 3).std(axis=1).max(axis=1)
    if contrast.max() < FLAT:
        raise PhotoError(
            "This part of the photo is one flat colour: its patches look alike, and nothing tells where they belong. "
            "Go to the next patch, or choose another photo."
        )
    # a flat patch of sky can be anywhere: ask about one that shows something, if there is one
    order = rng.permutation(8)
    telling = [int(direction) for direction in order if contrast[neighbours()[1][direction]] >= FLAT]
    return Square((left, top, size), seen, patches, places, (telling or order.tolist())[0])


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """A square picture (S, S, 3) uint8 at another size, with antialiasing: (side, side, 3) uint8."""
    from PIL import Image

    if len(pixels) == side:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
