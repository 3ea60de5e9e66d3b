"""The starter photographs: real colour pictures that come inside the installed packages, loaded from there, copied nowhere."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssl_core.photo import read_photo


@dataclass(frozen=True)
class Photo:
    """A photograph with its credit and terms; `load()` decodes it to (H, W, 3) uint8."""

    name: str
    credit: str
    terms: str
    path: Path

    def load(self, max_side: int | None = None) -> np.ndarray:
        return read_photo(self.path, max_side)


def starter() -> tuple[Photo, ...]:
    """The starter photographs that this installation holds, in the order of the strip."""
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    return tuple(Photo(name, "", "", folder / f"{name}.png") for name in ("coffee", "chelsea", "astronaut"))
