"""Durable state of a site: violations, pins, rule engines and the outbox."""

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
    case_key,
)
from cases.store.states import AttemptOutcome, DeliveryState, Message, Review, ViolationState
from cases.store.store import Store

__all__ = [
    "Attempt",
    "AttemptOutcome",
    "Case",
    "CaseDetail",
    "Confirmation",
    "Counts",
    "Delivery",
    "DeliveryState",
    "HistoryEntry",
    "Message",
    "PinnedLook",
    "Review",
    "SavedWatch",
    "Store",
    "ViolationState",
    "case_key",
]
