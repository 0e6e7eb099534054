"""What happens to cameras, done to real pictures: the lens, the mast, the light, the encoder."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from detectors import PictureState
from pipeline.condition import PictureJudge
from streams import FileReader, Frame, Picture

NOON = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
NOISE = 3.0
"""Sensor noise (levels) that comes after every fault of the lens."""


@cache
def pictures(video: Path, interval_s: float = 1.0) -> tuple[Picture, ...]:
    """Decode a video as it is analysed: 640 px, one look a second."""
    reader = FileReader(video, interval_s=interval_s, longest_px=640, start=NOON, decode="all")
    return tuple(frame.picture for frame in reader)


def noisy(picture: np.ndarray, random: np.random.Generator, noise: float = NOISE) -> Picture:
    """Add a sensor's noise."""
    grain = random.normal(0.0, noise, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def moved(
    picture: Picture, right: float = 0.0, down: float = 0.0, turn_deg: float = 0.0, zoom: float = 1
) -> Picture:
    """Point the camera elsewhere: shares of the width and the height."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, zoom)
    matrix[:, 2] += (right * width, down * height)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def blurred(picture: Picture, sigma_px: float) -> Picture:
    """Put the lens out of focus."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.uint8)


def covered(picture: Picture, share: float) -> Picture:
    """Hang a grey cloth over the left part of the lens, a little brighter on one side."""
    made = picture.copy()
    columns = round(picture.shape[1] * share)
    made[:, :columns] = np.linspace(60, 90, columns)[None, :, None]
    return made


def smeared(picture: Picture, rows: int) -> Picture:
    """Lose the last rows as a decoder does that conceals a lost slice."""
    made = picture.copy()
    made[-rows:] = made[-rows - 1]
    return made


def bus(picture: Picture, *, smooth: bool) -> Picture:
    """Let a bus fill the left half of the picture: a plain side, or windows and advertisements."""
    made = picture.copy()
    half = picture.shape[1] // 2
    made[:, :half] = 190 if smooth else picture[::-1, ::-1][:, :half]
    return made


def night(picture: Picture, random: np.random.Generator) -> Picture:
    """Dim to a quarter, with a night's noise and two headlights somewhere."""
    made = picture.astype(np.float32) * 0.3
    height, width = picture.shape[:2]
    x, y = random.integers(20, width - 60), random.integers(height // 2, height - 20)
    for dx in (0, 40):
        glow = np.zeros((height, width), np.float32)
        cv2.circle(glow, (int(x) + dx, int(y)), 7, 255.0, -1)
        made += (cv2.GaussianBlur(glow, (0, 0), 5) * 1.5)[:, :, None]
    return noisy(made, random, 6.0)


def rain(picture: Picture, random: np.random.Generator) -> Picture:
    """Draw streaks of rain, and the haze that comes with them."""
    made = (picture.astype(np.float32) * 0.6 + 60).astype(np.uint8)
    height, width = picture.shape[:2]
    for x, y in zip(random.integers(0, width, 400), random.integers(0, height, 400), strict=True):
        cv2.line(made, (int(x), int(y)), (int(x) + 2, int(y) + 14), (200, 200, 205), 1)
    return noisy(made, random)


def judged(
    looks: Sequence[Picture],
    judge: PictureJudge | None = None,
    *,
    from_s: float = 0.0,
    interval_s: float = 2.0,
) -> list[PictureState]:
    """Judge pictures as looks of one camera."""
    judge = judge or PictureJudge("cam")
    return [
        judge.judge(frame_of(picture, from_s + number * interval_s))
        for number, picture in enumerate(looks)
    ]


def frame_of(picture: Picture, at_s: float) -> Frame:
    """Make a picture a look."""
    height, width = picture.shape[:2]
    return Frame(
        camera_id="cam",
        session=0,
        seq=round(at_s * 100),
        at_s=at_s,
        captured_at=datetime.fromtimestamp(NOON.timestamp() + at_s, UTC),
        width=width,
        height=height,
        picture=picture,
        arrival_s=0.0,
        key=True,
    )


Fault = Callable[[Picture, np.random.Generator], Picture]

FAULTS: dict[str, tuple[PictureState, Fault]] = {
    # name: what it must be called, and how it is done
    "shift_right_3": (PictureState.MOVED, lambda p, r: noisy(moved(p, right=0.03), r)),
    "shift_down_3": (PictureState.MOVED, lambda p, r: noisy(moved(p, down=0.055), r)),
    "turned_aside_8": (PictureState.MOVED, lambda p, r: noisy(moved(p, 0.08, 0.03), r)),
    "elsewhere": (PictureState.MOVED, lambda p, r: noisy(p[::-1, ::-1], r)),
    "roll_2_deg": (PictureState.MOVED, lambda p, r: noisy(moved(p, turn_deg=2), r)),
    "roll_minus_2_deg": (PictureState.MOVED, lambda p, r: noisy(moved(p, turn_deg=-2), r)),
    "zoom_5": (PictureState.MOVED, lambda p, r: noisy(moved(p, zoom=1.05), r)),
    "zoom_20": (PictureState.MOVED, lambda p, r: noisy(moved(p, zoom=1.2), r)),
    "focus_slightly_off": (PictureState.BLURRED, lambda p, r: noisy(blurred(p, 3.0), r)),
    "focus_off": (PictureState.BLURRED, lambda p, r: noisy(blurred(p, 4.0), r)),
    "focus_far_off": (PictureState.BLURRED, lambda p, r: noisy(blurred(p, 8.0), r)),
    "cloth_over_70": (PictureState.COVERED, lambda p, r: noisy(covered(p, 0.7), r)),
    "cloth_over_all": (PictureState.COVERED, lambda p, r: noisy(covered(p, 1.0), r)),
    "black": (PictureState.BLACK, lambda p, r: noisy(p * 0.0 + 3, r, 2.0)),
    "too_dark": (PictureState.DARK, lambda p, r: noisy(p * 0.1, r, 2.0)),
    "saturated": (
        PictureState.OVEREXPOSED,
        lambda p, _: np.clip(p * 4.0 + 60, 0, 255).astype(np.uint8),
    ),
    "lost_slice": (PictureState.CORRUPT, lambda p, _: smeared(p, 72)),
}

HARMLESS: dict[str, Fault] = {
    "as_it_is": lambda p, _: p,
    "noise": lambda p, r: noisy(p, r, 8.0),
    "bus_plain": lambda p, r: noisy(bus(p, smooth=True), r),
    "bus_painted": lambda p, r: noisy(bus(p, smooth=False), r),
    "rain": rain,
    "dusk": night,
    "cloud": lambda p, r: noisy(p * 0.7, r),
    "pole_sways": lambda p, r: noisy(moved(p, *r.normal(0, 0.002, 2)), r),
}
