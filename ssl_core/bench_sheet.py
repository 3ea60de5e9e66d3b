"""Sheets of pictures: what the figures of a bench look like. For eyes, not for the repository: they show photographs of the source."""

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ssl_core.bench_colorize import Paint, grey
from ssl_core.bench_inpaint import Fill, mask_for

PHOTOS = 24
PER_ROW = 2
GAP = 4
HEADING = 44  # three lines
LETTER = 6  # px, about the width of one


def inpaint_sheet(photos: np.ndarray, kind: str, compared: dict[str, Fill]) -> Image.Image:
    """What is seen, every answer and the truth for 24 evenly spread photographs; photos (N, S, S, 3) uint8."""
    rows = []
    for index in _spread(len(photos)):
        photo, mask = photos[index], mask_for(kind, int(index), photos.shape[1])
        seen = np.where(mask[..., None], np.uint8(255), photo)
        rows.append([seen, *(fill(photo, mask) for fill in compared.values()), photo])
    return sheet(rows, ("what is seen", *compared, "the photograph"))


def colorize_sheet(photos: np.ndarray, compared: dict[str, Paint]) -> Image.Image:
    """Grey, every answer and the truth for 24 evenly spread photographs; photos (N, S, S, 3) uint8."""
    chosen = photos[_spread(len(photos))]
    answers = [paint(chosen) for paint in ({"grey": grey} | compared).values()]
    rows = [list(row) for row in zip(*answers, chosen, strict=True)]
    return sheet(rows, (*({"grey": grey} | compared), "the photograph"))


def sheet(rows: Sequence[Sequence[np.ndarray]], headings: Sequence[str]) -> Image.Image:
    """Pictures of one size in a grid, two photographs in a row, each column under its heading.

    Pictures are (S, S, 3) uint8, or float in [0, 1].
    """
    side, columns = rows[0][0].shape[0], len(headings)
    wide, high = columns * (side + GAP) + 3 * GAP, side + GAP
    canvas = Image.new("RGB", (PER_ROW * wide, HEADING + -(-len(rows) // PER_ROW) * high), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    for block in range(min(PER_ROW, len(rows))):
        for column, heading in enumerate(headings):
            short = heading.removeprefix("context-encoder-").removeprefix("colorization-")
            lines = "\n".join(textwrap.wrap(short, max(4, side // LETTER))[:3])
            draw.text((block * wide + column * (side + GAP), 2), lines, "black", font)
    for number, row in enumerate(rows):
        line, block = divmod(number, PER_ROW)
        for column, picture in enumerate(row):
            canvas.paste(_image(picture), (block * wide + column * (side + GAP), HEADING + line * high))
    return canvas


def _spread(count: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(PHOTOS, count)).astype(int)


def _image(picture: np.ndarray) -> Image.Image:
    if picture.dtype != np.uint8:
        picture = np.round(np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8)
    return Image.fromarray(picture)
