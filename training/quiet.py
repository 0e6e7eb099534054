"""A real video in which almost nothing happens: how many of its empty frames stay without a box."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models import Detector
from training.example import DatasetError
from training.frames import open_video
from training.progress import progress

CARS = {"empty_road": ((54, 109), (178, 240), (314, 348))}
"""By the video's stem: first and last frame of each stretch that shows a car, looked at one by one
at its ends. The other 223 of 377 frames show asphalt."""


def shows_nothing(video: Path, number: int) -> bool:
    """Say whether a frame of a known video shows no car; raises DatasetError for an unknown one."""
    if video.stem not in CARS:
        raise DatasetError(f"{video}: which of its frames are empty is known of {sorted(CARS)}")
    return not any(first <= number <= last for first, last in CARS[video.stem])


def judge_quiet(detector: Detector, video: Path, threshold: float) -> dict[str, Any]:
    """Return frames without a car, the share of them without any box, and what was seen there."""
    shows_nothing(video, 0)
    reader, _, frames = open_video(video)
    seen: dict[str, int] = {}
    empty = clean = 0
    for number in progress(range(frames), video.name):
        known, image = reader.read()
        if not known:
            break
        if not shows_nothing(video, number):
            continue
        picture = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        found = detector.detect([np.asarray(picture, np.uint8)], threshold)[0]
        empty += 1
        clean += not len(found.score)
        for label in found.label.tolist():
            seen[detector.classes[label]] = seen.get(detector.classes[label], 0) + 1
    reader.release()
    if not empty:
        raise DatasetError(f"{video}: no picture could be read")
    return {"frames": empty, "clean": round(clean / empty, 3), "boxes": seen}
