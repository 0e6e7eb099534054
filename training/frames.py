"""Real frames out of videos, for a teacher to label."""

from pathlib import Path

import cv2

from training.example import DatasetError, Example
from training.real_sets import FRAMES

EVERY_S = 1.0
"""Neighbouring frames of a fixed camera are near-copies."""


def take_frames(video: Path, out: Path, every_s: float = EVERY_S) -> list[Example]:
    """Write a frame every so many seconds as OUT/STEM-NUMBER.jpg; raises DatasetError."""
    reader = cv2.VideoCapture(str(video))
    if not reader.isOpened():
        raise DatasetError(f"{video}: not a video")
    out.mkdir(parents=True, exist_ok=True)
    step = max(1, round((reader.get(cv2.CAP_PROP_FPS) or 25.0) * every_s))
    examples, number = [], 0
    while reader.grab():
        if number % step == 0:
            known, image = reader.retrieve()
            if known:
                path = out / f"{video.stem}-{number:06d}.jpg"
                if not path.exists():
                    cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
                height, width = image.shape[:2]
                examples.append(Example(path, width, height, (), FRAMES, (video.stem, number)))
        number += 1
    reader.release()
    if not examples:
        raise DatasetError(f"{video}: no picture could be read")
    return examples
