"""What the desk calls the service codes that it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from configs import code_profile, code_profiles


@dataclass(frozen=True, slots=True)
class Service:
    """A line of a code table, as an Open311 service."""

    code: str
    name_zh: str
    name_en: str
    standard: str
    kind: str
    """Our kind of violation; empty where the code is unknown here."""

    def as_json(self) -> dict[str, Any]:
        """GeoReport form, with the English name as an extra field."""
        return {
            "service_code": self.code,
            "service_name": self.name_zh,
            "service_name_en": self.name_en,
            "description": self.name_en,
            "metadata": False,
            "type": "realtime",
            "keywords": self.kind,
            "group": self.standard,
        }


def known_services() -> Mapping[str, Service]:
    """Every code of the bundled profiles, by code. Raises `ConfigError`.

    The profiles number differently (five digits, four digits), so that codes do not collide.
    """
    found: dict[str, Service] = {}
    for name in code_profiles():
        profile = code_profile(name)
        for kind, rows in profile.codes.items():
            for row in rows:
                found.setdefault(
                    row.code, Service(row.code, row.name_zh, row.name_en, profile.standard, kind)
                )
    return found


def unknown_service(code: str) -> Service:
    """Stand in for a code of a city's own profile: the desk takes those as well."""
    return Service(code, code, code, "", "")
