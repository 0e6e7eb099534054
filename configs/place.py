"""Where a camera or zone is, as a case system wants to know it."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from configs.fields import NUMBER, Model, fault

GRID = re.compile(r"[0-9]{12}[0-9A-Z]{2,3}")
"""12 digits of the division (6 area, 3 street, 3 community), then the sequence number."""


def _grid(text: str) -> str:
    remedy = 'write the grid code in quotes, such as "370203001001001"'
    if not text.isascii() or not text.isalnum():
        raise fault("<value> is no grid code", remedy)
    if len(text) in (14, 15) and not GRID.fullmatch(text):
        raise fault("<value> is no grid code: the first 12 characters are digits", remedy)
    return text


def _area_code(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{5}", text):
        raise fault(
            "<value> is no area code",
            'write the 6 digits of GB/T 2260 in quotes, such as "370203"',
        )
    return text


GridCode = Annotated[str, AfterValidator(_grid)]
"""Code of the management grid cell; its length is checked against the site's grid_length."""

AreaCode = Annotated[str, AfterValidator(_area_code)]
"""Administrative division, 6 digits (GB/T 2260)."""


class Place(Model):
    """Where the camera looks. A zone may override any of these."""

    lat: Annotated[float, Field(ge=-90, le=90), NUMBER] | None = None
    """Degrees north (CGCS2000, which for this purpose equals WGS 84)."""
    lon: Annotated[float, Field(ge=-180, le=180), NUMBER] | None = None
    """Degrees east."""
    address: str | None = None
    grid: GridCode | None = None
    """Code of the management grid cell: 15 characters (14 with site.grid_length: 14)."""
    department: str | None = None
    """Who is responsible."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            given, absent = ("lat", "lon") if self.lon is None else ("lon", "lat")
            raise fault(f"{given} without {absent}", f"write {absent}, or leave both out")
        return self

    @property
    def area_code(self) -> str | None:
        """Administrative division that the grid code starts with."""
        return None if self.grid is None else self.grid[:6]

    def overridden_by(self, other: "Place | None") -> "Place":
        """Return this place with everything that the other one says."""
        if other is None:
            return self
        said = {name: value for name, value in other if value is not None}
        return self.model_copy(update=said)
