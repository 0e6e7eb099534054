"""Does a model see what is there? One that loads and sees nothing must not watch a street.

Pictures with known things come with the project: beside `NAME-selfcheck.jpg` in models/weights lies
`NAME-selfcheck.json`, {"things": [{"label": "car", "xyxy": [x0, y0, x1, y1]}]}, with
"expect_street": [labels] where not even the street model finds every class in it. A model is tried
on those that hold things of its classes, and passes when it finds one thing of at least half of
these classes, all pictures together. That tells a working model from a broken one (wrong
preprocessing, a failed quantization, names in the wrong order), not how good a model is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from models.detections import Detections
from models.detector import Detector, load
from models.errors import ModelError
from models.pictures import Picture, read_picture
from models.registry import BUNDLED

MIN_IOU = 0.5
"""Overlap from which a box is the known thing."""

MAX_ON_GREY = 10
"""Boxes on a plain grey picture above which a model sees ghosts; working ones give none or one."""

_GREY = 128


class Verdict(StrEnum):
    """What the self-check found."""

    ACCEPTED = "accepted"
    FAILS = "fails"
    """It loads and runs, but does not find what is in the pictures."""
    NO_DETECTOR = "no_detector"
    """It is no ONNX file, or no detector that we can read."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The verdict on one model file, with the reasons in words."""

    file: Path
    verdict: Verdict
    reasons: tuple[str, ...]
    layout: str | None = None
    """None, like the rest, when it is no detector."""
    input_size: tuple[int, int] | None = None
    """(height, width) in pixels."""
    classes: tuple[str, ...] | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class KnownThing:
    """Something that is in a picture."""

    label: str
    xyxy: tuple[float, float, float, float] | None
    """Where, in pixels of the picture; None: anywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownPicture:
    """A picture with what is known to be in it."""

    name: str
    picture: Picture
    things: tuple[KnownThing, ...]


def check_model(
    path: Path,
    *,
    layout: str | None = None,
    classes: Sequence[str] | None = None,
    conf: float | None = None,
    picture: Path | Picture | None = None,
    expect: Sequence[str] | None = None,
) -> CheckResult:
    """Load a model and see whether it finds known things; the verdict is never raised.

    Own models of other classes are tried on `picture`, in which each class of `expect` must be
    found. Raises PictureError for that picture, ValueError when only one of the two is given.
    """
    if (picture is None) != (not expect):
        raise ValueError("a picture and the classes expected in it go together")
    try:
        detector = load(path, layout=layout, classes=classes, conf=conf, spin=False)
    except ModelError as error:
        return CheckResult(path, Verdict.NO_DETECTOR, (str(error),))
    try:
        known = known_pictures() if picture is None else (_own(picture, expect or ()),)
        verdict, reasons = _try(detector, known)
    except ModelError as error:
        verdict, reasons = Verdict.FAILS, [str(error)]
    finally:
        detector.close()
    return CheckResult(
        path,
        verdict,
        tuple(reasons),
        detector.layout,
        detector.input_size,
        detector.classes,
        detector.sha256,
    )


def known_pictures() -> tuple[KnownPicture, ...]:
    """Return the bundled pictures with known things in them."""
    return tuple(_read(truth) for truth in sorted(BUNDLED.glob("*-selfcheck.json")))


def _read(truth: Path) -> KnownPicture:
    content = json.loads(truth.read_text(encoding="utf-8"))
    things = [KnownThing(each["label"], tuple(each["xyxy"])) for each in content["things"]]
    asked = set(content.get("expect_street", [thing.label for thing in things]))
    picture = truth.with_suffix(".jpg")
    return KnownPicture(
        picture.name, read_picture(picture), tuple(each for each in things if each.label in asked)
    )


def _own(picture: Path | Picture, expect: Sequence[str]) -> KnownPicture:
    things = tuple(KnownThing(label, None) for label in expect)
    if isinstance(picture, Path):
        return KnownPicture(picture.name, read_picture(picture), things)
    return KnownPicture("the picture given", picture, things)


def _try(detector: Detector, known: Sequence[KnownPicture]) -> tuple[Verdict, list[str]]:
    """Try every picture that holds things of the model's classes."""
    grey = np.full((*detector.input_size, 3), _GREY, np.uint8)
    ghosts = len(detector.detect([grey])[0])
    if ghosts > MAX_ON_GREY:
        return Verdict.FAILS, [f"sees {ghosts} things in a plain grey picture"]
    asked_for = seen = needed = 0
    reasons = []
    for each in known:
        given = any(thing.xyxy is None for thing in each.things)
        asked = {thing.label for thing in each.things if given or thing.label in detector.classes}
        if not asked:
            continue
        found = _found(detector, each) & asked
        asked_for, seen = asked_for + len(asked), seen + len(found)
        # Half is far from both: working models find nearly all, broken ones none. What the caller
        # asked for must be there, all of it.
        needed = asked_for if given else max(1, asked_for // 2)
        reasons.append(f"{each.name}: found {len(found)} of {len(asked)} known classes")
        if found != asked:
            reasons[-1] += f", missed {', '.join(sorted(asked - found))}"
    if not reasons:
        shown = sorted({thing.label for each in known for thing in each.things})
        reasons.append(
            f"none of its classes is in the self-check pictures ({', '.join(shown)}): give a "
            "picture and the class to expect in it (--picture, --expect)"
        )
    return (Verdict.ACCEPTED if asked_for and seen >= needed else Verdict.FAILS), reasons


def _found(detector: Detector, known: KnownPicture) -> set[str]:
    """Return the classes of which the model finds a known thing, at its threshold."""
    detections = detector.detect([known.picture])[0]
    found = set()
    for thing in known.things:
        if thing.label not in detector.classes:
            continue
        same = detections.select(detections.label == detector.classes.index(thing.label))
        if len(same) and (thing.xyxy is None or _best_iou(same, thing.xyxy) >= MIN_IOU):
            found.add(thing.label)
    return found


def _best_iou(detections: Detections, box: tuple[float, float, float, float]) -> float:
    """Largest intersection over union of any detection with a box."""
    known = np.array(box, np.float32)
    size = np.minimum(detections.xyxy[:, 2:], known[2:]) - np.maximum(
        detections.xyxy[:, :2], known[:2]
    )
    inside = np.prod(np.maximum(size, 0), axis=1)
    areas = np.prod(detections.xyxy[:, 2:] - detections.xyxy[:, :2], axis=1)
    return float((inside / (areas + np.prod(known[2:] - known[:2]) - inside)).max())
