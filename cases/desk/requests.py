"""Service requests as the desk keeps them, and what may be asked of them."""

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
            and (self.start is None or self.start <= request.received_at)
            and (self.end is None or request.received_at <= self.end)
        )


STATUS = "open"
"""Of every request: nobody works at this desk."""


def as_json(
    request: ServiceRequest, service_names: tuple[str, str], base_url: str
) -> dict[str, Any]:
    """GeoReport form. `media` (paths on this server) and the English name are extra fields."""
    paths = [f"/media/{request.request_id}/{item.name}" for item in request.media]
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
        "media_url": base_url + paths[0] if paths else new.media_url or None,
        "media": [
            {"path": path, "content_type": item.content_type}
            for path, item in zip(paths, request.media, strict=True)
        ],
    }
