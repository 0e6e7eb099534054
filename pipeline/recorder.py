"""What must survive: pins, violations, evidence and rule state, written in order by one thread.

The order inside a look is the guarantee: a violation is in the store before its pins, a
confirmation (evidence, then violation and outbox row in one transaction) before the state of the
rules that remembers it, and it is told to others only after all that. A process killed anywhere
confirms again after its restart, under the same name, and the store says that it knows it.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from cases import (
    EvidenceError,
    NotFound,
    PinnedLook,
    Reserve,
    Store,
    StoreBusy,
    StoreFull,
    WrongState,
)
from detectors import Change, Look, Pin, Proposal, Violation, ViolationEvent
from pipeline.clips import LEAVE_S, Clips
from pipeline.confirmation import Confirmer
from pipeline.events import Confirmed, Event
from pipeline.ingest import Ingest, IngestLost
from pipeline.proposals import ProposalFiles
from pipeline.spool import Spool
from pipeline.step import Stepped
from pipeline.surroundings import surroundings_of
from streams import StreamError

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

BACKLOG = 256
"""Looks with news that may wait; when more do, looking waits (newer pictures replace older)."""
RECENT = 64
"""Looks a camera whose detections are remembered, for pins that name an earlier look."""
ENTRY_LEAD_S = 8.0
"""Seconds of packets kept from before a violation was first seen."""
AGAIN_S = 1.0
"""Pause before the store is tried again when it is busy or full."""
SHOWN_S = 0.001
"""Long enough to include the packet that is shown at a moment, too short for the next."""


class Recorder:
    """Takes steps from the inference thread and writes what came of them."""

    def __init__(
        self,
        *,
        store: Store,
        spool: Spool,
        ingest: Ingest,
        confirmer: Confirmer,
        clips: Clips,
        reserve: Reserve,
        proposals: ProposalFiles,
        emit: Callable[[Event], None],
    ) -> None:
        self._store = store
        self._spool = spool
        self._ingest = ingest
        self._confirmer = confirmer
        self._clips = clips
        self._reserve = reserve
        self._proposals = proposals
        self._emit = emit
        self._queue: queue.Queue[Stepped | None] = queue.Queue(BACKLOG)
        self._recent: dict[str, deque[Look]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    @property
    def backlog(self) -> int:
        """Looks that wait to be written."""
        return self._queue.qsize()

    def start(self) -> None:
        """Drop what a crash left on the spool, then begin to write."""
        self._spool.drop_all_but(sorted({pin.violation_id for pin in self._store.pins()}))
        self._thread.start()

    def record(self, stepped: Stepped) -> None:
        """Take a step; blocks while too many wait. Called by one thread."""
        outcome = stepped.outcome
        # Without its pixels: nobody asks for them here, and they are most of a camera's memory.
        stepped = replace(stepped, look=replace(stepped.look, picture=None))
        recent = self._recent.setdefault(stepped.look.camera_id, deque(maxlen=RECENT))
        recent.append(stepped.look)
        self._clips.saw(stepped.look)
        news = outcome.events or outcome.pins or outcome.proposals
        if news or stepped.snapshot is not None:
            self._queue.put(stepped)

    def stop(self, timeout_s: float) -> None:
        """Write what waits, then stop; after the time-out only the look at hand is finished.

        What was left is as after a crash: the rules find it again, from the state that was saved
        with the last look written.
        """
        self._queue.put(None)
        self._thread.join(timeout_s)
        self._stopping.set()
        self._thread.join(LEAVE_S)

    def _run(self) -> None:
        while (stepped := self._queue.get()) is not None and not self._stopping.is_set():
            try:
                self._write(stepped)
            except Exception:
                # The next look must still be written; what this one lost is told.
                log.exception("writing a look failed", extra={"camera": stepped.look.camera_id})

    def _write(self, stepped: Stepped) -> None:
        outcome = stepped.outcome
        for event in outcome.events:
            if event.change is Change.OPENED:
                self._opened(event.violation)
        for pin in outcome.pins:
            if pin.keep:
                self._keep(stepped.look.camera_id, pin)
        for event in outcome.events:
            if event.change is not Change.OPENED:
                self._changed(event)
        for pin in outcome.pins:
            if not pin.keep:
                self._forget(pin.violation_id)
        self._propose(stepped.look.camera_id, outcome.proposals)
        if stepped.snapshot is not None:
            snapshot = stepped.snapshot
            self._persist(lambda: self._store.save_watch(stepped.look.camera_id, snapshot))

    def _propose(self, camera_id: str, proposals: Sequence[Proposal]) -> None:
        try:
            if proposals:
                self._proposals.keep(camera_id, proposals)
        except OSError as error:
            log.warning("a proposal could not be kept", extra={"error": str(error)})

    def _opened(self, violation: Violation) -> None:
        alarm = self._persist(lambda: self._confirmer.pre_alarm(violation))
        if alarm is None:
            self._persist(lambda: self._store.open_violation(violation))
        else:
            payload, channel = alarm
            self._persist(lambda: self._store.open_violation(violation, payload, channel=channel))
        try:
            self._reserve.ready()
            excerpts = self._ingest.excerpts(
                violation.camera_id,
                violation.opened_at_s - ENTRY_LEAD_S,
                violation.last_at_s + SHOWN_S,
            )
            self._spool.keep_entry(violation.violation_id, excerpts)
        except (EvidenceError, IngestLost, LookupError, StreamError, OSError) as error:
            self._missing("entry", violation.violation_id, error)

    def _keep(self, camera_id: str, pin: Pin) -> None:
        """Put a look's packets on the spool while the ring still has them."""
        look = self._look_at(camera_id, pin.at_s)
        if look is None:
            self._missing("pin", pin.violation_id, LookupError("the look is no longer remembered"))
            return
        try:
            self._reserve.ready()
            excerpts = self._ingest.excerpts(camera_id, pin.at_s, pin.at_s + SHOWN_S)
            if not excerpts:
                raise LookupError("the ring no longer has it")  # noqa: TRY301 - told as the others
            path = self._spool.keep_look(
                pin.violation_id, pin.at_s, excerpts[0], surroundings_of(look)
            )
        except (EvidenceError, IngestLost, LookupError, StreamError, OSError) as error:
            self._missing("pin", pin.violation_id, error)
            return
        self._persist(
            lambda: self._store.pin(PinnedLook(pin.violation_id, camera_id, pin.at_s, path))
        )

    def _look_at(self, camera_id: str, at_s: float) -> Look | None:
        recent = tuple(self._recent.get(camera_id, ()))
        return next((look for look in reversed(recent) if look.at_s == at_s), None)

    def _missing(self, what: str, violation_id: str, error: Exception) -> None:
        log.warning(
            "packets could not be kept",
            extra={"what": what, "violation": violation_id, "error": str(error)},
        )

    def _changed(self, event: ViolationEvent) -> None:
        violation = event.violation
        match event.change:
            case Change.CONFIRMED:
                self._confirm(violation)
            case Change.UPDATED:
                self._persist(lambda: self._store.update(violation, event.reason))
            case Change.CLEARED:
                gone = self._confirmer.cleared(violation, event.reason, discarded=False)
                self._persist(lambda: self._store.clear(violation, event.reason, gone))
                self._forget(violation.violation_id)
            case Change.DISCARDED:
                gone = self._confirmer.cleared(violation, event.reason, discarded=True)
                self._persist(lambda: self._store.discard(violation, event.reason, gone))
                self._forget(violation.violation_id)

    def _confirm(self, violation: Violation) -> None:
        commit = self._confirmer.confirm(violation)
        confirmation = self._persist(commit)
        if confirmation is not None and confirmation.first and not confirmation.witness_of:
            self._emit(Confirmed(violation))
            self._clips.wanted(violation, tuple(self._recent.get(violation.camera_id, ())))
        self._forget(violation.violation_id)

    def _forget(self, violation_id: str) -> None:
        self._persist(lambda: self._store.drop_pins(violation_id))
        self._spool.drop(violation_id)

    def _persist(self, action: Callable[[], _Result]) -> _Result | None:
        """Do it, and again while the store is busy or full; None where it is not possible.

        A full disk costs the reserve first: then there is room for rows, and for nothing else.
        """
        while True:
            try:
                return action()
            except (StoreBusy, StoreFull) as error:
                log.warning("the store cannot take it yet", extra={"error": str(error)})
                if isinstance(error, StoreFull) and self._reserve.release():
                    continue
                if self._stopping.wait(AGAIN_S):
                    raise
            except (NotFound, WrongState) as error:
                # After a restart from an older state of the rules: the store knows better.
                log.warning("the store refuses", extra={"error": str(error)})
                return None
