"""Real frames out of videos, and pictures out of folders, for a teacher to label."""

import shutil
from pathlib import Path

import cv2
from cv2.typing import MatLike

from models import read_picture
from training.example import DatasetError, Example
from training.own import pictures_in
from training.progress import progress
from training.real_sets import FRAMES, refuse_forbidden

EVERY_S = 1.0
"""Neighbouring frames of a fixed camera are near-copies."""
LEARNT_SHARE = 2 / 3
"""Only the first frames of a video are learned from; those at its end judge."""


def open_video(video: Path) -> tuple[cv2.VideoCapture, float, int]:
    """Open a video; return its reader, frames a second and number of frames. DatasetError."""
    reader = cv2.VideoCapture(str(video))
    frames = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    if not reader.isOpened() or frames < 1:
        raise DatasetError(f"{video}: not a video")
    return reader, float(reader.get(cv2.CAP_PROP_FPS) or 25.0), frames


def _write(path: Path, image: MatLike) -> None:
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
        path.unlink(missing_ok=True)  # a part of a picture would be taken for one the next time
        raise DatasetError(f"{path}: cannot be written (is the disk full?)")


def take_frames(video: Path, out: Path, every_s: float = EVERY_S) -> list[Example]:
    """Write a frame every so many seconds as OUT/STEM-NUMBER.jpg; raises DatasetError.

    Only of the first LEARNT_SHARE of the video.
    """
    refuse_forbidden(video)
    reader, rate, frames = open_video(video)
    out.mkdir(parents=True, exist_ok=True)
    step = max(1, round(rate * every_s))
    examples = []
    for number in progress(range(int(frames * LEARNT_SHARE)), video.name):
        if not reader.grab():
            break
        if number % step == 0:
            known, image = reader.retrieve()
            if known:
                path = out / f"{video.stem}-{number:06d}.jpg"
                if not path.exists():
                    _write(path, image)
                height, width = image.shape[:2]
                examples.append(Example(path, width, height, (), FRAMES, (video.stem, number)))
    reader.release()
    if not examples:
        raise DatasetError(f"{video}: no picture could be read")
    return examples


def take_pictures(folder: Path, out: Path) -> list[Example]:
    """Copy a folder's pictures as OUT/FOLDER-NAME; raises DatasetError and models.PictureError.

    All of them are learned from: those that should judge lie elsewhere.
    """
    pictures = pictures_in(folder)
    if not pictures:
        raise DatasetError(f"{folder}: no pictures")
    if len({picture.stem for picture in pictures}) < len(pictures):
        raise DatasetError(f"{folder}: two pictures have the same name but for its ending")
    for source in (folder, *pictures):
        refuse_forbidden(source)
    out.mkdir(parents=True, exist_ok=True)
    name, examples = folder.resolve().name, []
    for number, picture in enumerate(progress(pictures, name)):
        height, width = read_picture(picture).shape[:2]
        path = out / f"{name}-{picture.name}"
        if not path.exists():
            partial = path.with_name(f"{path.name}.part")
            shutil.copyfile(picture, partial)
            partial.replace(path)
        examples.append(Example(path, width, height, (), FRAMES, (name, number)))
    return examples
