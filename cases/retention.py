"""How long evidence is kept: by age, by what became of the case, and never against a hold.

The decision (`fate`) is a function of a case, a rule and the time. `Retention` applies it: it asks
the store about every folder that is old enough, and removes what nobody needs any more.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cases.errors import NotFound
from cases.evidence import supplements_of
from cases.evidence.durable import alone, disk_errors, sha256_of
from cases.evidence.journal import Journal, holds
from cases.evidence.keys import PublicKeys, SigningKey
from cases.evidence.manifest import MANIFEST_NAME
from cases.evidence.removal import DAYS, finish_removals, remove_evidence
from cases.evidence.tombstone import Tombstone
from cases.store import CaseDetail, DeliveryState, Review, Store, ViolationState
from detectors import KINDS, Identity

log = logging.getLogger(__name__)

BY_RULE: Final = "retention"
"""Who removes where no person has asked for it."""
SETTLED: Final = frozenset({DeliveryState.DELIVERED, DeliveryState.REJECTED, DeliveryState.KEPT})
"""Messages in these states need no pictures any more."""
_GONE: Final = frozenset({ViolationState.CLEARED, ViolationState.DISCARDED})


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What the site's owner has decided."""

    days: int
    """Evidence younger than this, from its opening on, is never removed."""
    closed_days: int
    """And its case has been closed for as long as this."""
    open_days: int | None = None
    """Age at which the evidence of a delivered case goes that nobody has closed; None: never."""

    def values(self) -> dict[str, Any]:
        """As it stands in a tombstone, and in a site file."""
        return {
            "closed_days": self.closed_days,
            "days": self.days,
            "open": "keep" if self.open_days is None else self.open_days,
        }


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a case's evidence, and why."""

    removed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Retained:
    """A folder that was looked at."""

    folder: str
    """Below the evidence root, with forward slashes; its supplements share its fate."""
    violation_id: str
    fate: Fate


def closed_at(detail: CaseDetail) -> datetime | None:
    """When a case was closed: refused, cleared, come to nothing, closed by the city.

    What only passed is closed when it is delivered. None while the thing stands, and while a
    message of the case still has to go out.
    """
    case = detail.case
    if _open(detail):
        return None
    if case.review is Review.REJECTED or case.state in _GONE or _ended_there(detail):
        return max(case.updated_at, *(each.updated_at for each in detail.deliveries))
    kind = KINDS.get(case.violation.kind)
    if kind is not None and kind.identity is Identity.PASS and case.confirmed_at is not None:
        times = [each.delivered_at for each in detail.deliveries if each.delivered_at]
        return max(times, default=case.confirmed_at)
    return None


def _ended_there(detail: CaseDetail) -> bool:
    """Whether the city's own system has closed the case."""
    return any(each.standing is not None and each.standing.ends for each in detail.deliveries)


def unsettled(detail: CaseDetail) -> str:
    """Name the state of a message that still has to go out; empty where there is none."""
    states = [each.state for each in detail.deliveries if each.state not in SETTLED]
    return states[0].value if states else ""


def fate(detail: CaseDetail, rule: RetentionRule, now: datetime) -> Fate:
    """Decide about a case that is not under hold."""
    age = now - detail.case.violation.opened_at
    why = f"younger than {rule.days} days" if age < timedelta(days=rule.days) else _open(detail)
    if why:
        return Fate(removed=False, why=why)
    closed = closed_at(detail)
    if closed is None:
        if rule.open_days is not None and age >= timedelta(days=rule.open_days):
            return Fate(removed=True, why=f"delivered, {rule.open_days} days old, never closed")
        return Fate(removed=False, why="the case is open")
    if now - closed < timedelta(days=rule.closed_days):
        return Fate(removed=False, why=f"closed for less than {rule.closed_days} days")
    return Fate(removed=True, why=f"closed {closed.isoformat(timespec='seconds')}")


def _open(detail: CaseDetail) -> str:
    """Say what still has to happen to a case, at any age; empty where nothing has to."""
    if detail.case.state is ViolationState.OPENED:
        return "not confirmed yet"
    if detail.case.review is Review.HELD:
        return "held for review"
    waiting = unsettled(detail)
    return f"not delivered: {waiting}" if waiting else ""


class Retention:
    """Applies a rule to the evidence below one root."""

    def __init__(self, root: Path, key: SigningKey, trusted: PublicKeys) -> None:
        """`trusted` are the public keys of this box, former ones included."""
        self._root = root
        self._key = key
        self._trusted = PublicKeys({**trusted.keys, **key.public_keys().keys})

    def run(
        self, store: Store, rule: RetentionRule, *, by: str = BY_RULE, dry_run: bool = False
    ) -> tuple[Retained, ...]:
        """Finish what a crash has left, then decide about every case and remove what is due.

        A folder without a case in the store is left alone. Raises EvidenceError, StoreError;
        LinesBroken where the journal of holds was changed: then nothing is removed.
        """
        if not self._root.is_dir():
            return ()
        if not dry_run:
            with disk_errors(str(self._root)), alone(self._root):
                finish_removals(self._root, self._trusted)
        return tuple(
            self._decide(folder, store, rule, by, dry_run=dry_run)
            for folder in _folders(self._root, store.now() - timedelta(days=rule.days))
        )

    def _decide(
        self, folder: Path, store: Store, rule: RetentionRule, by: str, *, dry_run: bool
    ) -> Retained:
        name = folder.relative_to(self._root).as_posix()
        # Nobody may put it under hold between the question and the removal.
        with disk_errors(str(folder)), alone(self._root):
            found = self._fate(folder, store, rule)
            if found.removed and not dry_run:
                self._remove(folder, rule, by, found.why, store.now())
        return Retained(name, folder.name, found)

    def _fate(self, folder: Path, store: Store, rule: RetentionRule) -> Fate:
        violation_id = folder.name
        held = holds(Journal(self._root).entries(), self._trusted).get(violation_id)
        if held:
            return Fate(removed=False, why=f"under hold {held[-1].text()}")
        if not (folder / MANIFEST_NAME).exists():
            return Fate(removed=False, why=f"it has no {MANIFEST_NAME}: verify it")
        try:
            detail = store.case(violation_id)
        except NotFound:
            return Fate(removed=False, why="the store knows no such case")
        return fate(detail, rule, store.now())

    def _remove(self, folder: Path, rule: RetentionRule, by: str, why: str, now: datetime) -> None:
        # The first folder last: as long as it stands, the case is looked at again.
        for each in (*supplements_of(folder), folder):
            tombstone = Tombstone(
                folder=each.relative_to(self._root).as_posix(),
                manifest_sha256=sha256_of(each / MANIFEST_NAME),
                at=now,
                by=by,
                rule=rule.values(),
                reason=why,
                key_id=self._key.key_id,
            )
            remove_evidence(each, tombstone, self._key)
        log.info("evidence removed", extra={"violation": folder.name, "by": by, "why": why})


def _folders(root: Path, opened_before: datetime) -> Iterator[Path]:
    """Yield the evidence folders of days that began before a time; no supplements."""
    for day in sorted(root.glob(DAYS)):
        began = _began(day)
        if began is None or began > opened_before.astimezone(UTC).date():
            continue
        for folder in sorted(day.iterdir()):
            if folder.is_dir() and folder.name.isalnum():
                yield folder


def _began(day: Path) -> date | None:
    try:
        return date(*(int(part) for part in day.parts[-3:]))
    except ValueError:
        return None
