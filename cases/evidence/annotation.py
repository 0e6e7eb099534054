"""Draw on a still: the zone, the accused thing, and a caption below the picture.

The caption lies under the picture, not on it, so that it hides nothing.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors import Box, Zone
from streams import Picture

ACCUSED = (230, 30, 30)
ZONE = (255, 210, 0)
_HALO = (0, 0, 0)
_TEXT = (255, 255, 255)
_BAND = (24, 24, 24)

TEXT_SHARE = 1 / 48
"""Height of the text as a share of the picture's longer side: readable on a phone."""
MIN_TEXT_PX = 16
_WEIGHT = 400
_FACE = "uni"
"""OpenCV's built-in face with Chinese in it (OpenCV 5)."""


def annotate(picture: Picture, box: Box, zone: Zone | None, lines: Sequence[str]) -> Picture:
    """Return a new picture, (H + band, W, 3) uint8 RGB; box in pixels of the picture."""
    height, width = picture.shape[:2]
    drawn = np.ascontiguousarray(picture).copy()
    thickness = max(2, round(max(width, height) / 500))
    if zone is not None:
        corners = np.array(zone.polygon, np.float64) * (width, height)
        _outline(drawn, np.rint(corners).astype(np.int32), ZONE, thickness)
    x0, y0, x1, y1 = (round(edge) for edge in box)
    corners_px = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.int32)
    _outline(drawn, corners_px, ACCUSED, thickness)
    return np.concatenate([drawn, _band(width, height, lines)])


def _outline(
    drawn: Picture, corners: NDArray[np.int32], colour: tuple[int, int, int], thickness: int
) -> None:
    # The dark halo keeps the line visible on ground of its own colour.
    for tint, wide in ((_HALO, thickness + 2), (colour, thickness)):
        cv2.polylines(drawn, [corners], isClosed=True, color=tint, thickness=wide)


def _band(width: int, height: int, lines: Sequence[str]) -> Picture:
    text_px = max(MIN_TEXT_PX, round(max(width, height) * TEXT_SHARE))
    margin = text_px // 2
    face = cv2.FontFace(_FACE)
    rows = [row for line in lines for row in _wrapped(line, width - 2 * margin, face, text_px)]
    line_px = round(text_px * 1.4)
    band = np.full((line_px * len(rows) + margin, width, 3), _BAND, np.uint8)
    for index, row in enumerate(rows):
        baseline = margin // 2 + index * line_px + text_px
        cv2.putText(band, row, (margin, baseline), _TEXT, face, text_px, _WEIGHT)
    return band


def _wrapped(line: str, width_px: int, face: "cv2.FontFace", text_px: int) -> list[str]:
    """Break a line where it gets too wide: after a blank if there is one, else anywhere."""
    rows: list[str] = []
    rest = line
    while rest:
        count = _fitting(rest, width_px, face, text_px)
        if count < len(rest) and " " in rest[1:count]:
            count = rest.rindex(" ", 1, count) + 1
        rows.append(rest[:count].rstrip())
        rest = rest[count:].lstrip()
    return rows


def _fitting(text: str, width_px: int, face: "cv2.FontFace", text_px: int) -> int:
    """How many characters fit; at least one, so that wrapping ends."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _width(text[:middle], face, text_px) <= width_px:
            low = middle
        else:
            high = middle - 1
    return low


def _width(text: str, face: "cv2.FontFace", text_px: int) -> int:
    # An unbounded sheet: the text must not wrap while it is measured.
    sheet = (1 << 20, 1 << 10)
    x0, _, wide, _ = cv2.getTextSize(sheet, text, (0, 0), face, text_px, _WEIGHT)
    return int(x0 + wide)
