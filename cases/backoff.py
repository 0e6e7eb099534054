"""How long to wait before the next try: exponential, with full jitter, never for good."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits for failure 1, 2, 3 ...: uniform in [0, min(cap_s, base_s * 2**(failure - 1))).

    Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): couriers that failed together
    do not come back together. What the server asks for is a floor, and is spread as well.
    """

    base_s: float
    cap_s: float

    def delay_s(
        self, failure: int, chance: random.Random, *, retry_after_s: float | None = None
    ) -> float:
        """Seconds to wait after this failure, counted from 1."""
        # 2**60 seconds is past any cap; a larger power would only overflow.
        top_s = min(self.cap_s, self.base_s * 2.0 ** min(max(0, failure - 1), 60))
        return (retry_after_s or 0.0) + chance.uniform(0.0, top_s)
