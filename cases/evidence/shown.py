"""The clip that may leave the box: encoded again, with bystanders covered in every picture.

Only some pictures were looked at (by default one in two seconds). In those the heads of people and
the lower halves of other vehicles are covered, as in stills. In the pictures between two looks

- what either look would cover is covered, and the way between, where a thing is seen in both;
- whatever differs from the picture of either look is grey: a bystander whom no look has seen is
  somebody who moved.

So a picture shows openly only what stood still from one look to the next, and was looked at.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cases.evidence.annotation import annotate
from cases.evidence.cover import SAME_BOX_IOU, SAME_THING_IOU, PixelRect, covers, in_pixels, iou
from cases.evidence.request import SeenThing
from detectors import Box, Zone
from streams import Excerpt, Picture, sampled, write_film

FPS: Final = 5.0
"""Pictures a second: enough to see that it stands and what passes, a fifth of the cost of 25."""
LONGEST_PX: Final = 960
LEAST_LOOKS: Final = 2

_GREY: Final = 96
_SMALL_PX: Final = 240
"""Width at which pictures are compared: noise and the encoder's blocks average out."""
_DIFFERENT: Final = 12
"""Grey levels, of 256, between averaged pixels that are no longer the same thing."""
_GROWN_PX: Final = 9
"""Of the small picture: beside a change, the rest of who moved may look like the background."""
_SAME_WAY: Final = 2.0
"""A thing goes no further between two looks than this many of its own lengths, to be the same."""

Caption = Callable[[datetime], Sequence[str]]
"""Lines to write under the picture taken at a time."""


@dataclass(frozen=True, slots=True)
class LookSeen:
    """What a look has found."""

    at_s: float
    width: int
    """Of the picture whose pixels the boxes count."""
    height: int
    seen: tuple[SeenThing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownJob:
    """Everything that the clip is made of; can cross to another process."""

    excerpts: tuple[Excerpt, ...]
    looks: tuple[LookSeen, ...]
    """In time order; the clip reaches from the first of them to the last."""
    accused: Box
    """Where the accused was at `confirmed_s`, in pixels of the look nearest to it."""
    label: str
    confirmed_s: float
    zone: Zone | None


def make_shown(job: ShownJob, path: Path, caption: Caption) -> int:
    """Write the clip; returns its number of pictures. StreamError; ValueError; OSError.

    ValueError where fewer than two looks have a picture: then nothing can be covered between them.
    """
    if len(job.looks) < LEAST_LOOKS:
        raise ValueError("fewer than two looks: what moved between them cannot be told")
    return write_film(path, _same_size(_film(job, caption)))


def _film(job: ShownJob, caption: Caption) -> Iterator[tuple[float, Picture]]:
    looks = {look.at_s: index for index, look in enumerate(job.looks)}
    tracks = _accused_boxes(job)
    before: tuple[int, Picture] | None = None
    waiting: list[tuple[float, Picture]] = []
    for at_s, picture in sampled(job.excerpts, _times(job.looks), LONGEST_PX):
        index = looks.get(at_s)
        if index is None:
            waiting.append((at_s, picture))
            continue
        if before is not None and before[1].shape == picture.shape:
            between = _Between(job.looks, tracks, before, (index, picture))
            for then_s, one in waiting:
                yield then_s, _drawn(job, then_s, between.covered(one), caption)
        look = job.looks[index]
        rects = _rects([box for _, box in covers(look.seen, tracks[index])], look, picture)
        yield at_s, _drawn(job, at_s, _painted(picture, rects), caption)
        before, waiting = (index, picture), []


def _times(looks: Sequence[LookSeen]) -> list[float]:
    """Return the times of looks, and times between them."""
    first, last = looks[0].at_s, looks[-1].at_s
    step_s = 1 / FPS
    at_looks = [look.at_s for look in looks]
    between = (first + number * step_s for number in range(math.ceil((last - first) * FPS)))
    free = [at_s for at_s in between if min(abs(at_s - look) for look in at_looks) > step_s / 2]
    return sorted([*at_looks, *free])


def _accused_boxes(job: ShownJob) -> list[Box | None]:
    """Follow the accused from its confirmation both ways; None where no look has it."""
    looks = job.looks
    start = min(range(len(looks)), key=lambda index: abs(looks[index].at_s - job.confirmed_s))
    found: list[Box | None] = [None] * len(looks)
    for way in (range(start, len(looks)), range(start, -1, -1)):
        last = job.accused
        for index in way:
            boxes = [thing.box for thing in looks[index].seen if thing.label == job.label]
            best = max(boxes, key=lambda box: iou(box, last), default=None)
            if best is not None and iou(best, last) >= SAME_THING_IOU:
                found[index] = last = best
    return found


class _Between:
    """What is covered in the pictures between two looks."""

    def __init__(
        self,
        looks: Sequence[LookSeen],
        accused: Sequence[Box | None],
        before: tuple[int, Picture],
        after: tuple[int, Picture],
    ) -> None:
        ends = [(looks[index], accused[index]) for index, _ in (before, after)]
        self._rects = [
            rect
            for (look, box), (_, picture) in zip(ends, (before, after), strict=True)
            for rect in _rects([one for _, one in covers(look.seen, box)], look, picture)
        ]
        self._rects += _rects(_ways(*ends[0], *ends[1]), ends[0][0], before[1])
        self._small = [_small(picture) for _, picture in (before, after)]
        self._open = self._accused_way(ends, before[1])

    def _accused_way(
        self, ends: Sequence[tuple[LookSeen, Box | None]], picture: Picture
    ) -> tuple[PixelRect, ...]:
        """Where an accused that moves may be: its own movement is what the clip is about."""
        (look, one), (_, other) = ends
        if one is None or other is None or iou(one, other) >= SAME_BOX_IOU:
            return ()
        return _rects([_hull(one, other)], look, picture)

    def covered(self, picture: Picture) -> Picture:
        """Return a copy with everything covered that no look vouches for."""
        moved = self._moved(picture)
        for x0, y0, x1, y1 in self._open:
            moved[y0:y1, x0:x1] = False
        shown = picture.copy()
        shown[moved] = _GREY
        return _painted(shown, self._rects)

    def _moved(self, picture: Picture) -> NDArray[np.bool_]:
        small = _small(picture)
        # All three channels: a red coat may be as bright as the asphalt behind it.
        apart = np.maximum(*(cv2.absdiff(small, other) for other in self._small))
        mask = (apart.max(axis=2) > _DIFFERENT).astype(np.uint8)
        mask = cv2.medianBlur(mask, 3)  # specks are the encoder's; a head so small is nobody's
        kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_GROWN_PX, _GROWN_PX))
        grown = cv2.dilate(mask, kernel)
        height, width = picture.shape[:2]
        large = cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST)
        return np.asarray(large > 0)


def _small(picture: Picture) -> NDArray[np.uint8]:
    """Average a picture down to (h, _SMALL_PX, 3), to compare it with another."""
    height, width = picture.shape[:2]
    size = (_SMALL_PX, max(1, round(height * _SMALL_PX / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _ways(before: LookSeen, one: Box | None, after: LookSeen, other: Box | None) -> list[Box]:
    """Return the regions that things' covers pass through, of things seen in both looks."""
    if (before.width, before.height) != (after.width, after.height):
        return []
    found = []
    for index, start in covers(before.seen, one):
        thing = before.seen[index]
        for number, end in covers(after.seen, other):
            if after.seen[number].label == thing.label and _near(thing.box, after.seen[number].box):
                found.append(_hull(start, end))
    return found


def _near(one: Box, other: Box) -> bool:
    """Whether something may have gone from one place to the other between two looks."""
    length = max(one[2] - one[0], one[3] - one[1], other[2] - other[0], other[3] - other[1])
    apart_x = abs(one[0] + one[2] - other[0] - other[2]) / 2
    apart_y = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return math.hypot(apart_x, apart_y) <= _SAME_WAY * length


def _hull(one: Box, other: Box) -> Box:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _rects(boxes: Sequence[Box], look: LookSeen, picture: Picture) -> tuple[PixelRect, ...]:
    height, width = picture.shape[:2]
    return in_pixels(boxes, (width, height), (width / look.width, height / look.height))


def _painted(picture: Picture, rects: Sequence[PixelRect]) -> Picture:
    shown = picture.copy()
    for x0, y0, x1, y1 in rects:
        shown[y0:y1, x0:x1] = _GREY
    return shown


def _drawn(job: ShownJob, at_s: float, picture: Picture, caption: Caption) -> Picture:
    """Draw the zone, the place of the accused at the confirmation, and the lines."""
    look = min(job.looks, key=lambda one: abs(one.at_s - job.confirmed_s))
    height, width = picture.shape[:2]
    wide, tall = width / look.width, height / look.height
    x0, y0, x1, y1 = job.accused
    box = (x0 * wide, y0 * tall, x1 * wide, y1 * tall)
    captured_at = job.excerpts[0].captured_at(at_s)
    return annotate(picture, box, job.zone, caption(captured_at))


def _same_size(film: Iterator[tuple[float, Picture]]) -> Iterator[tuple[float, Picture]]:
    """Scale pictures to the size of the first: a camera may change its resolution on the way."""
    size: tuple[int, int] | None = None
    for at_s, picture in film:
        height, width = picture.shape[:2]
        size = size or (width, height)
        same = picture if (width, height) == size else cv2.resize(picture, size)
        yield at_s, np.asarray(same, np.uint8)
