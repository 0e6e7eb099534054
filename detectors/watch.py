"""A camera's rules at work: looks in, outcomes out."""

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from detectors.look import Look
from detectors.outcome import Outcome
from detectors.rule import Rule


class Watch:
    """All rules of one camera over time. Deterministic: the same looks give the same outcomes."""

    def __init__(
        self,
        site_id: str,
        camera_id: str,
        rules: Sequence[Rule],
        vocabulary: Sequence[str],
        timezone: ZoneInfo,
        interval_s: float,
    ) -> None:
        """interval_s is the usual time between looks; labels of looks index vocabulary."""

    @property
    def min_conf(self) -> float:
        """Lowest score the rules make use of: ask the models for boxes down to this."""
        raise NotImplementedError

    def step(self, look: Look) -> Outcome:
        """Take the camera's next look, in order of at_s."""
        raise NotImplementedError

    def snapshot(self) -> dict[str, Any]:
        """State as JSON-able data, bounded in size; restore() of it goes on as if never stopped."""
        raise NotImplementedError

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take up a snapshot of a watch with the same rules; rules no longer there are dropped."""
        raise NotImplementedError
