"""The services that a GeoReport server offers, and which of them a case is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cases.open311.replies import NotUnderstood, entries


@dataclass(frozen=True, slots=True)
class Service:
    """A kind of request that the server takes."""

    code: str
    name: str
    metadata: bool = False
    """Whether it has a definition: attributes that may be required."""


def services(body: bytes) -> tuple[Service, ...]:
    """Read a service list. Raises `NotUnderstood` where it is none."""
    found = tuple(_service(row) for row in entries(body, ("services", "data", "results")))
    if not found:
        raise NotUnderstood("a service list without services")
    return found


def speaks_json(discovery: bytes) -> bool | None:
    """Tell from a discovery document whether JSON is served. None: it does not say."""
    try:
        found = " ".join(_texts(entries(discovery, ("discovery",), single=True))).lower()
    except NotUnderstood:
        return None
    if "application/json" in found:
        return True
    return False if "text/xml" in found or "application/xml" in found else None


def code_of(wanted: str, offered: Iterable[Service]) -> str | None:
    """Return the code of the service that is called so, by its code or else by its name.

    None where none is, or several have the name.
    """
    listed = tuple(offered)
    if any(service.code == wanted for service in listed):
        return wanted
    named = {service.code for service in listed if _same(service.name, wanted)}
    return named.pop() if len(named) == 1 else None


def _service(row: Mapping[str, Any]) -> Service:
    code = row.get("service_code")
    if isinstance(code, bool) or not isinstance(code, (str, int)) or code == "":
        raise NotUnderstood("a list of something other than services")
    metadata = str(row.get("metadata")).lower() in {"true", "1"}
    return Service(str(code), str(row.get("service_name") or ""), metadata)


def _same(name: str, other: str) -> bool:
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
