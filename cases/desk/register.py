"""The desk's register: the newest requests, bounded in number and bytes, optionally on disk."""

import itertools
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cases.desk.folder import Folder
from cases.desk.requests import NewRequest, Question, ServiceRequest, StoredMedia, Upload

logger = logging.getLogger(__name__)

LISTED = 1000
"""Most requests in one answer, as GeoReport proposes."""


class Register:
    """Keeps requests in the order of their arrival; the oldest leave when there are too many.

    Safe to use from several threads. With a folder, requests survive a restart.
    """

    def __init__(self, *, max_requests: int, max_bytes: int, folder: Path | None = None) -> None:
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._folder = None if folder is None else Folder(folder)
        self._lock = threading.Lock()
        self._last_number = 0 if self._folder is None else self._folder.last_number()
        self._requests: dict[str, ServiceRequest] = {}
        self._changes = 0
        self._born = datetime.now(UTC)
        for request in () if self._folder is None else self._folder.load():
            self._requests[request.request_id] = request
        self._drop_oldest()

    @property
    def revision(self) -> str:
        """Another text after every change."""
        return f"{self._born.timestamp():.6f}-{self._changes}"

    def add(self, new: NewRequest, uploads: Sequence[Upload]) -> ServiceRequest:
        """Keep a request and its files. Raises `OSError` where the folder takes no more."""
        with self._lock:
            received_at = datetime.now(UTC)
            request_id = self._new_id(received_at)
            media = tuple(
                StoredMedia(
                    name=f"{number}{upload.kind.suffix}",
                    content_type=upload.kind.content_type,
                    size=len(upload.content),
                    content=upload.content,
                )
                for number, upload in enumerate(uploads, start=1)
            )
            request = ServiceRequest(request_id, received_at, new, media)
            if self._folder is not None:
                request = self._folder.keep(request)
            self._requests[request_id] = request
            self._changes += 1
            self._drop_oldest()
            return request

    def get(self, request_id: str) -> ServiceRequest | None:
        """Return one request; None when there is none of this id (any more)."""
        with self._lock:
            return self._requests.get(request_id)

    def listed(self, question: Question) -> list[ServiceRequest]:
        """Return matching requests, the newest first, at most `LISTED`."""
        with self._lock:
            newest_first = reversed(self._requests.values())
            matching = (request for request in newest_first if question.takes(request))
            return list(itertools.islice(matching, LISTED))

    def _new_id(self, at: datetime) -> str:
        """Second and a running number: higher than every one before, also over a restart."""
        self._last_number = max(self._last_number + 1, int(f"{at:%Y%m%d%H%M%S}0001"))
        return str(self._last_number)

    def _drop_oldest(self) -> None:
        size = sum(request.size for request in self._requests.values())
        while len(self._requests) > self._max_requests or (
            size > self._max_bytes and len(self._requests) > 1
        ):
            oldest = self._requests.pop(next(iter(self._requests)))
            size -= oldest.size
            if self._folder is not None:
                self._folder.forget(oldest)
            logger.info("request %s leaves the desk: there is no more room", oldest.request_id)
