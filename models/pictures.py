"""Picture files into arrays."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB."""


def read_picture(path: Path) -> Picture:
    """Read a JPEG, PNG or BMP file as RGB, turned the way its EXIF says; raises PictureError."""
    raise NotImplementedError
