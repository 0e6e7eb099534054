"""What a rule's engine must be able to do, whatever its identity is."""

from collections.abc import Mapping
from typing import Any, Protocol

from detectors.instant import Instant
from detectors.record import Ledger
from detectors.scene import Scene


class Follower(Protocol):
    """Follows the identities of one rule (things, zones, signs, passes) through the looks."""

    @property
    def min_conf(self) -> float:
        """Lowest score it makes use of."""

    def step(self, scene: Scene, ledger: Ledger) -> None:
        """Take an observed look."""

    def pass_over(self, instant: Instant, ledger: Ledger, *, carried: bool) -> None:
        """Take a look that is no observation: carried detections, or a picture not to trust."""

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size."""

    def take_up_json(self, data: Mapping[str, Any]) -> None:
        """Undo to_json(); what belongs to zones that are no more is dropped."""
