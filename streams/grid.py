"""A camera's picture with a ruler over it, to read a zone's corners from.

Imported by its own name (`from streams.grid import save_grid`): it loads OpenCV, which nothing
else in this package needs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from streams.frame import Picture

STEPS = 10
"""Lines a side: one every tenth of the picture."""

_LINE = (255, 255, 255)
_ZONE = (255, 210, 0)
_GROUND = (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_grid(
    picture: Picture, zones: Mapping[str, Sequence[tuple[float, float]]] | None = None
) -> Picture:
    """Return a copy with lines every tenth, numbered as fractions, and the zones' outlines.

    `picture` is (h, w, 3) uint8 RGB; zones are corners in fractions of it, by name (ASCII).
    """
    drawn = picture.copy()
    height, width = drawn.shape[:2]
    for step in range(1, STEPS):
        x, y = round(width * step / STEPS), round(height * step / STEPS)
        share = 0.7 if step == STEPS // 2 else 0.4
        _rule(drawn, y, share)
        _rule(drawn.swapaxes(0, 1), x, share)
    for name, polygon in (zones or {}).items():
        corners = np.array([(x * width, y * height) for x, y in polygon]).round().astype(np.int32)
        cv2.polylines(drawn, [corners], isClosed=True, color=_ZONE, thickness=_thick(height))
        middle = corners.mean(axis=0).round().astype(int)
        _write(drawn, name, (int(middle[0]), int(middle[1])), _ZONE)
    for step in range(1, STEPS):
        x, y = round(width * step / STEPS), round(height * step / STEPS)
        label = f".{step}"
        _write(drawn, label, (x + 3, _text_px(height) + 3), _LINE)
        _write(drawn, label, (3, y - 3), _LINE)
    return drawn


def save_grid(
    picture: Picture, zones: Mapping[str, Sequence[tuple[float, float]]], file: Path
) -> None:
    """Write `draw_grid`'s picture as JPEG; raises OSError."""
    drawn = draw_grid(picture, zones)
    done, data = cv2.imencode(".jpg", drawn[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise OSError(f"{file}: the picture could not be encoded")
    file.write_bytes(data.tobytes())


def _rule(picture: Picture, at_px: int, share: float) -> None:
    """Draw a line across rows `at_px`, light beside dark: it shows on both."""
    for row, tint in ((at_px - 1, 0), (at_px, 255)):
        line = picture[row : row + 1]
        line[:] = (line * (1 - share) + tint * share).astype(np.uint8)


def _thick(height: int) -> int:
    return max(2, height // 360)


def _text_px(height: int) -> int:
    return max(10, height // 45)


def _write(
    picture: Picture, text: str, corner: tuple[int, int], colour: tuple[int, int, int]
) -> None:
    """Write text upwards and rightwards from a corner, on a dark ground."""
    x, y = corner
    scale = cv2.getFontScaleFromHeight(_FONT, _text_px(picture.shape[0]), 1)
    (width, height), below = cv2.getTextSize(text, _FONT, scale, 1)
    cv2.rectangle(picture, (x - 2, y - height - 2), (x + width + 1, y + below), _GROUND, -1)
    cv2.putText(picture, text, corner, _FONT, scale, colour, 1, cv2.LINE_AA)
