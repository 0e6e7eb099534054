"""What a person decides about a held case: into the store, and beside the evidence."""

import logging

from cases import EvidenceError, Store, Verdicts, VerdictsBroken
from configs import Site

log = logging.getLogger(__name__)


def approve_case(site: Site, store: Store, violation_id: str, *, by: str, reason: str = "") -> None:
    """Let a held case go out. Raises the branches of `cases.StoreError`."""
    store.approve(violation_id, by=by, reason=reason)
    _append(site, store, violation_id)


def reject_case(site: Site, store: Store, violation_id: str, *, by: str, reason: str) -> None:
    """Refuse a held case for good. Raises the branches of `cases.StoreError`."""
    store.reject(violation_id, by=by, reason=reason)
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
