"""A site's evidence over time: removed as its retention says, held and handed out by people."""

import logging
import threading
from pathlib import Path

from cases import (
    BY_RULE,
    CasesError,
    Custody,
    Retained,
    Retention,
    RetentionRule,
    SigningKey,
    Store,
    keys_beside,
)
from configs import Site

log = logging.getLogger(__name__)

EVERY_S = 3600.0
FIRST_S = 60.0
"""After the start: cameras and couriers go first."""


def evidence_root(site: Site) -> Path:
    """Where a site's evidence lies."""
    return site.data / "evidence"


def retention_rule(site: Site) -> RetentionRule | None:
    """Return what the site file says of retention; None where it says nothing."""
    wanted = site.evidence.retain
    if wanted is None:
        return None
    open_days = None if wanted.open == "keep" else wanted.open
    return RetentionRule(wanted.days, wanted.closed_days, open_days)


def retain(
    site: Site, store: Store, rule: RetentionRule, *, by: str = BY_RULE, dry_run: bool = False
) -> tuple[Retained, ...]:
    """Apply a rule to a site's evidence; returns every folder that was looked at. CasesError."""
    root = evidence_root(site)
    key = _key(site)
    trusted = keys_beside(root) or key.public_keys()
    return Retention(root, key, trusted).run(store, rule, by=by, dry_run=dry_run)


def custody_of(site: Site, store: Store) -> Custody:
    """Return what people may do with a site's evidence. KeyRefused, EvidenceError."""
    return Custody(evidence_root(site), _key(site), store.now)


def _key(site: Site) -> SigningKey:
    return SigningKey.of_box(site.data / "keys", site.evidence.key)


class Retaining:
    """Applies a site's rule every hour, in a thread of its own."""

    def __init__(self, site: Site, store: Store, *, every_s: float = EVERY_S) -> None:
        self._site = site
        self._store = store
        self._every_s = every_s
        self._rule = retention_rule(site)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Begin, where the site file asks for it."""
        if self._rule is not None:
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop after the case at hand."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        wait_s = min(FIRST_S, self._every_s)
        while not self._stopping.wait(wait_s):
            wait_s = self._every_s
            self._once()

    def _once(self) -> None:
        if self._rule is None:
            return
        try:
            done = retain(self._site, self._store, self._rule)
        except CasesError as error:
            log.error("retention stopped, nothing more is removed: %s", error)  # noqa: TRY400  # no traceback: the message says it
            return
        removed = sum(each.fate.removed for each in done)
        if removed:
            log.info("retention", extra={"removed": removed, "kept": len(done) - removed})
