"""What a person decides about a held case: into the store, and beside the evidence."""

import logging
from typing import Final

from cases import DeliveryState, EvidenceError, Review, Store, Verdicts, VerdictsBroken
from configs import Site

log = logging.getLogger(__name__)

LONGEST_NAME: Final = 128
"""Characters of the name of who decides."""
_GIVEN_UP: Final = frozenset({DeliveryState.DEAD, DeliveryState.UNRESOLVED})


def approve_case(site: Site, store: Store, violation_id: str, *, by: str, reason: str = "") -> None:
    """Let a held case go out. Raises the branches of `cases.StoreError`."""
    store.approve(violation_id, by=by, reason=reason)
    _append(site, store, violation_id)


def reject_case(site: Site, store: Store, violation_id: str, *, by: str, reason: str) -> None:
    """Refuse a held case for good, and silence its place; raises branches of `cases.StoreError`."""
    silence_s = site.cases.silence_after_reject_s
    store.reject(violation_id, by=by, reason=reason, silence_s=silence_s)
    _append(site, store, violation_id)


def refute_case(site: Site, store: Store, violation_id: str, *, by: str, reason: str) -> bool:
    """Say that a case which went out was a false alarm. False: it was said before.

    Raises the branches of `cases.StoreError`.
    """
    silence_s = site.cases.silence_after_reject_s
    new = store.refute(violation_id, by=by, reason=reason, silence_s=silence_s)
    _append(site, store, violation_id)
    return new


def retry_case(store: Store, violation_id: str, *, by: str, reason: str = "") -> None:
    """Post again what was given up about a case; else hurry its newest message.

    Raises the branches of `cases.StoreError`.
    """
    deliveries = store.case(violation_id).deliveries
    # None given up: the store says of the case itself why there is nothing to retry.
    wanted = [each for each in deliveries if each.state in _GIVEN_UP] or deliveries[-1:]
    for delivery in wanted:
        store.requeue(delivery.delivery_id, by=by, reason=reason)


def remote_word(site: Site, store: Store, violation_id: str) -> None:
    """Append the verdict of a case system, where its newest word was one."""
    if store.case(violation_id).case.review is Review.REJECTED:
        _append(site, store, violation_id)


def catch_up(site: Site, store: Store) -> None:
    """Append verdicts that an earlier run could not."""
    try:
        Verdicts(site.data / "evidence").catch_up(store)
    except (EvidenceError, VerdictsBroken) as error:
        log.warning("verdicts cannot be appended to the evidence: %s", error)


def _append(site: Site, store: Store, violation_id: str) -> None:
    """Append it now or later: the verdict stands, whether or not the evidence can be written."""
    try:
        Verdicts(site.data / "evidence").append(store, violation_id)
    except (EvidenceError, VerdictsBroken) as error:
        log.warning("the verdict is not appended to the evidence yet: %s", error)
