"""The clip around a confirmation: cut after its post-roll, covered, added to the evidence, sent on.

A thread of its own waits for the post-roll, and a process of its own, at a low priority, decodes
and encodes: neither looking nor recording waits for a clip, and a crash in C costs the clip alone.
"""

import logging
import multiprocessing
import os
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from zoneinfo import ZoneInfo

from cases import (
    CLIP_SUPPLEMENT,
    LEAST_LOOKS,
    CaseMedia,
    CasesError,
    EvidenceRequest,
    Language,
    LookSeen,
    Message,
    Reserve,
    ShownJob,
    Store,
    Supplement,
    clip_caption,
    make_shown,
    shown_clip,
    update_payload,
)
from configs import Site
from detectors import Basis, Look, Violation
from pipeline.confirmation import Confirmer
from pipeline.ingest import Ingest, IngestLost
from pipeline.surroundings import surroundings_of
from streams import Excerpt, StreamError

log = logging.getLogger(__name__)

LEAD_S = 6.0
"""Seconds before the confirmation that the clip shows."""
POST_ROLL_S = 4.0
"""And after it."""
LATE_S = 12.0
"""A camera that gives no look for this long after the post-roll gives none: the clip ends early."""
ENCODE_S = 60.0
"""Longest time for making a clip; a few seconds are usual."""
LEAVE_S = 10.0
"""How long stopping waits for what is given up to be left: a disk that hangs must not hang it."""
WATCH_S = 0.2
"""How often an encoder is asked whether it has ended, while stopping may run out of time."""
NICE = 10
WHY_SUFFIX = ".why"
_WAITING = 32
"""Clips that may wait for their turn; more than a site confirms at once."""


@dataclass(slots=True)
class _Pending:
    """A confirmation whose post-roll is not over."""

    violation: Violation
    looks: list[LookSeen]
    give_up_s: float
    """Monotonic."""
    taken: bool = field(default=False)

    @property
    def until_s(self) -> float:
        """Time of the look that ends it, on the camera's timeline."""
        return self.violation.last_at_s + POST_ROLL_S


class Clips:
    """Makes the clips of a site's confirmations, one after the other. Any thread may call it."""

    def __init__(
        self,
        site: Site,
        *,
        store: Store,
        ingest: Ingest,
        confirmer: Confirmer,
        reserve: Reserve,
        on_clip: Callable[[], None],
    ) -> None:
        """Call `start`; `on_clip` is told when one is in the outbox."""
        self._site = site
        self._store = store
        self._ingest = ingest
        self._confirmer = confirmer
        self._writer = confirmer.writer
        self._reserve = reserve
        self._on_clip = on_clip
        self._lock = threading.Lock()
        self._pending: list[_Pending] = []
        self._queue: queue.Queue[_Pending | None] = queue.Queue(_WAITING)
        self._folder = site.data / "spool" / "clips"
        self._out_of_time = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    def start(self) -> None:
        """Begin to make clips."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Cut what is pending short, make it, and stop. Call it while cameras still run.

        What is not made within the time-out is given up, so that nothing is written afterwards.
        """
        with self._lock:
            pending, self._pending = self._pending, []
        for each in pending:
            self._hand_over(each)
        self._queue.put(None)
        self._thread.join(timeout_s)
        self._out_of_time.set()
        self._thread.join(LEAVE_S)

    def wanted(self, violation: Violation, recent: Sequence[Look]) -> None:
        """Make the clip of a confirmation; `recent` are the camera's last looks."""
        counting = [look for look in recent if _counts(look)]
        from_s = violation.last_at_s - LEAD_S
        # Where little moves, few looks count: the clip begins earlier then.
        from_s = min([from_s, *(look.at_s for look in counting[-LEAST_LOOKS:])])
        looks = [look_seen(look) for look in counting if look.at_s >= from_s]
        give_up_s = time.monotonic() + POST_ROLL_S + LATE_S
        pending = _Pending(violation, looks, give_up_s)
        with self._lock:
            self._pending.append(pending)
        if looks and looks[-1].at_s >= pending.until_s:
            self._finish([pending])

    def saw(self, look: Look) -> None:
        """Take note of a look: its boxes cover the clips that it falls into. Never waits."""
        with self._lock:
            mine = [each for each in self._pending if each.violation.camera_id == look.camera_id]
            if mine and _counts(look):
                seen = look_seen(look)
                for each in mine:
                    if not each.looks or each.looks[-1].at_s < seen.at_s:
                        each.looks.append(seen)
            now_s = time.monotonic()
            done = [each for each in mine if look.at_s >= each.until_s]
            late = [each for each in self._pending if each not in mine and now_s > each.give_up_s]
        self._finish([*done, *late])

    def _finish(self, done: Sequence[_Pending]) -> None:
        for each in done:
            with self._lock:
                if each not in self._pending:
                    continue
                self._pending.remove(each)
            self._hand_over(each)

    def _hand_over(self, pending: _Pending) -> None:
        try:
            self._queue.put_nowait(pending)
        except queue.Full:
            log.warning("too many clips wait", extra=_named(pending.violation))

    def _run(self) -> None:
        while (pending := self._queue.get()) is not None:
            if self._out_of_time.is_set():
                log.warning("no clip: no time was left", extra=_named(pending.violation))
                continue
            try:
                self._make(pending)
            except (CasesError, IngestLost, LookupError, StreamError, OSError, ValueError) as error:
                log.warning("no clip: %s", error, extra=_named(pending.violation))
            except Exception:
                # The next clip must still be made.
                log.exception("no clip", extra=_named(pending.violation))

    def _make(self, pending: _Pending) -> None:
        violation = pending.violation
        if not self._writer.folder_of(violation).is_dir():
            return  # no evidence (a full disk): nothing to add to
        self._reserve.ready()
        first_s = pending.looks[0].at_s if pending.looks else violation.last_at_s - LEAD_S
        last_s = pending.looks[-1].at_s if pending.looks else violation.last_at_s
        excerpts = self._ingest.excerpts(violation.camera_id, first_s, last_s + 0.001)
        request = replace(self._confirmer.about(violation), entry_clip=excerpts)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{violation.violation_id}.mp4"
        try:
            made = self._covered(pending, excerpts, request, path)
            self._writer.add(Supplement(CLIP_SUPPLEMENT, request, path if made else None))
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        if made:
            self._tell(violation, excerpts[0].captured_at(last_s))

    def _covered(
        self,
        pending: _Pending,
        excerpts: tuple[Excerpt, ...],
        request: EvidenceRequest,
        path: Path,
    ) -> bool:
        """Make the clip that may leave the box; False where it cannot be made."""
        violation = pending.violation
        job = ShownJob(
            excerpts=excerpts,
            looks=tuple(pending.looks),
            accused=violation.box,
            label=violation.label,
            confirmed_s=violation.last_at_s,
            zone=request.zone,
        )
        bare = replace(request, entry_clip=())
        place = (self._site.site.language, self._site.site.timezone)
        # Spawned, not forked: this process has threads and FFmpeg's state.
        process = multiprocessing.get_context("spawn").Process(
            target=_encode, args=(job, path, bare, *place), name="streetwarden-clip", daemon=True
        )
        process.start()
        self._wait_for(process)
        why = path.with_suffix(WHY_SUFFIX)
        if process.exitcode != 0 or not path.exists():
            said = why.read_text(encoding="utf-8") if why.exists() else f"exit {process.exitcode}"
            log.warning("no clip that may leave the box: %s", said, extra=_named(violation))
            return False
        return True

    def _wait_for(self, process: SpawnProcess) -> None:
        """Wait until it has ended; kills it where it takes too long, or stopping has no time."""
        end_s = time.monotonic() + ENCODE_S
        while process.is_alive():
            if self._out_of_time.is_set() or time.monotonic() > end_s:
                process.kill()
            process.join(WATCH_S)

    def _tell(self, violation: Violation, at: datetime) -> None:
        """Put the clip into the outbox as an update of its case."""
        file = shown_clip(self._writer.folder_of(violation))
        if file is None:
            return
        where = file.path.relative_to(self._writer.root).as_posix()
        media = CaseMedia(path=where, sha256=file.sha256)
        payload = update_payload(
            violation,
            Message.CLIP,
            at=at,
            language=self._site.site.language,
            timezone=self._site.site.timezone,
            media=(media,),
        )
        self._store.add_update(violation.violation_id, Message.CLIP, payload.to_json())
        self._on_clip()


def look_seen(look: Look) -> LookSeen:
    """Return what a look has found, as clips need it."""
    around = surroundings_of(look)
    return LookSeen(look.at_s, around.width, around.height, around.seen)


def _counts(look: Look) -> bool:
    """Tell whether a look vouches for anything: a carried one does not."""
    return look.basis is Basis.OBSERVED


def _named(violation: Violation) -> dict[str, str]:
    return {"violation": violation.violation_id, "camera": violation.camera_id}


def _encode(
    job: ShownJob, path: Path, request: EvidenceRequest, language: Language, timezone: ZoneInfo
) -> None:
    """Make the clip, in a process of its own; what kept it from being made is left beside it."""
    os.nice(NICE)
    caption = partial(clip_caption, request, language=language, timezone=timezone)
    try:
        make_shown(job, path, caption)
    except (OSError, StreamError, ValueError) as error:
        path.with_suffix(WHY_SUFFIX).write_text(str(error), encoding="utf-8")
        sys.exit(1)
