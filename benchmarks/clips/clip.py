"""A clip and its truth, as training.scenes.sequence writes them."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from detectors import KINDS, Box

VISIBLE = 0.25
"""Share of a thing that shows from which the truth has a box of it: a model finds no less."""
VISIBLE_PX = 30
"""... and so many pixels of it."""

MOVED_PX = 2.0
"""A thing whose middle is farther away in the next picture has moved."""

Row = Mapping[str, Any]


class ClipError(ValueError):
    """A folder, a truth file or a video is not what it should be; the message says what and where.

    The caller ends: there is nothing to measure.
    """


@dataclass(frozen=True, slots=True)
class Wrong:
    """One violation of the truth."""

    kind: str
    zone: str
    from_s: float
    to_s: float
    """It is there during [from_s, to_s)."""
    actors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Clip:
    """A video, the zones that its camera watches, and what happens in it."""

    name: str
    video: Path
    kind: str
    about: str
    dwell_s: float
    length_s: float
    step_s: float
    zones: tuple[Row, ...]
    notes: Row
    wrong: tuple[Wrong, ...]
    """Empty: innocent."""
    drops: tuple[tuple[float, float], ...]
    looks: tuple[Row, ...]
    """Boxes of every rendered picture, by time."""

    def boxes_at(self, at_s: float) -> list[Row]:
        """Return what shows well enough in the picture of a moment."""
        return [
            row
            for row in self._rows_at(at_s)
            if row["visible"] >= VISIBLE and row["visible_px"] >= VISIBLE_PX
        ]

    def places(self, wrong: Wrong, at_s: float) -> list[Box]:
        """Return the boxes of a violation's actors at a moment, however little shows of them."""
        return [tuple(row["xyxy"]) for row in self._rows_at(at_s) if row["who"] in wrong.actors]

    def moved_s(self, wrong: Wrong, until_s: float) -> float:
        """Seconds of a violation, up to a moment, in which its actors moved between pictures."""
        moved_s = 0.0
        for before, after in pairwise(self.looks):
            start_s, end_s = float(before["at_s"]), float(after["at_s"])
            if start_s < wrong.from_s - 1e-3 or end_s > min(until_s, wrong.to_s) + 1e-3:
                continue
            places = [
                {row["who"]: row["xyxy"] for row in look["boxes"] if row["who"] in wrong.actors}
                for look in (before, after)
            ]
            if any(_moved(box, places[1].get(who)) for who, box in places[0].items()):
                moved_s += end_s - start_s
        return moved_s

    def _rows_at(self, at_s: float) -> Sequence[Row]:
        """Return the boxes of the picture that is shown at a moment."""
        before = [look for look in self.looks if look["at_s"] <= at_s + 1e-3]
        return before[-1]["boxes"] if before else ()


def read_clips(folder: Path) -> list[Clip]:
    """Read every clip of a folder, by name; raises ClipError."""
    if not folder.is_dir():
        raise ClipError(f"{folder}: no such folder; write one that training.scenes.sequence filled")
    clips = [_read(path) for path in sorted(folder.glob("*.json"))]
    if not clips:
        raise ClipError(f"{folder}: holds no truth file (*.json) of a clip")
    return clips


def _read(path: Path) -> Clip:
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        clip = _clip(path, truth)
        digest = hashlib.sha256(clip.video.read_bytes()).hexdigest()
    except OSError as error:
        raise ClipError(f"{path}: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ClipError(f"{path}: no truth of a clip: {error!r}") from error
    if digest != truth["sha256"]:
        raise ClipError(f"{clip.video}: not the video that {path.name} speaks of (SHA-256)")
    if clip.kind not in KINDS:
        raise ClipError(f"{path}: kind {clip.kind!r} is none of {', '.join(KINDS)}")
    return clip


def _clip(path: Path, truth: Mapping[str, Any]) -> Clip:
    length_s = float(truth["length_s"])
    return Clip(
        name=path.stem,
        video=path.with_name(truth["file"]),
        kind=truth["kind"],
        about=truth["about"],
        dwell_s=float(truth["dwell_s"]),
        length_s=length_s,
        step_s=float(truth["step_s"]),
        zones=tuple({**zone, "name": _id(zone["name"])} for zone in truth["zones"]),
        notes=truth["notes"],
        wrong=tuple(
            Wrong(
                kind=one["kind"],
                zone=_id(one["zone"]),
                from_s=float(one["from_s"]),
                to_s=length_s if one["to_s"] is None else float(one["to_s"]),
                actors=frozenset(one["actors"]),
            )
            for one in truth["violations"]
        ),
        drops=tuple((float(a), float(b)) for a, b in truth.get("drops", ())),
        looks=tuple(sorted(truth["looks"], key=lambda look: float(look["at_s"]))),
    )


def _moved(box: Sequence[float], then: Sequence[float] | None) -> bool:
    """Whether a box is somewhere else in the next picture."""
    if then is None:
        return False
    middles = [((one[0] + one[2]) / 2, (one[1] + one[3]) / 2) for one in (box, then)]
    return math.dist(*middles) > MOVED_PX


def _id(name: str) -> str:
    """Make an id, as a site file wants them, of a zone's name in a story."""
    return name.replace(" ", "-")
