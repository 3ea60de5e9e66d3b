"""Tab "Colorize": networks give a photo its colours, at the temperature under the hand, and show what they believed of each pixel."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from visualize.entropy_map import VIRIDIS, entropy_map
from visualize.lab import Lab, Shown
from visualize.tabs import colorize_api
from visualize.tabs.explained import explained, trainings
from visualize.widgets.posterior_lens import LensFiles, LensFolder, data_url, posterior_lens, to_value

ID = "colorize"
TITLE = "Colorize"
QUESTION = "What colour was it?"
METHODS = ("colorization", "hypercolumn-colorization")

TITLES = {  # in the order of the story; a new model comes after them
    "colorization-regression": "Regression",
    "colorization-classification": "Classification",
    "colorization-rebalanced": "Rebalanced",
    "hypercolumn-colorization-histograms": "Hypercolumns",
}
FIRST = "colorization-rebalanced"  # answers first: its strip of temperatures is what the tab opens with


def build(lab: Lab, page) -> None:
    """The tab: the lens, which is controls and answers in one, and the words below."""
    files = LensFiles()
    lens = posterior_lens(QUESTION)
    explained("colorize_words.html", trainings=trainings(models_of(lab)))
    page.on_show(ID, partial(show, lab, files), [], [lens], api_visibility="private", concurrency_limit=2)
    colorize_api.build(lab, partial(models_of, lab))


def models_of(lab: Lab) -> list[str]:
    """Names of the shipped models that the tab shows, in the order of the story."""
    return in_order(tuple(name for method in METHODS for name in lab.models(method)))


def show(lab: Lab, files: LensFiles, photo_key: str) -> Iterator[str]:
    """The scene of a photo, as JSON, first with the photo alone, then with one more answer each time. Never raises for bad photos."""
    from ssl_core.photo import PhotoError

    try:
        photo = lab.photo(photo_key)
    except PhotoError as error:
        yield to_value({"key": photo_key, "message": str(error)})
        return
    names = models_of(lab)
    answers = {name: {"name": name, "title": heading(name), "how": "", "kind": "waiting"} for name in names}
    scene = {"key": photo_key, "has_color": photo.has_color, "stops": VIRIDIS, "photo": picture_of(lab, files, photo)}
    if not names:
        scene["message"] = (
            "No trained colorization network is here: checkpoints/ holds none. Train one with `python -m ssl_core train`."
        )
    yield to_value(scene | {"models": list(answers.values())})
    for name in sorted(names, key=lambda name: name != FIRST):
        answers[name] = answer_of(lab, files, photo, name)
        yield to_value(scene | {"models": list(answers.values())})


def in_order(names: tuple[str, ...]) -> list[str]:
    """Model names in the order of the story.

    >>> in_order(("colorization-other", "hypercolumn-colorization-histograms", "colorization-regression"))
    ['colorization-regression', 'hypercolumn-colorization-histograms', 'colorization-other']
    """
    told = list(TITLES)
    return sorted(names, key=lambda name: told.index(name) if name in told else len(told))


def heading(name: str) -> str:
    """The name over a picture.

    >>> heading("colorization-rebalanced"), heading("colorization-other_words")
    ('Rebalanced', 'Other words')
    """
    return TITLES.get(name, name.rpartition("-")[2].replace("_", " ").capitalize())


def picture_of(lab: Lab, files: LensFiles, photo: Shown) -> str:
    """Path from which the page fetches the photograph."""

    def make() -> tuple[LensFolder, str]:
        folder = files.folder()
        return folder, folder.picture(photo.pixels)

    return lab.keep(("lens photo", id(files), photo.key), make)[1]


def answer_of(lab: Lab, files: LensFiles, photo: Shown, name: str) -> dict:
    """What the lens needs of one network's answer to a photo; with a `message` in place of it where the network is not usable."""
    from ssl_core.checkpoint import CheckpointError

    def make() -> tuple[LensFolder, dict]:
        folder = files.folder()
        return folder, answer(lab.model(name), photo.pixels, folder)

    try:
        told = lab.keep(("lens", id(files), photo.key, name), make)[1]
    except CheckpointError as error:
        told = {"kind": "waiting", "how": "", "message": str(error)}
    return {"name": name, "title": heading(name)} | told


def answer(model, pixels: np.ndarray, folder: LensFolder) -> dict:
    """Run a network on (H,W,3) uint8 and write what the browser will fetch into `folder`."""
    if hasattr(model, "histograms"):
        return histograms_answer(model.histograms(pixels), folder)
    if model.config.regression:
        picture = np.rint(model.colorize(pixels) * 255).astype(np.uint8)
        return {"kind": "picture", "how": "one colour for each pixel", "path": folder.picture(picture)}
    return posterior_answer(model.posterior(pixels), model.config.rebalance, folder)


def posterior_answer(posterior, rebalanced: bool, folder: LensFolder) -> dict:
    """A distribution over ab bins."""
    count, height, width = posterior.log_probabilities.shape
    most = float(np.log(count))
    weighing = "rare ones weigh more" if rebalanced else "all weigh alike"
    return {
        "kind": "posterior",
        "how": f"{count} bins, {weighing}",
        "path": folder.log_probabilities(posterior.log_probabilities),
        "bins": posterior.bins.tolist(),
        "height": height,
        "width": width,
        "entropy": data_url(entropy_map(posterior.entropy, most)),
        "most_entropy": most,
    }


def histograms_answer(found, folder: LensFolder) -> dict:
    """A distribution over hues and one over chromas."""
    from ssl_core.hue_chroma import CHROMA_REACH, FADING

    count, height, width = found.hue.shape
    return {
        "kind": "histograms",
        "how": f"{count} hues, {count} chromas",
        "path": folder.histograms(found.hue, found.chroma),
        "bins": count,
        "reach": CHROMA_REACH,
        "fading": FADING,
        "height": height,
        "width": width,
    }
