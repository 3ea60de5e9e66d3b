"""Denoising without learning: what a denoising autoencoder is measured against. Pictures are (H, W, 3) float32 in [0, 1].

Non-local means (Buades, Coll, Morel: A non-local algorithm for image denoising, CVPR 2005, section 3) replaces a pixel by a mean of pixels
whose surroundings look alike; made for Gaussian noise. The median of a pixel's neighbours is made for pixels that were struck.
"""

import numpy as np

PATCH, DISTANCE = 5, 6  # px: the side of a surrounding, and how far around a pixel others are looked for
STRENGTH = 0.8  # h over the noise's standard deviation: what scikit-image's example takes for its fast mode


def noise_deviation(picture: np.ndarray) -> float:
    """Standard deviation of Gaussian noise in a picture (H, W, 3), estimated from the picture alone, in units of its values.

    Immerkaer: Fast noise variance estimation (Computer Vision and Image Understanding 1996, eq. 7): a mask that is blind to planes, and so
    nearly to photographs, answers to noise; its mean absolute answer is known for Gaussian noise. 0 for a picture below 3 x 3 pixels.

    >>> noise = np.random.default_rng(0).normal(0.5, 0.1, (64, 64, 3))
    >>> round(noise_deviation(noise), 2)
    0.1
    """
    picture = np.asarray(picture, np.float64)
    if min(picture.shape[:2]) < 3:
        return 0.0
    # the mask [[1, -2, 1], [-2, 4, -2], [1, -2, 1]] is [1, -2, 1] along the rows and then along the columns
    along = picture[:, :-2] - 2 * picture[:, 1:-1] + picture[:, 2:]
    answer = along[:-2] - 2 * along[1:-1] + along[2:]
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(answer).mean())


def non_local_means(picture: np.ndarray) -> np.ndarray:
    """scikit-image's non-local means, told nothing of the noise but what the picture shows. (H, W, 3) float32 in [0, 1]."""
    from skimage.restoration import denoise_nl_means

    deviation = noise_deviation(picture)
    if deviation == 0.0:
        return np.array(picture, np.float32)
    clean = denoise_nl_means(
        np.asarray(picture, np.float32),
        patch_size=PATCH,
        patch_distance=DISTANCE,
        h=STRENGTH * deviation,
        sigma=deviation,
        fast_mode=True,
        channel_axis=-1,
    )
    return np.clip(clean, 0, 1).astype(np.float32)


def median(picture: np.ndarray) -> np.ndarray:
    """The median of each pixel and its eight neighbours, channel by channel; edges are repeated. (H, W, 3) float32.

    >>> struck = np.full((5, 5, 3), 0.5, np.float32); struck[2, 2] = 1
    >>> bool((median(struck) == 0.5).all())
    True
    """
    picture = np.asarray(picture, np.float32)
    height, width = picture.shape[:2]
    wide = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    shifted = [wide[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return np.median(np.stack(shifted), axis=0)
