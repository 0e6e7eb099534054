"""What a service asks of every request: the attributes of its definition that are required."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from cases.deadline import Deadline
from cases.open311.connection import Connection
from cases.open311.replies import NotUnderstood, entries
from cases.system import DeliveryError

_HELD_S: Final = 3600.0
"""A definition is asked for again after this time."""
_AGAIN_S: Final = 600.0
"""And one that could not be had after this."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that a service asks for."""

    code: str
    description: str


def required(body: bytes) -> tuple[Attribute, ...]:
    """Read the required attributes of a service definition. Raises `NotUnderstood`.

    Those that only inform (`variable: false`) or that the server fills itself are left out.
    """
    found = []
    for row in entries(body, ("attributes",)):
        code = str(row.get("code") or "")
        if not code:
            raise NotUnderstood("an attribute without a code")
        if _yes(row.get("required")) and _asked(row):
            described = row.get("description") or row.get("datatype_description") or ""
            found.append(Attribute(code, str(described)[:100]))
    return tuple(found)


def _asked(row: Mapping[str, Any]) -> bool:
    automated = str(row.get("automated") or "")
    return automated != "server_set" and (row.get("variable") is None or _yes(row.get("variable")))


def _yes(value: Any) -> bool:
    return value is True or str(value).lower() in {"true", "1"}


class Definitions:
    """What the services of one server ask for, kept for a while.

    Two threads at once may ask for a definition twice, and nothing worse.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, tuple[float, tuple[Attribute, ...]]] = {}

    def required(self, service_code: str, deadline: Deadline) -> tuple[Attribute, ...]:
        """Return what a service asks for; nothing where the server does not tell."""
        until_s, found = self._known.get(service_code, (0.0, ()))
        if time.monotonic() < until_s:
            return found
        try:
            found, holds_s = self._ask(service_code, deadline), _HELD_S
        except (DeliveryError, NotUnderstood):
            found, holds_s = (), _AGAIN_S  # a server without definitions takes posts all the same
        self._known[service_code] = (time.monotonic() + holds_s, found)
        return found

    def _ask(self, service_code: str, deadline: Deadline) -> tuple[Attribute, ...]:
        offered = {service.code: service for service in self._connection.services(deadline)}
        service = offered.get(service_code)
        if service is None or not service.metadata:
            return ()
        resource = f"services/{quote(service_code, safe='')}"
        return required(self._connection.ask(resource, {}, deadline).body)


def missing(asked: Collection[Attribute], given: Collection[str]) -> tuple[Attribute, ...]:
    """Return the attributes that are asked for and not given."""
    return tuple(each for each in asked if each.code not in given)
