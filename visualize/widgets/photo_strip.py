"""The strip of photographs that all tabs share: starter photos, one's own folder, uploads, webcam."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np
from PIL import Image

from ssl_core.photo import PhotoError
from visualize.jpeg_uri import jpeg_uri
from visualize.lab import MOST_UPLOADS, Lab, Shown
from visualize.recent import Recent

ASSETS = Path(__file__).parents[2] / "assets"
THUMB = 160  # pixels on the longest side; shown at half of that on a fine screen


def photo_strip(lab: Lab) -> gr.HTML:
    """The strip as a component whose value is the key of the chosen photograph.

    The starter photos come with the page (0.2 s of work); those of one's own folder, which may be large, follow one by one.
    Uploads go to the Lab and come back as a key; each visitor's strip lists only that visitor's own.
    """

    def thumb(key: str) -> dict:
        """What the strip shows of one photograph: name, credit, terms and a small picture, or a sentence."""
        return answer(lambda: lab.photo(str(key)))

    def take(upload: dict) -> dict:
        """Take in a file that the browser has just uploaded; the file itself is deleted."""
        return answer(lambda: take_in(lab, upload, taken))

    taken = Recent(MOST_UPLOADS)
    return gr.HTML(
        value=lab.keys[0],
        html_template=(ASSETS / "photo_strip.html").read_text(encoding="utf-8"),
        js_on_load=(ASSETS / "photo_strip.js").read_text(encoding="utf-8"),
        server_functions=[thumb, take],
        photos=[about(lab, key) for key in lab.keys],
        apply_default_css=False,
        elem_id="photo-strip",
    )


def about(lab: Lab, key: str) -> dict:
    """What the page holds of a photograph of the strip when it opens."""
    return lab.about(key) | ({} if key.startswith("folder-") else answer(partial(lab.photo, key)))


def answer(find) -> dict:
    """The photograph that `find()` returns as the browser needs it, or {"error": sentence}."""
    try:
        photo = find()
    except PhotoError as error:
        return {"error": str(error)}
    about = {"key": photo.key, "name": photo.name, "credit": photo.credit, "terms": photo.terms}
    return about | {"src": thumbnail(photo)}


def take_in(lab: Lab, upload: dict, taken: Recent) -> Shown:
    """Read an uploaded file into the Lab. Errors: PhotoError for anything but a photograph that was uploaded here.

    Gradio files an upload under the hash of its content: when a class uploads one picture, another visitor's question may just
    have deleted it. `taken` has the photographs of such files, by path.
    """
    folder = Path(gr.utils.get_upload_folder()).resolve()
    path = Path(str(upload.get("path", ""))).resolve()
    if folder in path.parents and path.is_file():
        with suppress(FileNotFoundError):
            try:
                photo = lab.add(path)
            finally:
                path.unlink(missing_ok=True)
            return taken.keep(path, lambda: photo)
    photo = taken.get(path)
    if photo is None:
        raise PhotoError("The upload did not arrive: try it once more.")
    return photo


def thumbnail(photo: Shown) -> str:
    """A small JPEG of the photograph as a data URI."""
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return jpeg_uri(np.asarray(picture), 82)
