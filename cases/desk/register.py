"""The desk's register: the newest requests, bounded in number and bytes, optionally on disk."""

import itertools
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cases.desk.folder import Folder
from cases.desk.requests import (
    NewRequest,
    NewUpdate,
    Question,
    RequestUpdate,
    ServiceRequest,
    StoredMedia,
    Upload,
)

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
        self._updates: dict[str, list[RequestUpdate]] = {}
        """By the number of their request, in order of arrival."""
        self._changes = 0
        self._born = datetime.now(UTC)
        for request in () if self._folder is None else self._folder.load():
            self._requests[request.request_id] = request
        for update in () if self._folder is None else self._folder.load_updates():
            self._updates.setdefault(update.new.service_request_id, []).append(update)
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
            request = ServiceRequest(request_id, received_at, new, _stored(uploads))
            if self._folder is not None:
                request = self._folder.keep(request)
            self._requests[request_id] = request
            self._changes += 1
            self._drop_oldest()
            return request

    def add_update(self, new: NewUpdate, uploads: Sequence[Upload]) -> RequestUpdate:
        """Keep an update; a second post of its name returns the first. KeyError, OSError."""
        with self._lock:
            if new.service_request_id not in self._requests:
                raise KeyError(new.service_request_id)
            there = self._updates.setdefault(new.service_request_id, [])
            for update in there:
                if update.new.update_id == new.update_id:
                    return update
            received_at = datetime.now(UTC)
            number = self._new_id(received_at)
            update = RequestUpdate(number, received_at, new, _stored(uploads))
            if self._folder is not None:
                update = self._folder.keep_update(update)
            there.append(update)
            self._changes += 1
            self._drop_oldest()
            return update

    def updates_of(self, request_id: str) -> tuple[RequestUpdate, ...]:
        """Return the updates of a request, oldest first."""
        with self._lock:
            return tuple(self._updates.get(request_id, ()))

    def updates(self, question: Question) -> list[RequestUpdate]:
        """Return updates of a time, the newest first, at most `LISTED`."""
        with self._lock:
            every = [update for updates in self._updates.values() for update in updates]
        every.sort(key=lambda update: int(update.number), reverse=True)
        return [update for update in every if question.holds(update.received_at)][:LISTED]

    def media(self, number: str, name: str) -> StoredMedia | None:
        """Find a file of a request or an update; None when it is not there (any more)."""
        with self._lock:
            request = self._requests.get(number)
            found = list(request.media) if request is not None else []
            found += [
                item
                for updates in self._updates.values()
                for update in updates
                if update.number == number
                for item in update.media
            ]
        return next((item for item in found if item.name == name), None)

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
        size = sum(self._size(request) for request in self._requests.values())
        while len(self._requests) > self._max_requests or (
            size > self._max_bytes and len(self._requests) > 1
        ):
            oldest = self._requests[next(iter(self._requests))]
            size -= self._size(oldest)
            del self._requests[oldest.request_id]
            updates = self._updates.pop(oldest.request_id, [])
            if self._folder is not None:
                self._folder.forget(oldest, updates)
            logger.info("request %s leaves the desk: there is no more room", oldest.request_id)

    def _size(self, request: ServiceRequest) -> int:
        updates = self._updates.get(request.request_id, ())
        return request.size + sum(update.size for update in updates)


def _stored(uploads: Sequence[Upload]) -> tuple[StoredMedia, ...]:
    return tuple(
        StoredMedia(
            name=f"{number}{upload.kind.suffix}",
            content_type=upload.kind.content_type,
            size=len(upload.content),
            content=upload.content,
        )
        for number, upload in enumerate(uploads, start=1)
    )
