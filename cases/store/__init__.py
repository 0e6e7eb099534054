"""Durable state of a site: violations, pins, rule engines and the outbox."""

from cases.store.admission import Limits
from cases.store.follow_rows import CASE_SYSTEM, REMOTE_STATE, RemoteWord
from cases.store.outbox import delivery_id_of
from cases.store.rows import (
    Attempt,
    Case,
    CaseDetail,
    Confirmation,
    Counts,
    Delivery,
    HistoryEntry,
    PinnedLook,
    SavedWatch,
    SecondLook,
    Silence,
    case_key,
)
from cases.store.states import (
    WITNESS,
    WITNESS_OF,
    Answer,
    AttemptOutcome,
    Channel,
    DeliveryState,
    Message,
    Review,
    Standing,
    ViolationState,
)
from cases.store.store import Store

__all__ = [
    "CASE_SYSTEM",
    "REMOTE_STATE",
    "WITNESS",
    "WITNESS_OF",
    "Answer",
    "Attempt",
    "AttemptOutcome",
    "Case",
    "CaseDetail",
    "Channel",
    "Confirmation",
    "Counts",
    "Delivery",
    "DeliveryState",
    "HistoryEntry",
    "Limits",
    "Message",
    "PinnedLook",
    "RemoteWord",
    "Review",
    "SavedWatch",
    "SecondLook",
    "Silence",
    "Standing",
    "Store",
    "ViolationState",
    "case_key",
    "delivery_id_of",
]
