"""Data sets that torchvision downloads, as folders of pictures.

With `transfer_downloads` the only place in ssl_core that uses the network, and only on request.
"""

import shutil
import sys
from pathlib import Path
from urllib.error import URLError

# name -> how torchvision names it, and how large the download is. Each unpacks to folders train/ and val/ of pictures.
DATASETS = {"imagenette": "94 MB", "stl10": "2.6 GB"}


def import_torchvision():
    """torchvision, also where its wheel was built for another torch than the installed one.

    A CUDA build of torchvision beside a CPU torch stops with "operator torchvision::nms does not exist". Declaring the two missing
    operators is enough for datasets, models and transforms; `ops.nms` itself then stays unusable. Imported late: it takes 2 to 3 s.
    """
    try:
        import torchvision
    except RuntimeError:
        import torch

        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        for operator in (
            "nms(Tensor dets, Tensor scores, float iou_threshold)",
            "qnms(Tensor dets, Tensor scores, float iou_threshold)",
        ):
            torch.library.define(
                f"torchvision::{operator.split('(')[0]}", operator[operator.index("(") :] + " -> Tensor"
            )
        import torchvision
    return torchvision


def download(name: str, folder: Path) -> Path:
    """The folder of data set `name`, downloaded on the first call with a progress bar. Raises SourceError without a network."""
    from ssl_core.sources import SourceError

    done = folder / name / ".complete"
    if done.is_file():
        return done.parent
    datasets = import_torchvision().datasets
    try:
        if name == "imagenette":
            _imagenette(datasets, done.parent)
        else:
            _stl10(datasets, done.parent)
    except (URLError, OSError, RuntimeError) as error:
        raise SourceError(
            f"{name} ({DATASETS[name]}) could not be downloaded ({error}); connect to the internet, or use starter, a folder or a zip."
        ) from None
    done.touch()
    return done.parent


def remove_unpacked(folder: Path) -> None:
    """Take away what a call that was stopped may have unpacked in part: torchvision takes a folder that is there for the whole.

    The archive beside it stays, and is not downloaded again if it is whole. OSError if the disk refuses.
    """
    if folder.exists():
        shutil.rmtree(folder)


def _imagenette(datasets, folder: Path) -> None:
    """Ten classes of ImageNet, shorter side 160: imagenette2-160/train/<class>/*.JPEG and val/."""
    folder.mkdir(parents=True, exist_ok=True)
    remove_unpacked(folder / "imagenette2-160")
    datasets.Imagenette(folder, split="train", size="160px", download=True)


def _stl10(datasets, folder: Path) -> None:
    """STL-10's 5,000 training and 8,000 test pictures of 96 px, as files, so that everything downstream reads a folder."""
    from PIL import Image
    from tqdm import tqdm

    for split, part in (("train", "train"), ("test", "val")):
        pictures = datasets.STL10(folder / "archive", split=split, download=True)
        for index in tqdm(range(len(pictures)), unit="photo", desc=f"unpack {split}"):
            target = folder / part / pictures.classes[pictures.labels[index]] / f"{index:05d}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pictures.data[index].transpose(1, 2, 0)).save(target)
