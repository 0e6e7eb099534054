"""Answers the second looks that are asked for: from the cameras' looks, with a fresh still.

A request stands in the store until it is answered, so a restart asks again. The inference thread
hands every look over; a thread of its own reads requests, takes the still and writes the answer.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from cases import (
    CaseMedia,
    Message,
    SecondLook,
    Store,
    StoreError,
    WrongState,
    update_payload,
)
from configs import Site
from detectors import Look, Violation
from pipeline.plan import conf_of
from pipeline.second_look import Finding, SecondLookJudge

log = logging.getLogger(__name__)

READ_S: Final = 5.0
"""Between two looks into the store for new requests."""
KNOWN: Final = 200
"""Requests that are answered at the same time; the others wait."""

FreshStill = Callable[[SecondLook, Look], CaseMedia | None]
"""Writes what a look shows, covered as every picture that leaves, below the evidence root."""


class SecondLooks:
    """The second looks of a site. `see` is called by the inference thread."""

    def __init__(
        self,
        site: Site,
        store: Store,
        *,
        still: FreshStill,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site = site
        self._store = store
        self._still = still
        self._clock = clock
        self._cameras = {camera.id for camera in site.cameras}
        self._lock = threading.Lock()
        self._open: dict[int, tuple[SecondLook, SecondLookJudge]] = {}
        self._ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._agreed: set[int] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="second-looks", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop; what is not answered is asked again at the next start."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def see(self, look: Look) -> None:
        """Take a look at a street, whether or not anybody waits for it."""
        if not self._open:
            return
        with self._lock:
            for request_id, (request, judge) in self._open.items():
                if request.camera_id != look.camera_id or request_id in self._agreed:
                    continue
                if judge.see(look) is not None:
                    self._agreed.add(request_id)
                    self._ready.put(request_id)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.work()
            except StoreError as error:
                log.warning("second looks go on after: %s", error)
            except Exception:  # the next request must still be answered
                log.exception("a second look failed")
            self._stopping.wait(READ_S)

    def work(self) -> None:
        """Take up new requests, answer those whose looks agree, give up those overdue."""
        self._take_up()
        while not self._ready.empty():
            self._answer(self._ready.get())
        now = self._clock()
        for request_id, (_, judge) in self._listed().items():
            finding = judge.overdue(now)
            if finding is not None:
                self._finish(request_id, finding)

    def _listed(self) -> Mapping[int, tuple[SecondLook, SecondLookJudge]]:
        with self._lock:
            return dict(self._open)

    def _take_up(self) -> None:
        for request in self._store.second_looks.open(limit=KNOWN):
            if request.request_id in self._open:
                continue
            violation = self._store.case(request.violation_id).case.violation
            # From now on: a process that was away has not looked meanwhile.
            since = max(request.asked_at, self._clock())
            judge = SecondLookJudge(violation, since, self._conf(violation))
            with self._lock:
                self._open[request.request_id] = (request, judge)

    def _conf(self, violation: Violation) -> float | None:
        """Score that the rule of a violation asks for; None where it is no more."""
        for camera in self._site.cameras:
            for rule in camera.rules if camera.id == violation.camera_id else ():
                if rule.kind == violation.kind and violation.zone_id in {"", *rule.zones}:
                    return conf_of(self._site, camera, rule)
        return None

    def _answer(self, request_id: int) -> None:
        request, judge = self._open[request_id]
        state = self._store.case(request.violation_id).case.state
        with self._lock:
            finding = judge.finding(state)
        self._finish(request_id, finding)

    def _finish(self, request_id: int, finding: Finding) -> None:
        request, _ = self._open[request_id]
        violation = self._store.case(request.violation_id).case.violation
        still = None if finding.look is None else self._still(request, finding.look)
        payload = update_payload(
            violation,
            Message.ANSWER,
            answer=finding.answer,
            at=self._clock() if finding.look is None else finding.look.captured_at,
            language=self._site.site.language,
            timezone=self._site.site.timezone,
            reason=finding.why,
            media=() if still is None else (still,),
        ).to_json()
        looks = self._store.second_looks
        try:
            looks.answer(request_id, finding.answer, finding.why, payload)
        except WrongState:  # nobody was told of the violation: the answer stays here
            looks.answer(request_id, finding.answer, finding.why, None)
        log.info(
            "a second look is answered",
            extra={"violation": request.violation_id, "answer": finding.answer.value},
        )
        with self._lock:
            self._open.pop(request_id, None)
            self._agreed.discard(request_id)
