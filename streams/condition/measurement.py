"""One look's picture against the look before it and the reference of its view."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streams.condition.fields import CELLS, Fields, Plane, fields_of
from streams.condition.registration import Registration
from streams.condition.view import DETAILED, View
from streams.frame import Picture

WHITE = 249
"""Luma from which a pixel shows nothing but light."""
_FEW_CELLS = 8
_TEXTURED_SHARE = 0.15
_DETAILED_CELLS = 0.98
_SMEAR_ROWS = 8
"""Rows in a row that a smear covers: what is drawn in blocks, or coded in them, repeats fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What was measured. Shares are 0..1; None: nothing to compare with."""

    luma: float
    """Mean brightness, 0..255."""
    bright: float
    """Luma that 5 % of the picture exceed."""
    brightest: float
    """Luma that 1 % of the picture exceed."""
    white_share: float
    """Share of the picture at WHITE or above."""
    detail: float
    """Smoothed gradient of the most detailed part (2 % of the cells), levels a pixel."""
    smeared_share: float
    """Share of the rows that repeat the row above, many in a row: what decoders put where a picture
    is lost."""
    changed_share: float | None
    """Share of the detailed cells in which any pixel differs from the look before."""
    lost_share: float | None
    """Share of the view's lasting detail that cannot be seen."""
    softness: float | None
    """Fine detail left where there is coarse detail: 1 as usual."""
    registration: Registration | None
    """How the picture lies on the view's reference; None with too few landmarks."""


def measure(
    picture: Picture,
    now: Picture,
    before: Picture | None,
    view: View | None,
    height_px: int | None = None,
) -> tuple[Fields, Measurement]:
    """Measure (h, w, 3) RGB against the look before and a view's reference, where there are any.

    now, before: compared_part() of the picture and of the look before.
    height_px: what the picture is stretched to, where the view has no reference yet.
    """
    if view is not None and view.height_px is not None:
        height_px = view.height_px
    fields = fields_of(picture, height_px)
    compared = view if view is not None and view.ready else None
    below = np.cumsum(cv2.calcHist([fields.levels], [0], None, [256], [0, 256]).ravel())
    below = below / below[-1]
    return fields, Measurement(
        luma=fields.luma,
        bright=float(np.searchsorted(below, 0.95)),
        brightest=float(np.searchsorted(below, 0.99)),
        white_share=float(1 - below[WHITE - 1]),
        detail=_exceeded_by_few(fields.coarse),
        smeared_share=_smeared_share(fields.levels),
        changed_share=changed_share(now, before, fields),
        lost_share=compared.lost_share(fields) if compared else None,
        softness=compared.softness(fields) if compared else None,
        registration=compared.register(fields) if compared else None,
    )


def _exceeded_by_few(cells: Plane) -> float:
    """Return the 98th percentile; numpy's own takes ten times as long over so few."""
    ordered = np.sort(cells, axis=None)
    place = _DETAILED_CELLS * (ordered.size - 1)
    below = int(place)
    after = ordered[min(below + 1, ordered.size - 1)]
    return float(ordered[below] + (place - below) * (after - ordered[below]))


def _smeared_share(levels: Plane) -> float:
    """Count rows that differ from the next one far less than along themselves, in long runs.

    A smear repeats the texture of a street; a bar across the picture has a few sharp edges only.
    """
    down = _row_means(cv2.absdiff(levels[1:], levels[:-1]))
    steps = cv2.absdiff(levels[:-1, 1:], levels[:-1, :-1])
    along = _row_means(steps)
    uneven = _row_means(cv2.threshold(steps, 1, 1, cv2.THRESH_BINARY)[1])
    textured = (along > 2.0) & (uneven > _TEXTURED_SHARE)
    repeats = (textured & (down < 0.2 * along)).astype(np.uint8)[:, None]
    smears = cv2.morphologyEx(repeats, cv2.MORPH_OPEN, np.ones((_SMEAR_ROWS, 1), np.uint8))
    return float(smears.mean())


def _row_means(levels: Plane) -> Plane:
    """Average each row of (H, W) uint8, exactly: (H,) float64."""
    sums: Plane = cv2.reduce(levels, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    return np.asarray(sums / levels.shape[1])


def compared_part(picture: Picture) -> Picture:
    """Return what two looks are compared in exactly: every second row of green, (h / 2, w).

    It is most of the luma, from which RGB is made; sensor and encoder never give the same twice.
    """
    return np.ascontiguousarray(picture[::2, :, 1])


def changed_share(now: Picture, before: Picture | None, fields: Fields) -> float | None:
    """Share of the detailed cells in which anything differs."""
    if before is None or before.shape != now.shape:
        return None
    changed = _changed_cells(cv2.absdiff(now, before))
    detailed = fields.coarse >= DETAILED
    if detailed.sum() < _FEW_CELLS:
        detailed = np.ones_like(detailed)
    return float(changed[detailed].mean())


def _changed_cells(difference: Plane) -> NDArray[np.bool_]:
    """Mark the cells (9, 16) in which a pixel differs."""
    (columns, rows), (height, width) = CELLS, difference.shape
    if height % rows or width % columns:
        different = cv2.threshold(difference, 0, 255, cv2.THRESH_BINARY)[1].astype(np.float32)
        return np.asarray(cv2.resize(different, CELLS, interpolation=cv2.INTER_AREA) > 0)
    # Whole pixels a cell: down first, then along, is a tenth of the work.
    strips = difference.reshape(rows, height // rows, width).max(axis=1)
    return np.asarray(strips.reshape(rows, columns, width // columns).max(axis=2) > 0)
