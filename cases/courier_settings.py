"""Times and limits of a courier."""

from dataclasses import dataclass
from typing import Final, Self
from zoneinfo import ZoneInfo

from cases.backoff import Backoff
from cases.store import Channel
from detectors import Window

ROW_BACKOFF: Final = Backoff(base_s=2.0, cap_s=900.0)
PAUSE_BACKOFF: Final = Backoff(base_s=0.5, cap_s=30.0)

_UTC: Final = ZoneInfo("UTC")

_MARGIN_S: Final = 5.0
"""A case system may still be storing a post whose sender has hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSettings:
    """Times of the courier; the defaults suit a case system across the internet."""

    threads: int = 2
    """One that hangs does not stop the others."""
    lease_s: float = 60.0
    """A claim ends after this time; a look-up and a post fit into it."""
    settle_s: float = 30.0
    """After a post without an answer, wait so long before looking up."""
    doubt_s: float = 24 * 3600.0
    """A post that could not be looked up for so long, while posts went through, is unresolved."""
    poll_s: float = 0.5
    """Wait between looks into an empty outbox; `Courier.wake` ends it."""
    row: Backoff = ROW_BACKOFF
    """For one case."""
    pause: Backoff = PAUSE_BACKOFF
    """For all cases, while the case system fails."""
    follow_s: float = 60.0
    """Between two rounds of asking for the numbers behind tokens."""
    states_s: float = 900.0
    """Between two rounds of reading back how cases stand."""
    rate_per_minute: float | None = None
    """Cases taken up in any minute, posts and look-ups alike; None: as many as there are."""
    quiet: tuple[Window, ...] = ()
    """Nothing is posted or looked up in these hours; they keep until afterwards."""
    timezone: ZoneInfo = _UTC
    """Of `quiet`."""
    channel: Channel = Channel.CASE
    """Whose messages it takes."""
    silence_s: float = 0.0
    """How long the place of a case is silenced that the case system calls a false alarm."""

    @classmethod
    def for_deadline(
        cls,
        deadline_s: float,
        *,
        rate_per_minute: float | None = None,
        quiet: tuple[Window, ...] = (),
        timezone: ZoneInfo = _UTC,
    ) -> Self:
        """Return times that fit a case system's deadline, never a shorter lease than usual."""
        return cls(
            lease_s=max(60.0, 2.0 * deadline_s + 2.0 * _MARGIN_S),
            settle_s=deadline_s + _MARGIN_S,
            rate_per_minute=rate_per_minute,
            quiet=quiet,
            timezone=timezone,
        )

    def check(self, deadline_s: float) -> None:
        """Raise `ValueError` where a case system's deadline does not fit."""
        if deadline_s * 2 >= self.lease_s:
            raise ValueError(
                f"a lease of {self.lease_s:g} s is too short for a deadline of {deadline_s:g} s: "
                "it has to be more than twice as long"
            )
        if self.settle_s <= deadline_s:
            raise ValueError(
                f"settle_s {self.settle_s:g} is not longer than the deadline of {deadline_s:g} s: "
                "a post would be looked up while it may still be under way"
            )
