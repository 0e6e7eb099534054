r"""Show what a model sees in real videos, for a person to compare with what is there.

    .venv/bin/python -m training.look --model models/weights/street.onnx --conf 0.3 \
        --videos $STREETWARDEN_DATA/videos/{plaza.mp4,city_road.avi} --out runs/look

Frames are spread over the last third of each video, of which nothing is trained on. OUT gets a
sheet a video, with every box and its score, and the counts by class go to standard output.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from models import Detector, ModelError, load
from training.example import DatasetError
from training.frames import LEARNT_SHARE, open_video
from training.sheets import Image, tile_of, write_sheets

FRAMES = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Look; 0 done, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.look", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--conf", type=float, required=True)
    parser.add_argument("--videos", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        detector = load(options.model)
        for video in options.videos:
            tiles, counts = look(detector, video, options.conf)
            sheets = write_sheets(tiles, options.out / video.stem)
            names = [path.name for path in sheets]
            print(
                json.dumps(
                    {"video": video.name, "frames": len(tiles), "boxes": counts} | {"sheets": names}
                )
            )
    except (DatasetError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def look(detector: Detector, video: Path, conf: float) -> tuple[list[Image], dict[str, int]]:
    """Return tiles with boxes of some frames, and how many boxes of each class they hold."""
    reader, _, frames = open_video(video)
    first = int(frames * LEARNT_SHARE)
    wanted = {round(float(place)) for place in np.linspace(first, frames - 1, FRAMES)}
    tiles: list[Image] = []
    counts: Counter[str] = Counter()
    for number in range(frames):
        if not reader.grab():
            break
        known, image = reader.retrieve() if number in wanted else (False, None)
        if not known or image is None:
            continue
        picture = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        found = detector.detect([np.ascontiguousarray(picture)], conf)[0]
        marks = []
        for label, score, xyxy in zip(found.label, found.score, found.xyxy, strict=True):
            name = detector.classes[int(label)]
            counts[name] += 1
            marks.append((f"{name} {score:.2f}", xyxy.tolist()))
        tiles.append(tile_of(np.asarray(image, np.uint8), marks, f"{video.stem} {number}"))
    reader.release()
    if not tiles:
        raise DatasetError(f"{video}: no picture could be read")
    return tiles, dict(sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
