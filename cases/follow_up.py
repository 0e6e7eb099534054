"""Asks the case system what has become of delivered cases: their numbers, and how they stand.

What it says is kept in the store: the number on the delivery, every change of state in the
violation's history, and what follows from it (a second look, a verdict) in the same transaction.
"""

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from cases.meaning import Meaning
from cases.store import Channel, RemoteWord, Store
from cases.system import CaseSystem, DeliveryError, Followed, NumberedLater, RemoteCase

logger = logging.getLogger(__name__)

_AGE: Final = timedelta(days=30)
"""What a case system has not said in this time it will not say."""
_TOKENS: Final = 20
"""Asked about in one round; one question each."""
_CASES: Final = 1000
_IDS: Final = 50
"""In one question; addresses stay under 2 kB."""
_ENDED: Final = frozenset({"closed"})
"""GeoReport's one state that ends a case, where nobody has explained more."""


class FollowUp:
    """Follows the cases of one store, as far as their case system can be asked.

    `turn` is called before each question. False: give up. `on_word` hears of every violation of
    which something new was said; `silence_s` is how long a false alarm silences its place.
    """

    def __init__(
        self,
        store: Store,
        system: CaseSystem,
        turn: Callable[[], bool],
        *,
        channel: Channel = Channel.CASE,
        silence_s: float = 0.0,
        meaning: Meaning | None = None,
        on_word: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._system = system
        self._turn = turn
        self._channel = channel
        self._silence_s = silence_s
        self._meaning = meaning
        self._on_word = on_word
        self._ended: set[str] = set()
        self._chance = random.Random()  # noqa: S311  # what is asked first, no secret

    def numbers(self) -> int:
        """Ask for numbers behind tokens; returns how many have come. Raises `StoreError`."""
        if not isinstance(self._system, NumberedLater):
            return 0
        since = self._store.now() - _AGE
        waiting = list(self._store.numberless(since, limit=_CASES, channel=self._channel))
        self._chance.shuffle(waiting)
        come = 0
        for delivery_id, token in waiting[:_TOKENS]:
            if not self._turn():
                break
            try:
                number = self._system.number(token)
            except DeliveryError as error:
                logger.info("the number of %s is not known yet: %s", delivery_id, error)
                continue
            if number is not None:
                come += self._store.numbered(delivery_id, number)
        return come

    def states(self) -> int:
        """Read back how open cases stand; returns how many have changed. Raises `StoreError`."""
        changed = 0
        if not isinstance(self._system, Followed):
            return changed
        for part in _parts(self._open()):
            if not self._turn():
                break
            try:
                found = self._system.states(list(part))
            except DeliveryError as error:
                logger.info("states are not read back now: %s", error)
                break
            for remote_id, case in found.items():
                if remote_id in part:
                    changed += self._note(part[remote_id], case)
        return changed

    def _note(self, violation_id: str, case: RemoteCase) -> bool:
        said = f"{case.status}: {case.notes}" if case.notes else case.status
        if not said:
            return False
        standing = None if self._meaning is None else self._meaning.of(case)
        new = self._store.note_remote_state(
            violation_id,
            RemoteWord(said, standing),
            channel=self._channel,
            silence_s=self._silence_s,
        )
        if self._meaning is None and case.status.lower() in _ENDED:
            self._ended.add(case.remote_id)
        if new and self._on_word is not None:
            self._on_word(violation_id)
        return new

    def _open(self) -> dict[str, str]:
        """Violation ids by the numbers of their cases."""
        since = self._store.now() - _AGE
        rows = list(self._store.going_on(since, limit=_CASES, channel=self._channel))
        self._chance.shuffle(rows)  # a slow case system answers only the first
        return {number: violation for number, violation in rows if number not in self._ended}


def _parts(cases: dict[str, str]) -> list[dict[str, str]]:
    """Cut into questions, in the order of the mapping."""
    ids = list(cases)
    return [
        {remote_id: cases[remote_id] for remote_id in ids[start : start + _IDS]}
        for start in range(0, len(ids), _IDS)
    ]
