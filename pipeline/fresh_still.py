"""The picture that goes with a second look's answer: fresh, covered, signed like all evidence."""

import logging
from collections.abc import Callable
from dataclasses import replace

from cases import (
    CaseMedia,
    EvidenceError,
    EvidenceRequest,
    EvidenceWriter,
    FileKind,
    Reserve,
    SecondLook,
    Still,
    Store,
    Supplement,
)
from detectors import Look, Moment, Role, Violation
from pipeline.ingest import Ingest, IngestLost
from pipeline.surroundings import surroundings_of
from streams import Excerpt, StreamError

log = logging.getLogger(__name__)

SHOWN_S = 0.001
"""Long enough to include the packet that is shown at a moment, too short for the next."""


class FreshStills:
    """Writes the still of a look beside the evidence of its case. Any thread.

    `about` says everything of a violation that goes into evidence but its pictures.
    """

    def __init__(
        self,
        *,
        store: Store,
        ingest: Ingest,
        about: Callable[[Violation], EvidenceRequest],
        writer: EvidenceWriter,
        reserve: Reserve,
    ) -> None:
        self._store = store
        self._ingest = ingest
        self._about = about
        self._writer = writer
        self._reserve = reserve

    def __call__(self, request: SecondLook, look: Look) -> CaseMedia | None:
        """Write it; None, logged, where there is no picture (any more) or no room for one."""
        violation = self._store.case(request.violation_id).case.violation
        number = len(self._store.second_looks.of(request.violation_id))
        try:
            self._reserve.ready()
            still = self._still(violation, look)
            added = replace(self._about(violation), stills=(still,))
            evidence = self._writer.add(Supplement(name=f"answer-{number}", request=added))
        except (EvidenceError, IngestLost, LookupError, StreamError, OSError, ValueError) as error:
            log.warning(
                "a second look has no picture",
                extra={"violation": request.violation_id, "error": str(error)},
            )
            return None
        file = next(file for file in evidence.files if file.kind is FileKind.ANNOTATED)
        path = file.path.relative_to(self._writer.root).as_posix()
        return CaseMedia(path=path, sha256=file.sha256)

    def _still(self, violation: Violation, look: Look) -> Still:
        around = surroundings_of(look)
        excerpt = self._excerpt(look)
        return Still(
            moment=Moment(Role.CLEARANCE, look.at_s, look.captured_at, violation.box, None),
            picture=self._ingest.still(excerpt, look.at_s),
            width=around.width,
            height=around.height,
            seen=around.seen,
            excerpt=excerpt,
            state=look.state,
        )

    def _excerpt(self, look: Look) -> Excerpt:
        excerpts = self._ingest.excerpts(look.camera_id, look.at_s, look.at_s + SHOWN_S)
        if not excerpts:
            raise LookupError("the ring no longer has it")
        return excerpts[0]
