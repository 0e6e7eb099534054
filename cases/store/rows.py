"""What the store hands out: frozen records, times aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cases.record import case_key as case_key  # noqa: PLC0414  # offered here as well
from cases.record import parsed_violation
from cases.store.states import (
    Answer,
    AttemptOutcome,
    Channel,
    DeliveryState,
    Message,
    Review,
    Standing,
    ViolationState,
)
from detectors import Box, Violation


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of the outbox: one message to the case system and how far it got."""

    delivery_id: str
    violation_id: str
    camera_id: str
    zone_id: str
    kind: str
    """The violation's kind."""
    message: Message
    case_key: str
    payload: Mapping[str, Any] = field(repr=False)
    """Frozen when the violation was confirmed; the same at every attempt."""
    state: DeliveryState
    attempts: int
    """Claims so far; with lease_owner it names the claim (a stale one is refused)."""
    next_attempt_at: datetime
    lease_owner: str | None
    lease_until: datetime | None
    sent_at: datetime | None
    """A post may have left at this time and was never settled: look it up before posting."""
    post_again_by: str | None
    """A person who decided that it may be posted even where it cannot be looked up."""
    remote_case_id: str | None
    remote_token: str | None
    """Stands for the number where the case system makes it later."""
    last_error: str
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    channel: Channel = Channel.CASE
    standing: Standing | None = None
    """What the case system last said of the case, in our words."""

    @property
    def maybe_sent(self) -> bool:
        """True when an earlier attempt may have reached the case system."""
        return self.sent_at is not None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver."""

    delivery_id: str
    number: int
    """Counts from 1."""
    owner: str
    started_at: datetime
    sent_at: datetime | None
    """When the post left, as far as it did."""
    ended_at: datetime | None
    outcome: AttemptOutcome | None
    error: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a violation or its case."""

    at: datetime
    what: str
    by: str
    """A person, or empty for the program."""
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """A violation as the store knows it."""

    violation_id: str
    camera_id: str
    zone_id: str
    kind: str
    record: str = field(repr=False)
    """The violation in full, as JSON."""
    state: ViolationState
    review: Review
    reason: str
    """Why it was last updated, cleared, discarded or held."""
    confirmed_at: datetime | None
    """When the confirmation was committed, on the host's clock."""
    evidence_folder: Path | None
    manifest_sha256: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def violation(self) -> Violation:
        """The violation in full; read when it is asked for, because a list seldom does."""
        return parsed_violation(self.record)

    @property
    def case_key(self) -> str:
        """Name of the case inside a case system."""
        return case_key(self.violation_id)


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """Everything about one case."""

    case: Case
    deliveries: tuple[Delivery, ...]
    attempts: tuple[Attempt, ...]
    history: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation did."""

    delivery_id: str
    first: bool
    """False: it was confirmed before, and nothing was changed."""
    held_for: str = ""
    """Why a person has to agree; empty where it goes out."""
    witness_of: str = ""
    """The violation that it is, seen by a second camera; empty: it is its own."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A place whose cases are held for a while, because one was rejected there."""

    silence_id: int
    violation_id: str
    """The rejected one."""
    camera_id: str
    zone_id: str
    kind: str
    box: Box
    """Of the rejected violation, in source pixels."""
    made_at: datetime
    until_at: datetime
    by: str
    reason: str
    lifted_at: datetime | None = None
    lifted_by: str | None = None


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A question to a camera: whether what a case is about still stands there."""

    request_id: int
    violation_id: str
    camera_id: str
    asked_at: datetime
    asked_by: str
    reason: str
    """What was said when it was asked, such as the case system's word."""
    answered_at: datetime | None = None
    answer: Answer | None = None
    why: str = ""
    """What the answer rests on."""


@dataclass(frozen=True, slots=True)
class PinnedLook:
    """A look whose packets lie on the spool because a violation may need its picture."""

    violation_id: str
    camera_id: str
    at_s: float
    """On the camera's timeline."""
    path: Path


@dataclass(frozen=True, slots=True)
class SavedWatch:
    """A camera's rule engine as it stood."""

    camera_id: str
    snapshot: Mapping[str, Any] = field(repr=False)
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers for metrics; states without rows are 0."""

    violations: Mapping[ViolationState, int]
    deliveries: Mapping[DeliveryState, int]
    oldest_due_at: datetime | None
    """When the longest waiting message was due first; None when nothing waits."""
