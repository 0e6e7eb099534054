"""Service requests as the desk keeps them, and what may be asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cases.media_type import MediaType


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What a client has sent, checked."""

    service_code: str
    description: str
    lat: float | None
    long: float | None
    address: str
    media_url: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    """By code."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    kind: MediaType
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """A kept file: in memory, or in the desk's folder."""

    name: str
    content_type: str
    size: int
    content: bytes | None = field(default=None, repr=False)
    path: Path | None = None

    def read(self) -> bytes:
        """Return its bytes. Raises `OSError` where the file has gone."""
        if self.content is not None:
            return self.content
        assert self.path is not None  # noqa: S101  # one of the two
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """What a client says about a request that is there, checked."""

    service_request_id: str
    update_id: str
    """The client's own name of it; a second post of that name is the first."""
    description: str
    status: str
    updated_datetime: str


@dataclass(frozen=True, slots=True)
class RequestUpdate:
    """An update, as it arrived."""

    number: str
    received_at: datetime
    new: NewUpdate
    media: tuple[StoredMedia, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its media."""
        return sum(item.size for item in self.media)


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """One request, as it arrived."""

    request_id: str
    received_at: datetime
    new: NewRequest
    media: tuple[StoredMedia, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of its media."""
        return sum(item.size for item in self.media)


@dataclass(frozen=True, slots=True)
class Question:
    """Filters of a list; `request_ids` overrides the others, as GeoReport has it."""

    request_ids: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset()
    service_codes: frozenset[str] = frozenset()
    start: datetime | None = None
    """Received in [start, end], both included."""
    end: datetime | None = None

    def takes(self, request: ServiceRequest) -> bool:
        """Tell whether a request belongs to the answer."""
        if self.request_ids:
            return request.request_id in self.request_ids
        return (
            (not self.statuses or STATUS in self.statuses)
            and (not self.service_codes or request.new.service_code in self.service_codes)
            and self.holds(request.received_at)
        )

    def holds(self, at: datetime) -> bool:
        """Tell whether a time lies in the one that is asked about."""
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


def update_json(update: RequestUpdate) -> dict[str, Any]:
    """Write an update as the extension has it; `media` are paths on this server."""
    return {
        "update_id": update.number,
        "client_update_id": update.new.update_id,
        "service_request_id": update.new.service_request_id,
        "status": update.new.status,
        "updated_datetime": update.received_at.isoformat(timespec="milliseconds"),
        "description": update.new.description,
        "media": _media_json(update.number, update.media),
    }


def _media_json(number: str, media: tuple[StoredMedia, ...]) -> list[dict[str, str]]:
    return [
        {"path": f"/media/{number}/{item.name}", "content_type": item.content_type}
        for item in media
    ]


STATUS = "open"
"""Of every request: nobody works at this desk."""


def as_json(
    request: ServiceRequest,
    service_names: tuple[str, str],
    base_url: str,
    updates: Sequence[RequestUpdate] = (),
) -> dict[str, Any]:
    """GeoReport form. `media` (paths here), `updates` and the English name are extra fields."""
    media = _media_json(request.request_id, request.media)
    received = request.received_at.isoformat(timespec="milliseconds")
    new = request.new
    return {
        "service_request_id": request.request_id,
        "status": STATUS,
        "status_notes": None,
        "service_name": service_names[0],
        "service_name_en": service_names[1],
        "service_code": new.service_code,
        "description": new.description,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": received,
        "updated_datetime": received,
        "expected_datetime": None,
        "address": new.address or None,
        "address_id": None,
        "zipcode": None,
        "lat": new.lat,
        "long": new.long,
        "media_url": base_url + media[0]["path"] if media else new.media_url or None,
        "media": media,
        "updates": [update_json(update) for update in updates],
    }
