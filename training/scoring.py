"""Scores of a detector: matches by overlap, precision and recall at a threshold, mean precision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models import Detections
from training.example import Box

SAME_IOU = 0.5
IOUS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
"""Overlaps over which mAP50-95 is the mean, as COCO defines it."""
NOTHING = "nothing"
"""Row and column of a confusion table for what was not there, or not found."""

Row = dict[str, float | int | None]


@dataclass
class Tally:
    """What one class collected over all pictures."""

    asked: int = 0
    scores: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)
    """At SAME_IOU."""
    strict: list[tuple[bool, ...]] = field(default_factory=list)
    """At each of IOUS."""

    def at(self, threshold: float) -> tuple[float | None, float | None]:
        """Return precision and recall of the boxes from a score on; None where undefined."""
        kept = np.array(self.scores) >= threshold
        hit = int((np.array(self.hits, bool) & kept).sum()) if self.scores else 0
        count = int(kept.sum()) if self.scores else 0
        return (hit / count if count else None, hit / self.asked if self.asked else None)

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return recall, precision and score, one a box found, the best score first."""
        return self._curve(np.array(self.hits, bool))

    def _curve(
        self, hits: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        scores = np.array(self.scores, np.float64)
        order = np.argsort(-scores, kind="stable")
        done = np.cumsum(hits[order]) if len(hits) else np.empty(0)
        return done / max(self.asked, 1), done / np.arange(1, len(done) + 1), scores[order]

    def average_precision(self) -> float | None:
        """Return the area under the precision envelope over recall; None where nothing is asked."""
        return self._area(np.array(self.hits, bool)) if self.asked else None

    def mean_average_precision(self) -> float | None:
        """Return the mean of that area over IOUS; None where nothing is asked."""
        if not self.asked:
            return None
        table = np.array(self.strict, bool).reshape(-1, len(IOUS))
        return float(np.mean([self._area(table[:, i]) for i in range(len(IOUS))]))

    def _area(self, hits: NDArray[np.bool_]) -> float:
        recall, precision, _ = self._curve(hits)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        steps = np.diff(np.concatenate([[0.0], recall]))
        return float((steps * envelope).sum())

    def precision_at(self, recall: float) -> float | None:
        """Return the best precision at a recall or above; None where it is never reached."""
        reached, precision, _ = self.curve()
        good = precision[reached >= recall - 1e-9]
        return float(good.max()) if self.asked and len(good) else None


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
        ignored: Sequence[Box] = (),
    ) -> list[float | None]:
        """Match one picture: best score first, each true box once, the best overlap wins.

        `names`: class of each label of `found`, None for those not judged. `group`: class: name it
        is judged under; a class missing here is not judged at all. A box that finds nothing but
        one of `ignored`, of its class, is not counted, as COCO does with its small and crowded
        things. Returns for each true box the score of the box that found it at SAME_IOU, None where
        it was missed or is not asked.
        """
        asked = [
            (i, group[box.label], box.xyxy) for i, box in enumerate(truth) if box.label in group
        ]
        for _, name, _ in asked:
            self.tallies.setdefault(name, Tally()).asked += 1
        boxes = np.array([xyxy for _, _, xyxy in asked], np.float64).reshape(-1, 4)
        free = np.ones((len(IOUS), len(asked)), bool)
        answers: list[float | None] = [None] * len(truth)
        for index in np.argsort(-found.score, kind="stable"):
            label = names[int(found.label[index])]
            if label is None or label not in group:
                continue
            name = group[label]
            overlaps = ious(found.xyxy[index].astype(np.float64), boxes)
            overlaps = np.where([other == name for _, other, _ in asked], overlaps, -1.0)
            tally, score = self.tallies.setdefault(name, Tally()), float(found.score[index])
            strict = tuple(_take(overlaps, free[i], least) for i, least in enumerate(IOUS))
            if strict[0] is not None:
                answers[asked[strict[0]][0]] = score
            elif _is_ignored(found.xyxy[index], [b for b in ignored if group.get(b.label) == name]):
                continue
            tally.scores.append(score)
            tally.hits.append(strict[0] is not None)
            tally.strict.append(tuple(place is not None for place in strict))
        return answers

    def rows(self, threshold: float) -> dict[str, Row]:
        """Return precision, recall, AP50, AP50-95 and counts by class."""
        table = {}
        for name, tally in sorted(self.tallies.items()):
            precision, recall = tally.at(threshold)
            values = {
                "precision": precision,
                "recall": recall,
                "ap50": tally.average_precision(),
                "ap50_95": tally.mean_average_precision(),
            }
            table[name] = {"asked": tally.asked} | {
                key: None if value is None else round(value, 3) for key, value in values.items()
            }
        return table


def _take(overlaps: NDArray[np.float64], free: NDArray[np.bool_], least: float) -> int | None:
    """Take the free box of the best overlap from `least` on; None when there is none."""
    open_ones = np.where(free, overlaps, -1.0)
    if not len(open_ones) or open_ones.max() < least:
        return None
    best = int(open_ones.argmax())
    free[best] = False
    return best


def _is_ignored(box: NDArray[np.float32], ignored: Sequence[Box]) -> bool:
    """Say whether a box found, (4,), is one of what nobody asked for."""
    boxes = np.array([one.xyxy for one in ignored], np.float64).reshape(-1, 4)
    return bool((ious(box.astype(np.float64), boxes) >= SAME_IOU).any())


def confuse(
    table: dict[str, dict[str, int]],
    truth: Sequence[Box],
    found: Detections,
    names: Sequence[str | None],
    threshold: float,
    ignored: Sequence[Box] = (),
) -> None:
    """Count one picture into a confusion table: what it is: what it was called: how often.

    Boxes are matched by overlap alone, the best score first; one that finds nothing but one of
    `ignored` is not counted.
    """
    boxes = np.array([box.xyxy for box in truth], np.float64).reshape(-1, 4)
    free = np.ones(len(truth), bool)
    pairs: list[tuple[str, str]] = []
    for index in np.argsort(-found.score, kind="stable"):
        name = names[int(found.label[index])]
        if name is None or found.score[index] < threshold:
            continue
        place = _take(ious(found.xyxy[index].astype(np.float64), boxes), free, SAME_IOU)
        if place is None and _is_ignored(found.xyxy[index], ignored):
            continue
        pairs.append((NOTHING if place is None else truth[place].label, name))
    pairs += [(box.label, NOTHING) for box, missed in zip(truth, free, strict=True) if missed]
    for actual, called in pairs:
        row = table.setdefault(actual, {})
        row[called] = row.get(called, 0) + 1


def ious(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of a box (4,) with others (N, 4)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    own = (box[2:] - box[:2]).prod()
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return np.asarray(shared / np.maximum(own + areas - shared, 1e-9))
