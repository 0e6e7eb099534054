"""How long to wait before a camera is tried again."""

import random

FIRST_S = 1.0
LONGEST_S = 8.0
"""With the jitter and a second to connect, a camera that returns is back within 10 s."""
JITTER = 0.25
"""Share of the delay that chance takes off, so that cameras of one switch do not return in step."""
REST_S = 30 * 60.0
REFUSALS = 2
"""Cameras lock an account after five to seven wrong passwords, some for half an hour."""


class Backoff:
    """1 s, doubling to 8 s, a little less by chance."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()  # noqa: S311  # spreads load, keeps no secret
        self._next_s = FIRST_S

    def delay_s(self) -> float:
        """Return the next delay, and double the one after it."""
        delay_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        return delay_s * (1.0 - JITTER * self._chance.random())

    def reset(self) -> None:
        """Start with the shortest delay again."""
        self._next_s = FIRST_S
