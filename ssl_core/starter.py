"""The starter photographs: real pictures that come inside the installed packages, loaded from there, copied nowhere."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ssl_core.photo import PhotoError, read_photo


@dataclass(frozen=True)
class Photo:
    """A photograph with its credit and terms. Nothing is read before `load`."""

    name: str
    credit: str
    terms: str
    path: Path
    in_color: bool = True

    def load(self, max_side: int | None = None) -> np.ndarray:
        """The picture as (H, W, 3) uint8 sRGB, the longer side at most `max_side`. Raises PhotoError."""
        return read_photo(self.path, max_side)


CC0 = "CC0 1.0"
PUBLIC = "Public domain"
CC_BY = "CC BY 2.0"
WITH_GRADIO = "Comes with Gradio (Apache-2.0); photographer not named"

# name, package, file, credit, terms: as the packages state them.
TABLE = (
    ("coffee", "skimage", "coffee.png", "Rachel Michetti, Pikolo Espresso Bar", CC0),
    ("chelsea", "skimage", "chelsea.png", "Stefan van der Walt", CC0),
    ("china", "sklearn", "china.jpg", "danielbuechele, Flickr", CC_BY),
    ("lion", "gradio", "lion.jpg", "Gradio sample picture", WITH_GRADIO),
    ("flower", "sklearn", "flower.jpg", "vultilion, Flickr", CC_BY),
    ("astronaut", "skimage", "astronaut.png", "NASA (Eileen Collins)", PUBLIC),
    (
        "motorcycle",
        "skimage",
        "motorcycle_left.png",
        "Middlebury 2014 stereo data, Scharstein and others",
        "Research use",
    ),
    ("cheetah", "gradio", "cheetah1.jpg", "Gradio sample picture", WITH_GRADIO),
    ("tower", "gradio", "tower.jpg", "Gradio sample picture", WITH_GRADIO),
    ("hopper", "matplotlib", "grace_hopper.jpg", "US Navy (Grace Hopper)", PUBLIC),
    ("rocket", "skimage", "rocket.jpg", "SpaceX (Falcon 9 carrying DSCOVR)", PUBLIC),
    ("runner", "gradio", "cheetah.jpg", "Gradio sample picture", WITH_GRADIO),
    ("retina", "skimage", "retina.jpg", "Mikael Häggström", CC0),
    ("tissue", "skimage", "ihc.png", "Center for Microscopy And Molecular Imaging", "No known copyright restrictions"),
    ("hubble", "skimage", "hubble_deep_field.jpg", "NASA (Hubble eXtreme Deep Field)", PUBLIC),
    ("camera", "skimage", "camera.png", "Lav Varshney", CC0),
)
GREY = {"camera"}


def starter() -> tuple[Photo, ...]:
    """The starter photographs, in the order of the strip: 15 in colour, then a grey one.

    Raises PhotoError naming the package if one of the files is gone, as after an upgrade past the pinned version.
    """
    folders: dict[str, Path] = {}
    photos = []
    for name, package, file, credit, terms in TABLE:
        path = folders.setdefault(package, FOLDERS[package]()) / file
        if not path.is_file():
            raise PhotoError(
                f"The package {package} no longer holds {file}; install the version that pyproject.toml pins."
            )
        photos.append(Photo(name, credit, terms, path, name not in GREY))
    return tuple(photos)


def _skimage() -> Path:
    import skimage

    return Path(skimage.__file__).parent / "data"


def _sklearn() -> Path:
    return _beside("sklearn") / "datasets" / "images"


def _matplotlib() -> Path:
    from matplotlib import cbook

    return Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)).parent


def _gradio() -> Path:
    return _beside("gradio") / "media_assets" / "images"


def _beside(package: str) -> Path:
    """The folder of a package that is slow to import (and that ssl_core must not import)."""
    from importlib.util import find_spec

    return Path(find_spec(package).origin).parent


FOLDERS: dict[str, Callable[[], Path]] = {
    "skimage": _skimage,
    "sklearn": _sklearn,
    "matplotlib": _matplotlib,
    "gradio": _gradio,
}
