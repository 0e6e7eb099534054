"""Scores of a detector: matches at IoU 0.5, precision and recall at a threshold, mean precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models import Detections
from training.example import Box

SAME_IOU = 0.5


@dataclass
class Tally:
    """What one class collected over all pictures."""

    asked: int = 0
    scores: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)

    def at(self, threshold: float) -> tuple[float | None, float | None]:
        """Return precision and recall of the boxes from a score on; None where undefined."""
        kept = np.array(self.scores) >= threshold
        hit = int((np.array(self.hits, bool) & kept).sum()) if self.scores else 0
        count = int(kept.sum()) if self.scores else 0
        return (hit / count if count else None, hit / self.asked if self.asked else None)

    def average_precision(self) -> float | None:
        """Return the area under the precision envelope over recall; None where nothing is asked."""
        if not self.asked:
            return None
        order = np.argsort(-np.array(self.scores), kind="stable")
        hits = np.array(self.hits, bool)[order]
        recall = np.cumsum(hits) / self.asked
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        steps = np.diff(np.concatenate([[0.0], recall]))
        return float((steps * envelope).sum())


class Scores:
    """Tallies a class; feed it picture by picture."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}

    def add(
        self,
        truth: Sequence[Box],
        found: Detections,
        names: Sequence[str | None],
        group: Mapping[str, str],
    ) -> None:
        """Match one picture: best score first, each true box once, the best overlap wins.

        `names`: class of each label of `found`, None for those not judged. `group`: class: name it
        is judged under; a class missing here is not judged at all.
        """
        asked = [(group[box.label], box.xyxy) for box in truth if box.label in group]
        for name, _ in asked:
            self.tallies.setdefault(name, Tally()).asked += 1
        free = [True] * len(asked)
        boxes = np.array([xyxy for _, xyxy in asked], np.float64).reshape(-1, 4)
        for index in np.argsort(-found.score, kind="stable"):
            label = names[int(found.label[index])]
            if label is None or label not in group:
                continue
            name = group[label]
            tally = self.tallies.setdefault(name, Tally())
            overlaps = ious(found.xyxy[index].astype(np.float64), boxes)
            best = -1
            for i in np.argsort(-overlaps, kind="stable"):
                if overlaps[i] < SAME_IOU:
                    break
                if free[i] and asked[i][0] == name:
                    best = int(i)
                    break
            if best >= 0:
                free[best] = False
            tally.scores.append(float(found.score[index]))
            tally.hits.append(best >= 0)

    def rows(self, threshold: float) -> dict[str, dict[str, float | int | None]]:
        """Return precision, recall, AP50 and counts by class."""
        table = {}
        for name, tally in sorted(self.tallies.items()):
            precision, recall = tally.at(threshold)
            values = {"precision": precision, "recall": recall, "ap50": tally.average_precision()}
            table[name] = {"asked": tally.asked} | {
                key: None if value is None else round(value, 3) for key, value in values.items()
            }
        return table


def ious(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of a box (4,) with others (N, 4)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    own = (box[2:] - box[:2]).prod()
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(shared / np.maximum(own + areas - shared, 1e-9))
