"""Clips through the pipeline, as replay plays them: files, picture states, rules."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks.clips.clip import Clip
from configs import load_site
from detectors import CONTEXT_KINDS, KINDS, Level, ViolationEvent
from models import VOCABULARY, Detections
from pipeline import (
    DEFAULT_START,
    CameraStep,
    PictureJudge,
    find_camera,
    load_sight,
    longest_px,
    refuse_errors,
    registry_of,
    watch_of,
)
from streams import FileReader, Frame

INTERVAL_S = 2.0
TRUE_SCORE = 0.9
"""Score of the truth's boxes."""


def camera_of(clip: Clip) -> dict[str, Any]:
    """Describe the camera of a clip as a site file does: its zones and one rule of its kind."""
    spec = KINDS[clip.kind]
    zones = [{"id": z["name"], "kind": z["kind"], "polygon": z["polygon"]} for z in clip.zones]
    excuses = CONTEXT_KINDS | spec.context_kinds
    accused = [z["id"] for z in zones if z["kind"] not in excuses and spec.accepts(z["kind"])]
    rule: dict[str, Any] = {"kind": clip.kind, "zones": accused}
    if clip.dwell_s:
        rule["dwell_s"] = clip.dwell_s
    if "at_least" in clip.notes:
        rule["n"] = clip.notes["at_least"]
    if "allow" in clip.notes:
        rule["allow"] = clip.notes["allow"]
    return {
        "id": clip.name,
        "url": "rtsp://127.0.0.1:9/clip",
        "place": {"lat": 36.1, "lon": 120.4, "address": clip.name},
        "sees_load": bool(clip.notes.get("sees_load", False)),
        "zones": zones,
        "rules": [rule],
    }


class Player(AbstractContextManager["Player"]):
    """Plays the clips of a folder; one site of as many cameras, the model loaded once."""

    def __init__(self, clips: Sequence[Clip], model: str) -> None:
        """Take the clips and the model: a name in the registry, or a file."""
        self._folder = TemporaryDirectory(prefix="clips-")
        self._site = load_site(write_site(Path(self._folder.name), clips, model))
        refuse_errors(self._site, registry_of(self._site))
        watches = [watch_of(self._site, camera) for camera in self._site.cameras]
        self._sight = load_sight(self._site, self._site.cameras, watches, alone=True)
        self._seen: dict[tuple[str, float], Detections] = {}
        """What the model sees in a picture, by clip and time: clips are played over and over."""

    def __enter__(self) -> Self:
        """Hold the model."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free the model and the folder."""
        self._sight.close()
        self._folder.cleanup()

    def play(
        self, clip: Clip, *, truth: bool = False, conf: float | None = None
    ) -> list[ViolationEvent]:
        """Return what the rules say; truth: the truth's boxes stand in for the model's.

        conf: the score that the rules ask for, instead of the model's or the kind's.
        """
        camera = find_camera(self._site, clip.name)
        if conf is not None:
            rules = [rule.model_copy(update={"conf": conf}) for rule in camera.rules]
            camera = camera.model_copy(update={"rules": rules})
        reader = FileReader(
            clip.video,
            camera_id=camera.id,
            interval_s=INTERVAL_S,
            longest_px=longest_px(self._sight, camera),
            start=DEFAULT_START.replace(tzinfo=self._site.site.timezone),
        )
        step = CameraStep(watch_of(self._site, camera), PictureJudge(camera.id))
        events: list[ViolationEvent] = []
        for frame in _sessions(reader, clip):
            seen = true_boxes(clip, frame) if truth else self._look(clip, frame)
            outcome = step.step(frame, seen).outcome
            asked = outcome.attention
            if asked is not None and asked.level is Level.CLOSE:
                reader.look_closely(asked.until_s, self._site.close_every_s(camera))
            events += outcome.events
        return events

    def _look(self, clip: Clip, frame: Frame) -> Detections:
        key = (clip.name, frame.at_s)
        if key not in self._seen:
            self._seen[key] = self._sight.look([frame])[0]
        return self._seen[key]


def true_boxes(clip: Clip, frame: Frame) -> Detections:
    """Return what the truth has of a frame."""
    names = VOCABULARY.names
    rows = [row for row in clip.boxes_at(frame.at_s) if row["label"] in names]
    return Detections(
        np.asarray([row["xyxy"] for row in rows], np.float32).reshape(-1, 4),
        np.full(len(rows), TRUE_SCORE, np.float32),
        np.asarray([names.index(row["label"]) for row in rows], np.int32),
    )


def _sessions(reader: FileReader, clip: Clip) -> Iterator[Frame]:
    """Begin a session after every drop of the stream, as a camera that reconnects does."""
    for frame in reader:
        yield replace(frame, session=sum(end <= frame.at_s + 1e-3 for _, end in clip.drops))


def write_site(folder: Path, clips: Sequence[Clip], model: str) -> Path:
    """Write a site file with a camera a clip; model: a name in the registry, or a file."""
    is_file = "/" in model or model.endswith(".onnx")
    ref = {"name": "scored", "file": str(Path(model).resolve())} if is_file else {"name": model}
    site = {
        "version": 1,
        "site": {"id": "clips", "timezone": "Asia/Shanghai", "language": "zh-CN"},
        "data": str(folder / "data"),
        "models": [ref],
        "sampling": {"interval_s": INTERVAL_S},
        "cameras": [camera_of(clip) for clip in clips],
    }
    file = folder / "site.yaml"
    # JSON is YAML.
    file.write_text(json.dumps(site, ensure_ascii=False), encoding="utf-8")
    return file
