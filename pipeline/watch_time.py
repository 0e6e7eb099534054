"""How long each rule of a camera could see, could not trust what it saw, or saw nothing."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from detectors import Schedule

AWAY_S = 15.0
"""A pause between two looks that no stream makes while it runs: key frames come every 12 s at
most (docs/pipeline.md)."""
COUNTED = ("watched", "blind", "away")


@dataclass(frozen=True, slots=True)
class RuleTime:
    """Seconds within the rule's hours, counted over restarts."""

    rule: str
    """Kind and zones."""
    watched_s: float
    """Between looks that could be trusted."""
    blind_s: float
    """Pictures came, but could not be trusted."""
    away_s: float
    """No pictures came."""
    since: datetime
    """When the counting began: the rule was new, or what was kept of it was lost."""


class WatchTime:
    """Counts for one camera. Looks come from one thread; times() may be asked by any.

    After a restart it goes on from what was kept; the time between is away.
    """

    def __init__(self, rules: Mapping[str, Schedule], interval_s: float) -> None:
        """Take each rule's name and hours. What is permitted is watched all the same."""
        self._rules = dict(rules)
        self._longest_s = max(AWAY_S, 3 * interval_s)
        self._lock = threading.Lock()
        self._seconds = {name: dict.fromkeys(COUNTED, 0.0) for name in rules}
        self._since = dict.fromkeys(rules, datetime.now(UTC))
        self._last: tuple[float, datetime] | None = None
        self._looked_s = time.monotonic()
        """Monotonic time of the last look, or of the start."""

    def look(self, at_s: float, captured_at: datetime, *, trusted: bool) -> None:
        """Count the time since the last look by what this one is worth."""
        now_s = time.monotonic()
        with self._lock:
            if self._last is None:
                self._add("away", now_s - self._looked_s, captured_at)
            else:
                passed_s = max(0.0, at_s - self._last[0])
                seen = "watched" if trusted else "blind"
                self._add("away" if passed_s > self._longest_s else seen, passed_s, captured_at)
            self._last, self._looked_s = (at_s, captured_at), now_s

    def times(self) -> tuple[RuleTime, ...]:
        """Say what was counted; a camera that has been silent for long is away by now."""
        silent_s = time.monotonic() - self._looked_s
        with self._lock:
            since = self._last
            waiting_s = silent_s if since is None or silent_s > self._longest_s else 0.0
            return tuple(
                RuleTime(
                    rule=name,
                    watched_s=seconds["watched"],
                    blind_s=seconds["blind"],
                    away_s=seconds["away"] + self._within(name, waiting_s, since),
                    since=self._since[name],
                )
                for name, seconds in self._seconds.items()
            )

    def to_json(self) -> dict[str, Any]:
        """State as JSON-able data."""
        with self._lock:
            return {
                "until": None if self._last is None else self._last[1].isoformat(),
                "rules": {
                    name: {**seconds, "since": self._since[name].isoformat()}
                    for name, seconds in self._seconds.items()
                },
            }

    def take_up(self, data: Mapping[str, Any], now: datetime) -> None:
        """Undo to_json(), before the first look; rules no longer there are dropped."""
        with self._lock:
            until = now if data["until"] is None else datetime.fromisoformat(data["until"])
            gone_s = max(0.0, (now - until).total_seconds())
            for name, kept in data["rules"].items():
                if name in self._rules:
                    self._seconds[name] = {what: float(kept[what]) for what in COUNTED}
                    self._seconds[name]["away"] += self._within_s(name, until, gone_s)
                    self._since[name] = datetime.fromisoformat(kept["since"])

    def _add(self, what: str, passed_s: float, until: datetime) -> None:
        start = until - timedelta(seconds=passed_s)
        for name in self._rules:
            self._seconds[name][what] += self._within_s(name, start, passed_s)

    def _within(self, name: str, waiting_s: float, since: tuple[float, datetime] | None) -> float:
        return waiting_s if since is None else self._within_s(name, since[1], waiting_s)

    def _within_s(self, name: str, start: datetime, passed_s: float) -> float:
        """Say how much of a time lies within a rule's hours."""
        if not passed_s:
            return 0.0
        until = start + timedelta(seconds=passed_s)
        return passed_s * self._rules[name].forbidden_share(start, until)
