"""Rules that judge over hours: all looks are gathered, one reading is taken now and then."""

from collections.abc import Mapping
from typing import Any, Protocol

from detectors.instant import Instant
from detectors.record import Ledger
from detectors.scene import Scene
from detectors.zone_presences import Measure, ZonePresences

ROUNDING_S = 1e-3


class Gathering(Measure, Protocol):
    """A measure that makes its reading of all looks since the last one."""

    def gather(self, scene: Scene) -> None:
        """Take a look that no reading is taken at."""


class SpacedReadings:
    """Hands one look a spacing on to the presences of zones; the measure sees them all."""

    def __init__(self, presences: ZonePresences, measure: Gathering, spacing_s: float) -> None:
        self._presences = presences
        self._measure = measure
        self._spacing_s = spacing_s
        self._due_s: float | None = None

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""
        return self._measure.min_conf

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""
        now_s = scene.instant.now_s
        self._measure.gather(scene)
        if self._due_s is None:
            self._due_s = now_s + self._spacing_s
        if now_s >= self._due_s - ROUNDING_S:
            self._due_s = now_s + self._spacing_s
            self._presences.step(scene, ledger)

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:
        """Leave out a look that is no observation: a dark hour is a pause between readings."""

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {"due_s": self._due_s, "presences": self._presences.to_json()}

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json()."""
        self._due_s = data["due_s"]
        self._presences.take_up_json(data["presences"])
