"""A detector run over one set of pictures, and what its answers say of each condition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import Detections, Detector, read_picture
from training.crops import INPUT
from training.example import Box, Example
from training.progress import progress
from training.scoring import NOTHING, Scores, confuse
from training.teacher import label_of

FLOOR = 0.02
"""Boxes below this score are not even counted towards the mean precision."""
SIZES_PX = (16, 32, 64)
"""Between small and large: side of a square of a box's area, in a picture of the model's input."""
DISTANCES_M = (10, 20, 35)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A set with a detector's answers."""

    examples: Sequence[Example]
    found: Sequence[Detections]
    names: Sequence[str | None]
    """Our class of each of the detector's labels."""
    group: Mapping[str, str]

    def scores(self, weather: str | None = None) -> Scores:
        """Tally all pictures, or those of one weather."""
        scores = Scores()
        for example, found in zip(self.examples, self.found, strict=True):
            if weather is None or example.weather == weather:
                scores.add(example.boxes, found, self.names, self.group, example.ignored)
        return scores

    def by_weather(self, threshold: float) -> dict[str, Any]:
        """Return by weather the mean AP50 over classes and recall and precision over all boxes."""
        table = {}
        for weather in sorted({example.weather for example in self.examples} - {""}):
            scores = self.scores(weather)
            pictures = sum(example.weather == weather for example in self.examples)
            table[weather] = {"pictures": pictures} | summary(scores, threshold)
        return table

    def recall_by(self, kind: str, threshold: float) -> dict[str, dict[str, Any]]:
        """Return by "size" or "distance" how many boxes were asked and the share found."""
        counts: dict[str, list[bool]] = {}
        for example, found in zip(self.examples, self.found, strict=True):
            answers = Scores().add(example.boxes, found, self.names, self.group)
            for box, score in zip(example.boxes, answers, strict=True):
                place = _size(box, example) if kind == "size" else _distance(box)
                if place and box.label in self.group:
                    counts.setdefault(place, []).append(score is not None and score >= threshold)
        return {
            place: {"asked": len(hits), "recall": round(sum(hits) / len(hits), 3)}
            for place, hits in sorted(counts.items())
        }

    def confusion(self, threshold: float) -> dict[str, dict[str, int]]:
        """Return what it is: what it was called: how often, "nothing" for missed and made up."""
        table: dict[str, dict[str, int]] = {}
        for example, found in zip(self.examples, self.found, strict=True):
            confuse(table, example.boxes, found, self.names, threshold, example.ignored)
        return table

    def look_alikes(self, threshold: float, common: frozenset[str]) -> dict[str, Any] | None:
        """Return false boxes a picture of scenes that hold no rare thing; None without such.

        A false box is one of a class that is not `common` there: nothing of it stands in them.
        Apart from these are counted the boxes of common classes that fit nothing true, of whatever
        class; a second box on one thing fits nothing.
        """
        alike = [
            (example, found)
            for example, found in zip(self.examples, self.found, strict=True)
            if example.mode == "look-alikes"
        ]
        if not alike:
            return None
        called = [
            self.names[int(label)] or ""
            for _, found in alike
            for label in found.label[found.score >= threshold]
        ]
        rare = Counter(sorted(name for name in called if name and name not in common))
        table: dict[str, dict[str, int]] = {}
        for example, found in alike:
            among = np.array([self.names[int(label)] in common for label in found.label], bool)
            kept = found.select(among)
            confuse(table, example.boxes, kept, self.names, threshold, example.ignored)
        made_up = dict(sorted(table.get(NOTHING, {}).items()))
        return {
            "pictures": len(alike),
            "false_a_picture": round(rare.total() / len(alike), 3),
            "by_class": dict(rare),
            "common_false_a_picture": round(sum(made_up.values()) / len(alike), 3),
            "common_by_class": made_up,
        }


def judge(detector: Detector, examples: Sequence[Example], group: Mapping[str, str]) -> Judged:
    """Run a detector over pictures."""
    names = [label_of(name) for name in detector.classes]
    found = [
        detector.detect([read_picture(example.picture)], FLOOR)[0]
        for example in progress(examples, examples[0].origin if examples else "nothing")
    ]
    return Judged(examples, found, names, group)


def summary(scores: Scores, threshold: float) -> dict[str, Any]:
    """Return the means over classes that are asked for, and recall and precision over all boxes."""
    rows = [row for row in scores.rows(threshold).values() if row["asked"]]
    table: dict[str, Any] = {}
    for key in ("ap50", "ap50_95"):
        values = [float(row[key] or 0.0) for row in rows]
        table[f"m{key}"] = round(sum(values) / len(values), 3) if values else None
    asked = sum(tally.asked for tally in scores.tallies.values())
    kept = [
        hit
        for tally in scores.tallies.values()
        for hit, score in zip(tally.hits, tally.scores, strict=True)
        if score >= threshold
    ]
    table["recall"] = round(sum(kept) / asked, 3) if asked else None
    table["precision"] = round(sum(kept) / len(kept), 3) if kept else None
    return table


def _size(box: Box, example: Example) -> str:
    scale = min(INPUT[0] / example.height, INPUT[1] / example.width)
    return _between(box.area**0.5 * scale, SIZES_PX, "px")


def _distance(box: Box) -> str:
    return "" if box.distance_m is None else _between(box.distance_m, DISTANCES_M, "m")


def _between(value: float, edges: Sequence[int], unit: str) -> str:
    """Name the interval of a value, so that the names sort as the values do."""
    for low, high in zip((0, *edges), edges, strict=False):
        if value < high:
            return f"{low:02d} to {high} {unit}"
    return f"{edges[-1]:02d} {unit} and more"
