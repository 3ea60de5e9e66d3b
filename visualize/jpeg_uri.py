"""A picture as text that stands in a page: pixels in, data URI out."""

import base64
import io

import numpy as np

FULL_COLOR, HALF_COLOR = 0, 2  # Pillow's numbers for 4:4:4, and for 4:2:0, which is smaller


def jpeg_uri(pixels: np.ndarray, quality: int, subsampling: int = HALF_COLOR) -> str:
    """A picture (H, W, 3) uint8 as a JPEG data URI; quality from 1 to 95."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "JPEG", quality=quality, subsampling=subsampling)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")
