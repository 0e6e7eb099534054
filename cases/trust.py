"""How far a case system's "not there" is believed, and when a question to it is given up.

A server that hides what it has received (a moderator comes first, its clock is wrong) says "not
there" of everything, and a case that is posted again on its word is there twice. So a case that
has arrived is asked for as well. Where none has, one single case is risked.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from cases.store import Channel, Delivery, Store
from cases.system import CaseSystem, Transient

_PROOF_AGE: Final = timedelta(days=30)
"""Older cases may have left the case system's lists, and older questions too."""
_UNPROVEN_POSTS: Final = 4
"""While nothing of ours was ever found there, "not there" is believed of the first case alone, and
of that up to this many posts: somebody has to go first."""
_OUTAGE: Final = timedelta(hours=1)
"""Posts that have failed for so long: the case system is away."""


class Trust:
    """What one courier knows of its case system. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        system: CaseSystem,
        *,
        channel: Channel,
        doubt: timedelta,
        proof_s: float,
    ) -> None:
        """Start with no trust. A proof is good for `proof_s`: a server may begin to hide."""
        self._store = store
        self._system = system
        self._channel = channel
        self._doubt = doubt
        self._proof_s = proof_s
        self._lock = threading.Lock()
        self._shown_s: float | None = None
        self._works_since: datetime | None = None
        self._fails_since: datetime | None = None

    def shown(self) -> None:
        """Note that a case of ours was found there."""
        self._shown_s = time.monotonic()

    def worked(self) -> None:
        """Note that a post went through."""
        now = self._store.now()
        with self._lock:
            away = self._fails_since is not None and now - self._fails_since > _OUTAGE
            if self._works_since is None or away:
                self._works_since = now
            self._fails_since = None

    def failed(self) -> None:
        """Note that a post did not go through."""
        with self._lock:
            self._fails_since = self._fails_since or self._store.now()

    def believes(self, row: Delivery) -> bool:
        """Tell whether "not there" is the truth about a case that may have been posted.

        False: it hides what it has. Raises `Transient` while that is not known, and what asking
        for another case raises.
        """
        shown_s = self._shown_s
        if shown_s is not None and time.monotonic() - shown_s < self._proof_s:
            return True
        shows = self._shows_another()
        if shows is not None:
            if shows:
                self.shown()
            return shows
        first = self._store.first_doubtful(self._channel)
        if first is not None and first[0] == row.delivery_id and first[1] < _UNPROVEN_POSTS:
            return True
        raise Transient("nothing of ours was ever found on the case system")

    def gives_up(self, sent_at: datetime) -> bool:
        """Tell whether a look-up that fails and fails again is not worth waiting for any longer.

        Only time counts in which posts went through: a system that is away will be back.
        """
        now = self._store.now()
        with self._lock:
            works, fails = self._works_since, self._fails_since
        if now - sent_at > max(_PROOF_AGE, self._doubt):
            return True
        if works is None or (fails is not None and now - fails > _OUTAGE):
            return False
        return now - max(sent_at, works) > self._doubt

    def _shows_another(self) -> bool | None:
        """Look up a case that has been delivered. None: there is none that has to be shown."""
        since = self._store.now() - _PROOF_AGE
        numbered = self._store.shown(since, self._channel)
        if numbered is not None:
            return self._system.find(*numbered) is not None
        # One without a number may still wait for its moderator.
        other = self._store.shown(since, self._channel, numbered=False)
        return True if other is not None and self._system.find(*other) is not None else None
