"""Scripted looks for kinds that count what stands in a zone, and the ways to take looks away."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from detectors import Box, Look, Rule, ViolationEvent, Watch, Zone
from models import Detections
from tests.looks import WIDTH, Car, Noise, Street, replay, watch

Told = list[tuple[str, str, float]]
"""Change, violation and camera's time of every event."""


def things(
    label: str,
    count: int,
    start_s: float = 0.0,
    end_s: float = float("inf"),
    *,
    size: tuple[float, float] = (30.0, 40.0),
    corner: tuple[float, float] = (60.0, 240.0),
    apart: tuple[float, float] = (45.0, 0.0),
    columns: int = 10,
    score: float = 0.8,
) -> list[Car]:
    """Set up things in rows of `columns`, `apart` (right, and down for the next row)."""
    down = apart[1] or size[1] * 0.5
    found = []
    for index in range(count):
        x = corner[0] + apart[0] * (index % columns)
        y = corner[1] + down * (index // columns)
        box = (x, y, x + size[0], y + size[1])
        found.append(Car(box, start_s, end_s, label, score))
    return found


def riders(bikes: Sequence[Car]) -> list[Car]:
    """Put a person on each of these two-wheelers."""
    return [
        replace(bike, label="person", box=rider_of(bike.box), score=bike.score) for bike in bikes
    ]


def rider_of(box: Box) -> Box:
    """Return the box of somebody who sits on what is in a box."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    return (x0 + width * 0.2, y0 - height * 0.5, x1 - width * 0.2, y1 - height * 0.25)


def told(one: Watch, looks: Iterable[Look]) -> Told:
    """List every event."""
    return [
        (str(event.change), event.violation.violation_id, look.at_s)
        for look, event in replay(one, looks)
    ]


def changes(events: Told) -> list[str]:
    """List the changes only."""
    return [change for change, _, _ in events]


def times(events: Told, change: str) -> list[float]:
    """List when something happened."""
    return [at_s for name, _, at_s in events if name == change]


def seen(rule: Rule, cars: Sequence[Car], until_s: float, noise: Noise | None = None) -> Told:
    """Show a street to a rule and list every event."""
    return told(watch(rule), Street(cars, noise=noise or Noise()).looks(until_s))


def events(rule: Rule, cars: Sequence[Car], until_s: float) -> list[ViolationEvent]:
    """Show a street to a rule and list every event in full."""
    return [event for _, event in replay(watch(rule), Street(cars).looks(until_s))]


def half(looks: Sequence[Look], random: Random, longest_s: float) -> list[Look]:
    """Drop a random half of the looks, leaving no gap over longest_s."""
    kept = [looks[0]]
    for look, following in zip(looks[1:], [*looks[2:], None], strict=True):
        due = following is None or following.at_s - kept[-1].at_s > longest_s
        if due or random.random() < 0.5:
            kept.append(look)
    return kept


def in_sessions(looks: Sequence[Look], cuts: Iterable[int]) -> list[Look]:
    """Let the stream reconnect before some looks."""
    marks = sorted(cuts)
    return [
        replace(look, session=sum(index >= mark for mark in marks))
        for index, look in enumerate(looks)
    ]


def restarted(make: Callable[[], Watch], looks: Sequence[Look], cut: int) -> Told:
    """Stop before a look and go on with a new watch from a snapshot, through JSON."""
    first, second = make(), make()
    before = told(first, looks[:cut])
    second.restore(json.loads(json.dumps(first.snapshot())))
    return before + told(second, looks[cut:])


def mirrored(look: Look) -> Look:
    """Turn a look's left and right around."""
    found = look.detections
    boxes = found.xyxy.copy()
    boxes[:, [0, 2]] = WIDTH - found.xyxy[:, [2, 0]]
    return replace(look, detections=Detections(boxes, found.score, found.label))


def mirrored_zone(zone: Zone) -> Zone:
    """Turn a zone's left and right around."""
    return replace(zone, polygon=tuple((1.0 - x, y) for x, y in reversed(zone.polygon)))


def band(zone_id: str, kind: str, top: float = 0.5, **fields: object) -> Zone:
    """Make a zone of the picture below `top`, as a share of its height, less a margin of 2 %."""
    polygon = ((0.02, top), (0.98, top), (0.98, 0.98), (0.02, 0.98))
    return Zone(zone_id, kind, polygon, **fields)  # type: ignore[arg-type]  # fields by name
