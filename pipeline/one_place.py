"""Two cameras that see one place: what both of them confirm is one case, with two witnesses.

Zones of different cameras that name the same `place_id` show the same place. A violation that is
confirmed there while another camera's of the same kind stands is that one, seen a second time: it
is kept with its evidence, linked to the first, and told to nobody. Each violation takes one witness
from each other camera, so that two cars at one place stay two cases. A pre-alarm goes out for the
first camera's alone, and a rejected case silences the place for all of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from cases import WITNESS, WITNESS_OF, Case, Review, Store, ViolationState
from configs import Site
from detectors import Violation

RECENT = 200
"""Violations of a camera, newest first, among which the first one is looked for."""
OPEN_MOST = timedelta(days=1)
"""What was opened longer ago and came to nothing was forgotten: its rule is no more."""
CONFIRMED = (ViolationState.CONFIRMED, ViolationState.CLEARED)
STANDING = (ViolationState.OPENED, ViolationState.CONFIRMED)
"""What is not over. One that has cleared may have cleared for another reason than this one."""


class OnePlace:
    """Which zones of a site show one place, and who was first there."""

    def __init__(self, site: Site, store: Store) -> None:
        self._store = store
        self._place_of = {
            (camera.id, zone.id): zone.place_id
            for camera in site.cameras
            for zone in camera.zones
            if zone.place_id is not None
        }
        zones: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for where, place_id in self._place_of.items():
            zones[place_id].append(where)
        self._zones: Mapping[str, list[tuple[str, str]]] = zones

    def first_witness(self, violation: Violation) -> str:
        """Name the violation that this one was seen as before; empty where there is none.

        The longest standing one is taken. A violation that was told already stays linked as it was.
        """
        free = [
            case
            for camera_id, zone_id in self.others(violation)
            for case in self._standing(camera_id, zone_id, violation)
            if self._takes(case, violation)
        ]
        if not free:
            return ""
        return min(
            free, key=lambda case: (case.violation.opened_at, case.violation_id)
        ).violation_id

    def others(self, violation: Violation) -> tuple[tuple[str, str], ...]:
        """Return the zones of other cameras that show its place, each with its camera."""
        place_id = self._place_of.get((violation.camera_id, violation.zone_id))
        zones = self._zones[place_id] if place_id is not None else ()
        return tuple(where for where in zones if where[0] != violation.camera_id)

    def was_told(self, violation: Violation) -> bool:
        """Whether its pre-alarm would be a second one: another camera has opened it before.

        What is there cannot be told apart yet, so it is counted: where another camera sees more
        things of the kind stand there than this one did so far, one of those is this one.
        """
        others = self.others(violation)
        if not others:
            return False
        mine = self._opened(violation.camera_id, violation.zone_id, violation)
        return any(self._opened(*where, violation) > mine for where in others)

    def _opened(self, camera_id: str, zone_id: str, violation: Violation) -> int:
        """Count what a camera sees standing there beside this violation; rejected is not told."""
        count = 0
        for case in self._standing(camera_id, zone_id, violation, STANDING):
            age = violation.opened_at - case.violation.opened_at
            forgotten = case.state is ViolationState.OPENED and age > OPEN_MOST
            own = case.violation_id == violation.violation_id
            count += not (own or forgotten or case.review is Review.REJECTED)
        return count

    def _standing(
        self,
        camera_id: str,
        zone_id: str,
        violation: Violation,
        states: Collection[ViolationState] = CONFIRMED,
    ) -> Iterator[Case]:
        """Cases of this kind and zone that stand while the violation does."""
        for case in self._store.cases(states=states, camera_id=camera_id, limit=RECENT):
            if (case.kind, case.zone_id) != (violation.kind, zone_id):
                continue
            gone = case.state is ViolationState.CLEARED
            if gone and case.violation.last_at < violation.opened_at:
                continue
            if case.violation.opened_at <= violation.last_at:
                yield case

    def _takes(self, case: Case, violation: Violation) -> bool:
        """Whether a case is a first one, stands by a person's word, and lacks this witness."""
        if case.review is Review.REJECTED:
            return False
        for entry in self._store.case(case.violation_id).history:
            if entry.what == WITNESS_OF:
                return False
            if entry.what == WITNESS and entry.by == violation.camera_id:
                return entry.reason == violation.violation_id
        return True
