"""Make the demo clip out of its rendered pictures: an mp4 and its truth.

    python -m training.clip --pictures renders/clip --out configs/demo/parked-car

Every tick shows the picture that the plan names, with fresh sensor noise, so that a still street
does not look frozen to a decoder. H.264 by the system's ffmpeg: a key frame a second, no B-frames.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.example import DatasetError
from training.scenes.film import FilmError, film

NOISE = 1.0
"""Standard deviation of the sensor noise in grey levels."""
KEY_S = 1
QUALITY = 32
"""x264's constant rate factor."""

PLAN = frozenset(
    {"fps", "height", "parked", "passes_s", "seed", "shows", "walks_s", "width", "zone"}
)
"""What the plan of a clip says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the clip; 0 done, 1 ffmpeg failed, 2 the input is wrong."""
    parser = argparse.ArgumentParser(prog="python -m training.clip", description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="without suffix")
    options = parser.parse_args(arguments)
    try:
        plan = read_plan(options.pictures)
        pictures = read_pictures(options.pictures, plan)
        video = options.out.with_suffix(".mp4")
        video.parent.mkdir(parents=True, exist_ok=True)
        encode(pictures, plan, video)
    except (OSError, DatasetError, FilmError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, FilmError) else 2
    truth = truth_of(options.pictures, plan, video)
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(truth[key])}" for key in truth)
    options.out.with_suffix(".json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{video}: {video.stat().st_size} bytes, {len(plan['shows']) / plan['fps']:.1f} s")
    return 0


def read_plan(folder: Path) -> dict[str, Any]:
    """Read which picture every tick shows; raises DatasetError."""
    path = folder / "plan.json"
    try:
        plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    if not isinstance(plan, dict) or not set(plan) >= PLAN:
        raise DatasetError(f"{path}: not what training.scenes.clip writes")
    return plan


def read_pictures(folder: Path, plan: dict[str, Any]) -> dict[int, NDArray[np.uint8]]:
    """Read the rendered pictures of a plan by their tick; raises DatasetError."""
    pictures = {}
    for tick in sorted(set(plan["shows"])):
        image = cv2.imread(str(folder / f"{tick:04d}.jpg"))
        if image is None or not (folder / f"{tick:04d}.json").exists():
            raise DatasetError(f"{folder}: the picture of tick {tick} is not rendered yet")
        pictures[tick] = np.asarray(image, np.uint8)
    return pictures


def encode(pictures: dict[int, NDArray[np.uint8]], plan: dict[str, Any], video: Path) -> None:
    """Write the mp4."""
    fps = plan["fps"]
    command = [
        *("ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24"),
        *("-s", f"{plan['width']}x{plan['height']}", "-r", str(fps), "-i", "-"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main", "-crf", str(QUALITY)),
        *("-bf", "0", "-g", str(fps * KEY_S), "-keyint_min", str(fps * KEY_S), "-sc_threshold"),
        *("0", "-threads", "1", "-movflags", "+faststart", str(video)),
    ]
    rng = np.random.default_rng(plan["seed"])
    frames = []
    for tick in plan["shows"]:
        noise = rng.normal(0.0, NOISE, pictures[tick].shape)
        frames.append((pictures[tick] + noise).round().clip(0, 255).astype(np.uint8).tobytes())
    film(command, b"".join(frames), video)


def truth_of(folder: Path, plan: dict[str, Any], video: Path) -> dict[str, Any]:
    """Put together what the clip shows: zone, times and the movers' boxes, one row a second."""
    seconds = []
    for at_s in range(len(plan["shows"]) // plan["fps"]):
        tick = plan["shows"][at_s * plan["fps"]]
        rows = json.loads((folder / f"{tick:04d}.json").read_text(encoding="utf-8"))
        boxes = {row["who"]: row["xyxy"] for row in rows if row["who"]}
        seconds.append({"at_s": at_s, "boxes": boxes})
    last = json.loads((folder / f"{plan['shows'][-1]:04d}.json").read_text(encoding="utf-8"))
    still = [
        {"label": row["label"], "xyxy": row["xyxy"], "visible": row["visible"]}
        for row in last
        if not row["who"] and row["visible_px"] >= 100 and row["visible"] >= 0.3
    ]
    return {
        "file": video.name,
        "sha256": hashlib.sha256(video.read_bytes()).hexdigest(),
        "fps": plan["fps"],
        "width": plan["width"],
        "height": plan["height"],
        "length_s": len(plan["shows"]) / plan["fps"],
        "scene_seed": plan["seed"],
        "zone": plan["zone"],
        "parked": plan["parked"],
        "passes_s": plan["passes_s"],
        "walks_s": plan["walks_s"],
        "parked_xyxy": next(row["xyxy"] for row in last if row["who"] == "parked"),
        "still": still,
        "seconds": seconds,
    }


if __name__ == "__main__":
    sys.exit(main())
