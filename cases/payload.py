"""A case as it is frozen when its violation is confirmed: codes, place, times, words, pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import AwareDatetime, TypeAdapter

Language = Literal["zh-CN", "en"]

DESCRIPTION_LIMIT: Final = 4000
"""Characters; GeoReport v2 allows no longer description."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCode:
    """What a code table calls a kind of violation."""

    standard: str
    """The table, such as "GB/T 47678.5-2026": the same digits mean other things in another."""
    code: str
    name: str
    """In the language of the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMedia:
    """A picture that goes out with the case."""

    path: str
    """POSIX path, relative to the evidence root (or absolute)."""
    sha256: str
    """Hex; a file that has changed since is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayload:
    """Everything that any case system is told about a case; the same at every attempt."""

    case_key: str
    """Stands in the title and the description, so that the case can be found by it."""
    kind: str
    code: CaseCode
    language: Language
    title: str
    """One line."""
    description: str
    """At most 4000 characters, plain text; begins with the title."""
    lat: float | None
    """Degrees north, WGS 84; None where only the address is known."""
    lon: float | None
    address: str
    """Empty where only the coordinates are known."""
    grid: str
    """Code of the management grid cell; empty where none is configured."""
    department: str
    """Who is responsible; empty where nobody is configured."""
    captured_at: AwareDatetime
    """When the thing was first seen."""
    confirmed_at: AwareDatetime
    """When the look that completed the dwell was taken."""
    manifest_sha256: str
    media: tuple[CaseMedia, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, as the outbox stores it."""
        found: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "CasePayload":
        """Read what `to_json` made. Raises `ValueError` where it is something else."""
        return _ADAPTER.validate_python(dict(stored))


_ADAPTER: Final = TypeAdapter(CasePayload)
