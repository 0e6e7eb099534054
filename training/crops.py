"""Training pictures out of the dataset: random cuts in the model's own proportions.

A cut is smaller than the picture that the model will see (INPUT), with things at the same scale,
so a processor learns from about three times as many cuts as whole pictures in the same time, and no
pixel is spent on letterbox bars.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.dataset import labels_of, read_labels
from training.example import DatasetError

INPUT = (288, 512)
"""Height and width the model runs at: 16:9 as street pictures are, both multiples of 32."""
CUT = (192, 320)
"""Height and width of a training cut."""
ZOOM = (0.75, 1.5)
"""Scale of a cut against the picture at INPUT, drawn evenly in the logarithm: the model finds as
little on pictures that it learned from as on others, so it needs them more as they will come."""
KEPT_SHARE = 0.35
"""A box of which less than this is left in the cut is not asked for."""
MIN_SIDE_PX = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One picture with its labels."""

    picture: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    xyxy: NDArray[np.float32]
    """(N, 4) pixels."""
    label: NDArray[np.int64]
    """(N,)"""


def read_sample(picture: Path) -> Sample:
    """Read a dataset picture and its YOLO labels; raises DatasetError."""
    image = cv2.imread(str(picture))
    if image is None:
        raise DatasetError(f"{picture}: not a picture")
    height, width = image.shape[:2]
    rows = read_labels(labels_of(picture)).astype(np.float32)
    centre, half = rows[:, 1:3], rows[:, 3:5] / 2
    xyxy = np.concatenate([centre - half, centre + half], axis=1) * np.array(
        [width, height, width, height], np.float32
    )
    return Sample(
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8),
        xyxy.astype(np.float32),
        rows[:, 0].astype(np.int64),
    )


def cut(
    rng: np.random.Generator,
    sample: Sample,
    size: tuple[int, int] = CUT,
    focus: NDArray[np.float32] | None = None,
) -> Sample:
    """Cut a random part at a random scale, flipped half the time; outside the picture is grey.

    focus: (4,) box whose middle should lie in the cut.
    """
    rows, columns = size
    height, width = sample.picture.shape[:2]
    fit = min(INPUT[0] / height, INPUT[1] / width)
    scale = fit * float(np.exp(rng.uniform(np.log(ZOOM[0]), np.log(ZOOM[1]))))
    stretch = float(rng.uniform(0.9, 1.1))
    sx, sy = scale * stretch, scale / stretch
    middle = None if focus is None else (focus[:2] + focus[2:]) / 2 * np.array([sx, sy])
    left = _offset(rng, width * sx, columns, None if middle is None else float(middle[0]))
    top = _offset(rng, height * sy, rows, None if middle is None else float(middle[1]))
    matrix = np.array([[sx, 0, -left], [0, sy, -top]], np.float32)
    factors = np.array([sx, sy, sx, sy], np.float32)
    xyxy = sample.xyxy * factors - np.array([left, top, left, top], np.float32)
    picture = cv2.warpAffine(
        sample.picture,
        matrix,
        (columns, rows),
        flags=cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR,
        borderValue=(114, 114, 114),
    )
    if rng.uniform() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        xyxy = xyxy[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + (columns, 0, columns, 0)
    return _inside(Sample(picture.astype(np.uint8), xyxy.astype(np.float32), sample.label), size)


def _offset(
    rng: np.random.Generator, length: float, room: int, middle: float | None = None
) -> float:
    """Draw where the cut begins; a picture smaller than the cut lies anywhere in it."""
    spare = length - room
    low, high = min(0.0, spare), max(0.0, spare)
    if middle is None:
        return float(rng.uniform(low, high))
    return min(max(middle - float(rng.uniform(0.1, 0.9)) * room, low), high)


def _inside(sample: Sample, size: tuple[int, int]) -> Sample:
    rows, columns = size
    clipped = sample.xyxy.clip(0, np.array([columns, rows, columns, rows], np.float32))
    sides = clipped[:, 2:] - clipped[:, :2]
    whole = (sample.xyxy[:, 2:] - sample.xyxy[:, :2]).prod(axis=1)
    kept = (sides.min(axis=1) >= MIN_SIDE_PX) & (sides.prod(axis=1) >= KEPT_SHARE * whole)
    return Sample(sample.picture, clipped[kept], sample.label[kept])


def tint(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Change colour and light as cameras do; now and then grey, blurred, noisy or compressed."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    out = cv2.cvtColor(cv2.LUT(hsv, _hsv_table(rng)), cv2.COLOR_HSV2RGB)
    if rng.uniform() < 0.06:
        out = np.repeat(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    if rng.uniform() < 0.15:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.2)))
    if rng.uniform() < 0.25:
        noise = rng.standard_normal(out.shape, np.float32) * np.float32(rng.uniform(1, 9))
        out = (out + noise).clip(0, 255).astype(np.uint8)
    if rng.uniform() < 0.2:
        quality = int(rng.integers(30, 80))
        stored = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        out = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))
    return np.asarray(out, np.uint8)


def _hsv_table(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw what becomes of each hue, saturation and value: (1, 256, 3)."""
    level = np.arange(256, dtype=np.float32)
    hue = (level + rng.uniform(-6, 6)) % 180
    saturation = level * rng.uniform(0.4, 1.5)
    value = 255 * (level / 255) ** rng.uniform(0.6, 1.6) * rng.uniform(0.75, 1.2)
    return np.stack([hue, saturation, value], 1).clip(0, 255).astype(np.uint8)[None]
