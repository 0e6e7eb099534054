"""What to render: the JSON that comes in, checked."""

import json
from argparse import ArgumentTypeError
from dataclasses import dataclass, fields
from pathlib import Path

from training.scenes.light import WEATHERS
from training.scenes.scene import MODES


class RequestError(ValueError):
    """The request says something that cannot be rendered."""


@dataclass(frozen=True, slots=True)
class Request:
    """Scenes of consecutive seeds, each seen by a few cameras."""

    first_seed: int
    scenes: int
    views: int = 2
    """Pictures a scene."""
    width: int = 640
    height: int = 360
    samples: int = 4
    weather: str | None = None
    """One of light.WEATHERS for all scenes, else drawn."""
    mode: str | None = None
    """One of scene.MODES for all scenes, else drawn."""

    @property
    def seeds(self) -> range:
        """Return the seeds to render."""
        return range(self.first_seed, self.first_seed + self.scenes)


def worker_of(text: str) -> tuple[int, int]:
    """Read "0/2": which worker, and of how many; raises argparse's error, which ends the tool."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise ArgumentTypeError(f"{text!r}: expected a worker and how many there are, as in 0/2")
    return int(number), int(count)


def count_of(text: str) -> int:
    """Read a whole number from 1 on; raises argparse's error, which ends the tool."""
    if not (text.isdecimal() and int(text) >= 1):
        raise ArgumentTypeError(f"{text!r}: expected a whole number from 1 on")
    return int(text)


def read_request(path: Path) -> Request:
    """Read a request file; raises RequestError with the key and what is wrong."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(f"{path}: {error}") from error
    known = {field.name for field in fields(Request)}
    if not isinstance(values, dict) or not {"first_seed", "scenes"} <= set(values):
        raise RequestError(f"{path}: expected an object with first_seed and scenes")
    if unknown := set(values) - known:
        raise RequestError(f"{path}: unknown {sorted(unknown)}; known {sorted(known)}")
    request = Request(**values)
    for name in ("first_seed", "scenes", "views", "width", "height", "samples"):
        value = getattr(request, name)
        if not isinstance(value, int) or value < (0 if name == "first_seed" else 1):
            raise RequestError(f"{path}: {name} is {value!r}, expected a whole number above 0")
    if request.weather is not None and request.weather not in WEATHERS:
        raise RequestError(f"{path}: weather {request.weather!r} is none of {WEATHERS}")
    if request.mode is not None and request.mode not in MODES:
        raise RequestError(f"{path}: mode {request.mode!r} is none of {MODES}")
    return request
