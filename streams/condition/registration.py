"""How a picture lies on the reference of its view: in place, shifted, turned, zoomed, or unlike."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from streams.condition.fields import Plane

PATCH_PX = 24
"""Side of a landmark."""
NEAR_PX = 5
"""Looked for first: where a camera that stays put has its landmarks."""
FAR_PX = 44
"""Looked for where they are not near: 14 % of the picture's width."""
LANDMARKS = (8, 6)
"""Columns and rows of the picture that give one landmark each, where they have one."""
FEWEST = 8
"""With fewer landmarks nothing can be said of the camera's place."""
STRONG = 0.42
"""Mean edge of a landmark over looks, 0..1: moving things and noise average out below it."""
DISTINCT = 0.25
"""How unlike its own surroundings a landmark is, 0..1: a straight line slides along itself."""
MATCHED = 0.55
"""Normalised correlation from which a landmark counts as found."""
CLEAR = 0.75
"""Correlation from which a landmark is in place without a search: within about a pixel."""
IN_PLACE = 0.6
"""Share of landmarks clearly in place that makes a search needless."""
CLOSE_SHARE = 0.006
"""A movement that small (in widths) found near needs no confirmation from afar."""
_UNMOVED = np.eye(2, 3)
_COMMON_PX = 2.0
"""How far a landmark may lie off the common movement."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """A patch of the reference that is found only in one place."""

    x: int
    """Left edge in the reference, pixels."""
    y: int
    patch: Plane
    """(PATCH_PX, PATCH_PX, 2) of the reference's edges."""
    power: float
    """Sum of its squares."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A view's movement against its reference, from the landmarks that agree on one."""

    landmarks: int
    near: int
    """Landmarks found where they belong, give or take NEAR_PX."""
    agreeing: int
    """Landmarks that agree on the movement below; 0: no movement explains what is seen."""
    shift_share: float
    """Largest movement of a corner or the centre, in widths of the picture."""
    rotation_deg: float
    zoom: float
    matrix: Plane | None
    """(2, 3) takes points of the reference to points of the picture; None without agreement."""


def landmarks_of(edges: Plane) -> tuple[Landmark, ...]:
    """Choose the landmarks of a reference: (H, W, 2) edges averaged over looks."""
    height, width = edges.shape[:2]
    power = edges[:, :, 0] ** 2 + edges[:, :, 1] ** 2
    own = np.maximum(_windows(power), 0)  # running sums may end a little below
    likeness = np.zeros_like(own)
    for dx, dy in ((6, 0), (0, 6), (6, 6), (6, -6)):
        shifted = np.roll(edges, (dy, dx), (0, 1))
        product = _windows(edges[:, :, 0] * shifted[:, :, 0] + edges[:, :, 1] * shifted[:, :, 1])
        scale = np.sqrt(own * np.roll(own, (dy, dx), (0, 1))) + 1e-6
        likeness = np.maximum(likeness, product / scale)
    worth = np.where((own > 0.12 * STRONG**2) & (1 - likeness > DISTINCT), own * (1 - likeness), 0)
    margin = PATCH_PX // 2 + NEAR_PX
    worth[:margin], worth[-margin:], worth[:, :margin], worth[:, -margin:] = 0, 0, 0, 0
    columns, rows = LANDMARKS
    chosen = []
    for row in np.array_split(np.arange(height), rows):
        for column in np.array_split(np.arange(width), columns):
            cell = worth[row[0] : row[-1] + 1, column[0] : column[-1] + 1]
            y, x = np.unravel_index(int(cell.argmax()), cell.shape)
            if cell[y, x] > 0:
                left, top = column[0] + x - PATCH_PX // 2, row[0] + y - PATCH_PX // 2
                patch = edges[top : top + PATCH_PX, left : left + PATCH_PX].copy()
                power = float(patch.ravel() @ patch.ravel())
                chosen.append(Landmark(int(left), int(top), patch, power))
    return tuple(chosen)


def register(
    landmarks: Sequence[Landmark], edges: Plane, *, exact: bool = False
) -> Registration | None:
    """Lay a picture's edges on the reference's landmarks; None where the view has too few.

    Unless asked for exactly, a movement of less than about a pixel is given as none.
    """
    if len(landmarks) < FEWEST:
        return None
    size = (edges.shape[1], edges.shape[0])
    still = 0 if exact else _in_place(landmarks, edges)
    if still >= IN_PLACE * len(landmarks):
        return Registration(len(landmarks), still, still, 0.0, 0.0, 1.0, _UNMOVED)
    near = _seen(landmarks, edges, NEAR_PX)
    close = _agree(near, len(landmarks), len(near), size)
    if close.agreeing >= len(landmarks) / 2 or (close.agreeing and close.shift_share < CLOSE_SHARE):
        return close
    wide = _agree(_seen(landmarks, edges, FAR_PX), len(landmarks), len(near), size)
    return wide if wide.agreeing > close.agreeing else close


def _in_place(landmarks: Sequence[Landmark], edges: Plane) -> int:
    """Count landmarks clearly where they belong, until they are enough, without a search."""
    found = 0
    for mark in landmarks:
        if found >= IN_PLACE * len(landmarks):
            break
        here = np.s_[mark.y : mark.y + PATCH_PX, mark.x : mark.x + PATCH_PX]
        seen = edges[here].ravel()
        scale = math.sqrt(mark.power * float(seen @ seen))
        found += scale > 0 and float(mark.patch.ravel() @ seen) >= CLEAR * scale
    return found


def _seen(
    landmarks: Sequence[Landmark], edges: Plane, reach_px: int
) -> list[tuple[Landmark, tuple[float, float]]]:
    places = [(mark, _find(mark, edges, reach_px)) for mark in landmarks]
    return [(mark, at) for mark, at in places if at is not None]


def _windows(plane: Plane) -> Plane:
    return cv2.boxFilter(plane, cv2.CV_32F, (PATCH_PX, PATCH_PX), borderType=cv2.BORDER_REFLECT)


def _find(mark: Landmark, edges: Plane, reach_px: int) -> tuple[float, float] | None:
    """Return how far a landmark lies from its place (dx, dy) in pixels; None if not found."""
    height, width = edges.shape[:2]
    left, top = max(0, mark.x - reach_px), max(0, mark.y - reach_px)
    right = min(width, mark.x + PATCH_PX + reach_px)
    bottom = min(height, mark.y + PATCH_PX + reach_px)
    scores = cv2.matchTemplate(edges[top:bottom, left:right], mark.patch, cv2.TM_CCORR_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    if best < MATCHED:
        return None
    inner = 0 < x < scores.shape[1] - 1 and 0 < y < scores.shape[0] - 1
    dx = _peak(scores[y, x - 1 : x + 2]) if inner else 0.0
    dy = _peak(scores[y - 1 : y + 2, x]) if inner else 0.0
    return left + x + dx - mark.x, top + y + dy - mark.y


def _peak(three: Plane) -> float:
    """Return where between -0.5 and 0.5 a parabola through three values has its top."""
    before, at, after = (float(value) for value in three)
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, 0.5 * (before - after) / bend))


def _agree(
    found: Sequence[tuple[Landmark, tuple[float, float]]],
    landmarks: int,
    near: int,
    size: tuple[int, int],
) -> Registration:
    nothing = Registration(landmarks, near, 0, 0.0, 0.0, 1.0, None)
    enough = max(FEWEST * 3 // 4, math.ceil(0.25 * landmarks))
    if len(found) < enough:
        return nothing
    half = PATCH_PX / 2
    before = np.array([(mark.x + half, mark.y + half) for mark, _ in found])
    after = before + np.array([at for _, at in found])
    matrix, inside = cv2.estimateAffinePartial2D(
        before, after, method=cv2.RANSAC, ransacReprojThreshold=_COMMON_PX, maxIters=500
    )
    agreeing = 0 if matrix is None else int(inside.sum())
    if matrix is None or agreeing < enough:
        return nothing
    zoom = math.hypot(matrix[0, 0], matrix[1, 0])
    rotation_deg = math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    width, height = size
    places = np.array(
        [(0, 0), (width, 0), (0, height), (width, height), (width / 2, height / 2)], float
    )
    moved = places @ matrix[:, :2].T + matrix[:, 2] - places
    shift_share = float(np.hypot(moved[:, 0], moved[:, 1]).max()) / width
    return Registration(landmarks, near, agreeing, shift_share, rotation_deg, zoom, matrix)
