"""What models see in pictures, in the site's one vocabulary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models import Detections, Detector, ModelEntry, Relabelling
from streams import Frame


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model ready to run, and how its classes come into the vocabulary."""

    name: str
    detector: Detector
    entry: ModelEntry
    """What the manifest (or the bare file) says about it."""
    relabelling: Relabelling


class Sight:
    """The models of a site, run over pictures of many cameras at once.

    For a camera each class comes from exactly one model: the first of the camera's models that
    knows it. Models are run one after the other over the pictures that ask for them.
    """

    def __init__(
        self, models: Sequence[LoadedModel], cameras: Mapping[str, Sequence[str]], floor: float
    ) -> None:
        """Take the models, each camera's model names in order, and the lowest score to keep."""
        self._models = tuple(models)
        self._cameras = cameras
        self._floor = floor
        self._spoken = {camera_id: self._speakers(names) for camera_id, names in cameras.items()}

    @property
    def together(self) -> int:
        """Pictures a call that the models make the most of."""
        return max(model.detector.together for model in self._models)

    def models_of(self, camera_id: str) -> tuple[ModelEntry, ...]:
        """Return what is recorded about the models that look at a camera."""
        names = self._cameras[camera_id]
        return tuple(model.entry for model in self._models if model.name in names)

    def _speakers(self, names: Sequence[str]) -> dict[str, Relabelling]:
        """For every model of a camera, its relabelling without the classes of those before it."""
        taken: set[int] = set()
        speakers = {}
        by_name = {model.name: model for model in self._models}
        for name in names:
            table = by_name[name].relabelling.table.copy()
            table[np.isin(table, list(taken))] = -1
            taken.update(int(label) for label in table if label >= 0)
            speakers[name] = Relabelling(table)
        return speakers

    def look(self, frames: Sequence[Frame]) -> list[Detections]:
        """Return the detections of each frame, in source pixels, labels in the vocabulary."""
        found: list[list[Detections]] = [[] for _ in frames]
        for model in self._models:
            asked = [
                index
                for index, frame in enumerate(frames)
                if model.name in self._spoken[frame.camera_id]
            ]
            if not asked:
                continue
            pictures = [frames[index].picture for index in asked]
            results = model.detector.detect(pictures, self._floor)
            for index, detections in zip(asked, results, strict=True):
                frame = frames[index]
                height, width = frame.picture.shape[:2]
                speaker = self._spoken[frame.camera_id][model.name]
                found[index].append(
                    speaker.relabel(detections).scaled(frame.width / width, frame.height / height)
                )
        return [_merged(parts) for parts in found]

    def close(self) -> None:
        """Free the models."""
        for model in self._models:
            model.detector.close()


def _merged(parts: Sequence[Detections]) -> Detections:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Detections.empty()
    order = np.argsort(-np.concatenate([part.score for part in parts]), kind="stable")
    return Detections(
        np.concatenate([part.xyxy for part in parts])[order],
        np.concatenate([part.score for part in parts])[order],
        np.concatenate([part.label for part in parts])[order],
    )
