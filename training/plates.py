r"""Take frames out of real videos for rendered things to be set on.

    python -m training.plates $STREETWARDEN_DATA/videos/street.mp4 ... \
        --teacher $STREETWARDEN_DATA/weights/picodet_s_416_coco.onnx --out renders/plates

Writes OUT/VIDEO-NUMBER.png, at most WIDTH wide, and, last, OUT/VIDEO-NUMBER.json: what the teacher
sees in it, and the noise from one frame to the next. Each video needs a view, measured by eye, in
training/scenes/plates (`--views`): docs/street-model.md says how. Only the first two thirds of a
video are taken; the rest judges.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models import Detector, load
from training.example import DatasetError
from training.frames import LEARNT_SHARE, open_video
from training.progress import progress
from training.real_sets import refuse_forbidden
from training.teacher import CONF, see_closely

WIDTH = 640
EVERY_S = 0.5
DOUBT = 0.2
"""What the teacher sees above this stands in the way; from teacher.CONF on it is labelled too."""
VIEWS = Path(__file__).parent / "scenes" / "plates"


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the frames; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.plates", description=__doc__)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--views", type=Path, default=VIEWS)
    parser.add_argument("--every", type=float, default=EVERY_S, help="seconds between frames")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        teacher = load(options.teacher)
        for video in options.videos:
            count = take_plates(video, teacher, options.views, options.out, options.every)
            print(f"{video.name}: {count} plates")
    except (DatasetError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def take_plates(
    video: Path, teacher: Detector, views: Path, out: Path, every_s: float = EVERY_S
) -> int:
    """Write the plates of a video; return how many there are. Raises DatasetError."""
    refuse_forbidden(video)
    view = views / f"{video.stem}.json"
    if not view.exists():
        raise DatasetError(f"{video}: no view of its camera at {view}")
    out.mkdir(parents=True, exist_ok=True)
    reader, rate, frames = open_video(video)
    step, last = max(1, round(rate * every_s)), int(frames * LEARNT_SHARE)
    before: NDArray[np.uint8] | None = None
    count = 0
    for number in progress(range(last), video.name):
        if not reader.grab():
            break
        if number % step not in (0, step - 1):
            continue
        known, image = reader.retrieve()
        if not known:
            continue
        frame = _shrink(np.asarray(image, np.uint8))
        if number % step == 0 and before is not None:
            _write(frame, _noise(before, frame), out / f"{video.stem}-{number:06d}", teacher)
            count += 1
        before = frame
    reader.release()
    if not count:
        raise DatasetError(f"{video}: too short for a plate")
    return count


def _shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = min(1.0, WIDTH / image.shape[1])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _noise(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Return the standard deviation of a pixel, in shares of white, where nothing moves.

    From the median absolute difference of two neighbouring frames: of two independent normal
    values it is 0.6745 * sqrt(2) standard deviations.
    """
    difference = np.abs(after.astype(np.float64) - before).mean(axis=2)
    return float(np.median(difference) / 0.6745 / np.sqrt(2) / 255)


def _write(frame: NDArray[np.uint8], noise: float, stem: Path, teacher: Detector) -> None:
    picture, record = stem.with_suffix(".png"), stem.with_suffix(".json")
    if record.exists():
        return
    if not cv2.imwrite(str(picture), frame):
        raise DatasetError(f"{picture}: cannot be written (is the disk full?)")
    height, width = frame.shape[:2]
    sure = see_closely(picture, teacher, CONF)
    doubtful = [box for box in see_closely(picture, teacher, DOUBT) if box not in sure]
    seen = [
        {"label": box.label if box in sure else None, "xyxy": [round(v, 1) for v in box.xyxy]}
        for box in (*sure, *doubtful)
    ]
    view = stem.name.rpartition("-")[0]
    values = {"file": picture.name, "view": view, "width": width, "height": height}
    partial = record.with_suffix(".part")
    partial.write_text(json.dumps(values | {"noise": noise, "seen": seen}), encoding="utf-8")
    partial.replace(record)


if __name__ == "__main__":
    sys.exit(main())
