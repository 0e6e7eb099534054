"""Rendered pictures into a small video, by the system's ffmpeg."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.scenes.story import KEY_S

FPS = 2
QUALITY = 36
"""x264's constant rate factor."""


class FilmError(RuntimeError):
    """ffmpeg failed; the message names the video and what ffmpeg said."""


def encode(
    pictures: list[NDArray[np.uint8]], moments: tuple[float, ...], step_s: float, video: Path
) -> None:
    """Write pictures (H, W, 3) RGB as an mp4 of FPS: each at its moment, for step_s; FilmError."""
    each, last = round(step_s * FPS), round(moments[-1] / step_s)
    height, width = pictures[0].shape[:2]
    key = str(round(KEY_S * FPS))
    shown = dict(zip((round(at_s / step_s) for at_s in moments), pictures, strict=True))
    missing = [i for step in range(last) if step not in shown for i in _frames(step, each)]
    # What is missing is fed as black and left out again, so that time goes on.
    left_out = "+".join(f"eq(n\\,{i})" for i in missing) or "0"
    command = [
        *("ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-s", f"{width}x{height}", "-r", str(FPS), "-i", "-"),
        *("-vf", f"select=not({left_out})", "-fps_mode", "passthrough"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main", "-crf", str(QUALITY)),
        *("-bf", "0", "-g", key, "-keyint_min", key, "-sc_threshold", "0", "-threads", "1"),
        *("-f", "mp4", "-movflags", "+faststart", str(video)),
    ]
    black = np.zeros_like(pictures[0])
    frames = b"".join(shown.get(step, black).tobytes() * each for step in range(last + 1))
    film(command, frames, video)


def film(command: Sequence[str], frames: bytes, video: Path) -> None:
    """Feed raw pictures to an ffmpeg that writes a video and tells only errors; FilmError."""
    # A fixed command line of our own; ffmpeg is found on the maker's PATH.
    ended = subprocess.run(command, input=frames, check=False, stderr=subprocess.PIPE)  # noqa: S603
    told = ended.stderr.decode("utf-8", "replace").splitlines()
    # On a full disk it says so and ends with 0 all the same.
    if ended.returncode or told:
        raise FilmError(f"{video}: ffmpeg failed: {told[0] if told else ended.returncode}")


def _frames(step: int, each: int) -> range:
    """Return the numbers of the video's pictures that show a step."""
    return range(step * each, (step + 1) * each)
