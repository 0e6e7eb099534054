"""What an attribute of a GeoReport service may be filled with."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from cases.payload import CasePayload

_NAME: Final = re.compile(r"\{([^{}]*)\}")


def attribute_facts() -> tuple[str, ...]:
    """Return the names that may stand in braces."""
    return tuple(_FACTS)


def unknown_facts(template: str) -> tuple[str, ...]:
    """Return the names in braces that are none."""
    return tuple(name for name in _NAME.findall(template) if name not in _FACTS)


def filled(templates: Mapping[str, str], case: CasePayload) -> dict[str, str]:
    """Fill a case's facts into attributes, by their codes; empty ones are left out."""
    found = {
        code: _NAME.sub(lambda match: _fact(match[1], case), template)
        for code, template in templates.items()
    }
    return {code: text for code, text in found.items() if text.strip()}


def _fact(name: str, case: CasePayload) -> str:
    path = _FACTS.get(name)
    if path is None:
        return "{" + name + "}"
    return _written(_at(case, path))


def _at(case: CasePayload, path: Iterable[str]) -> object:
    value: object = case
    for step in path:
        value = getattr(value, step)
    return value


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return f"{value:.7f}" if isinstance(value, float) else str(value)


_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "case_key": ("case_key",),
    "kind": ("kind",),
    "code": ("code", "code"),
    "name": ("code", "name"),
    "title": ("title",),
    "description": ("description",),
    "address": ("address",),
    "grid": ("grid",),
    "department": ("department",),
    "lat": ("lat",),
    "lon": ("lon",),
    "captured_at": ("captured_at",),
    "confirmed_at": ("confirmed_at",),
    "manifest_sha256": ("manifest_sha256",),
}
