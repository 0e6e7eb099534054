"""One vocabulary for a site, and how a model's own classes come into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.classes import COCO_CLASSES, STREET_CLASSES
from models.detections import Detections

BROADER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"two_wheeler": ("bicycle", "motorcycle")}
)
"""A class of the street, and the COCO classes that count as it in rules."""


@dataclass(frozen=True, slots=True, eq=False)
class Relabelling:
    """From the labels of one model into the vocabulary. Made by `Vocabulary.adopt`."""

    table: NDArray[np.int32]
    """(classes of the model,) int32: index into the vocabulary, -1 where it has no such name."""

    def relabel(self, detections: Detections) -> Detections:
        """Return detections labelled in the vocabulary; classes it does not know are dropped."""
        label = self.table[detections.label]
        kept = detections.select(label >= 0)
        return Detections(kept.xyxy, kept.score, label[label >= 0])


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names of everything that rules can speak of; a label is an index into `names`."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a name that stands for two labels."""
        if len(set(self.names)) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"vocabulary: names must differ, twice: {', '.join(twice)}")

    def __len__(self) -> int:
        """Count the names."""
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        """Say whether the vocabulary has this name."""
        return name in self.names

    def index(self, name: str) -> int:
        """Return the label of a name; raises KeyError for one it does not have."""
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None

    def name(self, label: int) -> str:
        """Return the name of a label; raises IndexError outside the vocabulary."""
        if not 0 <= label < len(self.names):
            raise IndexError(f"label {label} is outside 0..{len(self.names) - 1}")
        return self.names[label]

    def expand(self, name: str) -> tuple[str, ...]:
        """Return the classes that a rule means by a name: two_wheeler, bicycle, motorcycle."""
        return tuple(each for each in (name, *BROADER.get(name, ())) if each in self.names)

    def adopt(
        self, detector_classes: Sequence[str], mapping: Mapping[str, str] | None = None
    ) -> Relabelling:
        """Map a model's classes in: equal names by default, `mapping` (class: name) before that.

        A mapping onto a name that the vocabulary does not have raises KeyError.
        """
        mapping = mapping or {}
        for name in mapping.values():
            self.index(name)
        own = {name: label for label, name in enumerate(self.names)}
        table = [own.get(mapping.get(name, name), -1) for name in detector_classes]
        return Relabelling(np.array(table, np.int32))


VOCABULARY = Vocabulary(
    COCO_CLASSES + tuple(name for name in STREET_CLASSES if name not in COCO_CLASSES)
)
"""The default: COCO's 80 names, then the street's that are not among them."""
