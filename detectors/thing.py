"""A standing thing: the presence of something that looks like this, at this place."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from detectors.appearance import Signature
from detectors.presence import Presence
from detectors.record import Record
from detectors.scene import Scene
from detectors.violation import Absence, Box, Passing

PLACE_BOXES = 8
"""Boxes whose median is the place; later ones do not move it, or a creeping queue would stand."""


@dataclass(slots=True)
class Thing:
    """What is known of one; its number is the rule's own, no tracker's."""

    number: int
    zone_id: str
    presence: Presence
    boxes: list[Box]
    """The first boxes seen of it, at most PLACE_BOXES, those seen behind something last."""
    signature: Signature | None
    track_id: int
    """Of its last sighting."""
    votes: dict[str, float]
    """Scores summed by label."""
    verified_s: float
    """Last time it was seen to look the same, or could not be compared."""
    arrival: Absence | None
    """Why its arrival was not seen; None where it was."""
    record: Record | None = None
    faint: int = 0
    """Sightings counted from before it was taken up: too faint to say what it is, in its place."""
    behind: int = 0
    """How many of its boxes were seen while something nearer covered some of it: clear ones take
    their place, because a model guesses where a half hidden thing ends."""
    doubted: int = 0
    """Clear looks in a row in which its place looked different."""
    count: int | None = None
    """How many were counted at its last sighting; None for kinds that do not count."""
    share: float | None = None
    """Share of the zone covered at its last sighting; None where it is not measured."""
    remarks: tuple[str, ...] = ()
    """See Violation.remarks."""
    kept: dict[str, float] = field(default_factory=dict)
    """What its kind keeps of it, by name."""
    passing: tuple[Passing, ...] = ()
    """See Violation.passing."""
    moved_to: str | None = None
    """Zone of the rule to which it has moved on since its violation began; None: still there."""

    @classmethod
    def begin(
        cls, number: int, zone_id: str, scene: Scene, index: int, presence: Presence
    ) -> "Thing":
        """Take up a sighting; its signature is the caller's to take."""
        return cls(
            number=number,
            zone_id=zone_id,
            presence=presence,
            boxes=[scene.seen.box(index)],
            signature=None,
            track_id=scene.tracks[index].track_id,
            votes={scene.seen.names[index]: float(scene.seen.scores[index])},
            verified_s=scene.instant.now_s,
            arrival=Absence.PRESENT_AT_FIRST_LOOK if scene.since_last_s is None else None,
        )

    @property
    def box(self) -> Box:
        """Its place: the median of its first boxes, in units."""
        x0, y0, x1, y1 = (median(side) for side in zip(*self.boxes, strict=True))
        return (x0, y0, x1, y1)

    @property
    def where(self) -> str:
        """Zone in which it stands, whose permits hold for it; its violation keeps the first."""
        return self.zone_id if self.moved_to is None else self.moved_to

    @property
    def label(self) -> str:
        """Vocabulary name it was seen as most."""
        return max(sorted(self.votes), key=lambda name: self.votes[name])

    @property
    def score(self) -> float:
        """Mean score of its sightings since it was taken up."""
        return sum(self.votes.values()) / (self.presence.seen - self.faint)

    def take(self, scene: Scene, index: int, *, behind: bool = False) -> None:
        """Take what a sighting says about place, label and track.

        behind: something nearer covers some of it.
        """
        if len(self.boxes) < PLACE_BOXES:
            place = len(self.boxes) if behind else len(self.boxes) - self.behind
            self.boxes.insert(place, scene.seen.box(index))
            self.behind += behind
        elif self.behind and not behind:
            self.boxes[-self.behind] = scene.seen.box(index)
            self.behind -= 1
        name = scene.seen.names[index]
        self.votes[name] = self.votes.get(name, 0.0) + float(scene.seen.scores[index])
        self.track_id = scene.tracks[index].track_id

    def move_to(self, other: "Thing") -> None:
        """Take the place of another: it was this thing all along, boxed or parked differently."""
        self.boxes, self.behind = list(other.boxes), other.behind
        self.signature = other.signature
        self.verified_s = other.verified_s
        self.doubted = 0
        self.track_id = other.track_id

    def move_into(self, zone_id: str) -> None:
        """Stand in this zone of the rule from now on; where a violation began it keeps its name."""
        if self.record is None:
            self.zone_id = zone_id
        self.moved_to = None if zone_id == self.zone_id else zone_id

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            "number": self.number,
            "zone_id": self.zone_id,
            "presence": self.presence.to_json(),
            "boxes": [list(box) for box in self.boxes],
            "faint": self.faint,
            "behind": self.behind,
            "signature": None if self.signature is None else self.signature.to_json(),
            "track_id": self.track_id,
            "votes": dict(self.votes),
            "verified_s": self.verified_s,
            "doubted": self.doubted,
            "count": self.count,
            "share": self.share,
            "remarks": list(self.remarks),
            "kept": dict(self.kept),
            "passing": [one.to_json() for one in self.passing],
            "moved_to": self.moved_to,
            "arrival": None if self.arrival is None else str(self.arrival),
            "record": None if self.record is None else self.record.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Thing":
        """Undo to_json()."""
        signature, record, arrival = data["signature"], data["record"], data["arrival"]
        return cls(
            number=data["number"],
            zone_id=data["zone_id"],
            presence=Presence.from_json(data["presence"]),
            boxes=[(box[0], box[1], box[2], box[3]) for box in data["boxes"]],
            signature=None if signature is None else Signature.from_json(signature),
            track_id=data["track_id"],
            votes=dict(data["votes"]),
            verified_s=data["verified_s"],
            faint=data.get("faint", 0),
            behind=data.get("behind", 0),
            doubted=data["doubted"],
            count=data.get("count"),
            share=data.get("share"),
            remarks=tuple(data.get("remarks", ())),
            kept=dict(data.get("kept", {})),
            passing=tuple(Passing.from_json(one) for one in data.get("passing", ())),
            moved_to=data.get("moved_to"),
            arrival=None if arrival is None else Absence(arrival),
            record=None if record is None else Record.from_json(record),
        )
