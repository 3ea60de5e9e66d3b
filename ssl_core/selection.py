"""The slice of the training photographs on which choices are made.

The val split of a source is for the numbers that the README states, and for nothing else. Which checkpoint to keep, or how
large a weight to give a loss, is decided on photographs that are set aside from train: never trained on, never published.
A photograph is in or out by the checksum of its own pixels, so that order, file name and source do not matter and the
trainer and the bench need to agree on nothing but the size of the pictures. That is 128 px for every network of the sizes `small`
and `tiny`. `--size paper` trains most networks on larger pictures: other pixels, and so another slice. They are not trained on that
one either, and `train --all` compares them on it; but `bench --split selection`, at 128 px, would show them photographs that they
were trained on. It is for networks of at most 128 px.
"""

import zlib

import numpy as np

ONE_IN = 25


def held_out(images: np.ndarray) -> np.ndarray:
    """Which photographs are set aside: about one in 25 (4 %), by the CRC-32 of their pixels.

    Parameters
    ----------
    images : (N, S, S, 3) uint8, such as the memory-mapped answer of `ssl_core.sources.pack`.

    Returns
    -------
    (N,) bool, True = held out of training.

    Raises
    ------
    ValueError when `images` is not a stack of uint8 RGB photographs: other numbers of the same photograph would give
    another checksum, and the slices of trainer and bench would no longer be the same.

    >>> stack = np.arange(50 * 2 * 2 * 3, dtype=np.uint8).reshape(50, 2, 2, 3)
    >>> bool((held_out(stack) == held_out(stack[::-1])[::-1]).all())
    True
    """
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(
            f"held_out takes photographs as (N, S, S, 3) uint8, got {images.shape} {images.dtype}: "
            "pass the array that ssl_core.sources.pack returns."
        )
    sums = (zlib.crc32(np.ascontiguousarray(image)) for image in images)
    return np.fromiter((checksum % ONE_IN == 0 for checksum in sums), dtype=bool, count=len(images))
