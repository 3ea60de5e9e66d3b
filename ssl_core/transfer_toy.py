"""The task that is always there: tell by a patch which of the starter photographs it was cut from."""

import numpy as np

from ssl_core.bank import PHOTO_SIDE, cut
from ssl_core.starter import starter
from ssl_core.transfer_tasks import SIDE, STARTER, Split, TransferTask

# Upright bands of a photograph, as shares of its width. Between them lies a strip that no patch is cut from.
BANDS = {"train": (0.0, 0.48), "choice": (0.50, 0.66), "test": (0.68, 1.0)}
# Patches of a band: side as a share of the photograph's shorter side, and how many across and down.
CUTS = {
    "train": ((0.22, 3, 5), (0.15, 4, 6)),
    "choice": ((0.22, 1, 3), (0.15, 1, 4)),
    "test": ((0.22, 2, 4), (0.15, 3, 5)),
}
CAVEAT = (
    "Sixteen photographs cut into patches: the test patches lie beside the ones learned from, in the same light and the same colours. "
    "That shows whether features tell textures and colours apart, and nothing about kinds of things in photographs never seen."
)


def starter_task() -> TransferTask:
    """Patches of the 16 starter photographs, labelled by the photograph: 39 to learn from of each, 7 for choices, 23 to be judged by.

    The left of every photograph is learned from and its right judged by: no pixel of one split reaches another, not even through the
    filter that resizes, since a band is cut out before its patches are. Raises PhotoError when a photograph is gone.
    """
    photos = [photo.load(PHOTO_SIDE) for photo in starter()]
    splits = {}
    for part in BANDS:
        patches = [band_patches(photo, part) for photo in photos]
        labels = np.repeat(np.arange(len(photos)), [len(found) for found in patches])
        splits[part] = Split(np.concatenate(patches), labels)
    described = (
        f"{len(splits['train'])} patches to learn from, {len(splits['choice'])} for choices, {len(splits['test'])} to be judged by, "
        f"of {len(photos)} starter photographs"
    )
    classes = tuple(photo.name for photo in starter())
    return TransferTask(STARTER, "Patches of the starter photographs", described, classes, caveat=CAVEAT, **splits)


def band_patches(photo: np.ndarray, part: str) -> np.ndarray:
    """The patches of one photograph (H, W, 3) uint8 for the split `part`, as (n, 128, 128, 3) uint8."""
    height, width = photo.shape[:2]
    left, right = (round(share * width) for share in BANDS[part])
    band = np.ascontiguousarray(photo[:, left:right])
    boxes = []
    for share, across, down in CUTS[part]:
        side = min(round(share * min(height, width)), right - left)
        tops = np.linspace(0, height - side, down).round().astype(int).tolist()
        lefts = np.linspace(0, right - left - side, across).round().astype(int).tolist()
        boxes += [(x, y, side, side) for y in tops for x in lefts]
    return cut(band, boxes, SIDE)
