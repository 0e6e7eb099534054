"""Code profiles: what a city's code table calls each kind of violation.

Profiles are data files (configs/codes/*.yaml, or a city's own file in the same form): codes are
never written in logic. A code is only unique together with its standard and its kind of entry.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from configs.document import read_document
from configs.errors import ConfigError
from configs.fields import NUMBER, Model, fault
from configs.messages import config_error, suggestion
from configs.working_time import LONGEST_HOURS

FOLDER = Path(__file__).parent / "codes"

Entry = Literal["component", "matter", "event"]
"""部件, 事项 (事件 in older tables): a standard may give one number to entries of both."""


class CodeRow(Model):
    """One line of a profile."""

    code: Annotated[str, Field(examples=["09009"])]
    name_zh: str
    name_en: str
    zone_kinds: tuple[str, ...] = ()
    """Kinds of zone for which this row is meant; empty: all that no row above took."""
    work_hours: Annotated[float, Field(gt=0, le=LONGEST_HOURS), NUMBER] | None = None
    """Working hours in which it is to be dealt with; absent: no deadline is sent."""


class ClassName(Model):
    """What a class of kinds (大类) is called."""

    name_zh: str
    name_en: str


class Code(Model):
    """What a standard calls a kind of violation."""

    standard: str
    entry: Entry
    code: str
    """Digits of the type: 5 in GB/T 47678.5 (2 class, 3 kind), 4 in CJ/T 214."""
    name_zh: str
    name_en: str
    work_hours: float | None = None
    """Working hours in which it is to be dealt with."""
    main_code: str = ""
    """Digits of its class (大类); empty where the profile does not tell them."""
    main_zh: str = ""
    main_en: str = ""

    def main_name(self, language: str) -> str:
        """Name of its class in a site's language; empty where it is not known."""
        return self.main_en if language == "en" else self.main_zh

    def name(self, language: str) -> str:
        """Name in a site's language: "zh-CN" or "en"."""
        return self.name_en if language == "en" else self.name_zh


class CodeProfile(Model):
    """A code table, as far as it is needed."""

    standard: Annotated[str, Field(examples=["GB/T 47678.5-2026"])]
    entry: Entry
    digits: Annotated[int, Field(ge=1, le=16)]
    """Length of every code in the table."""
    class_digits: Annotated[int, Field(ge=1, le=8)] | None = None
    """How many digits of a code name its class (大类); absent: they do not."""
    classes: Mapping[str, ClassName] = {}
    """Names of the classes by their digits."""
    codes: Mapping[str, Annotated[tuple[CodeRow, ...], Field(min_length=1)]]
    """Rows by kind of violation, in the order in which they are tried."""
    uncoded: Mapping[str, str] = {}
    """Kinds that the table leaves out on purpose, and why."""

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        for kind, rows in self.codes.items():
            for row in rows:
                if not re.fullmatch(rf"[0-9]{{{self.digits}}}", row.code):
                    raise fault(
                        f"the code {row.code[:40]!r} of {kind} has not {self.digits} digits",
                        "write the code in quotes, or change digits:",
                    )
        return self

    def code(self, kind: str, zone_kind: str = "any") -> Code | None:
        """Look up a kind of violation in a kind of zone; None where the table has no code."""
        for row in self.codes.get(kind, ()):
            if not row.zone_kinds or zone_kind in row.zone_kinds:
                main = row.code[: self.class_digits] if self.class_digits else ""
                named = self.classes.get(main)
                return Code(
                    main_code=main,
                    main_zh=named.name_zh if named else "",
                    main_en=named.name_en if named else "",
                    standard=self.standard,
                    entry=self.entry,
                    code=row.code,
                    name_zh=row.name_zh,
                    name_en=row.name_en,
                    work_hours=row.work_hours,
                )
        return None


def matter_code(area: str, code: Code) -> str:
    """Write the 11 digits under which a matter is transmitted: area (GB/T 2260), then type.

    GB/T 47678.5-2026, table 3 (SXDM, C11). Raises ValueError for codes of other tables.
    """
    if not re.fullmatch(r"[0-9]{6}", area) or not re.fullmatch(r"[0-9]{5}", code.code):
        raise ValueError(
            f"expected an area of 6 digits and a code of 5, got {area!r} and {code.code!r}"
        )
    return area + code.code


def code_profiles() -> tuple[str, ...]:
    """Names of the bundled profiles."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


def code_profile(name_or_path: str, base: Path | None = None) -> CodeProfile:
    """Read a profile: a bundled one by name; with "/" or ".yaml" a file, relative to `base`.

    Raises ConfigError.
    """
    if "/" in name_or_path or name_or_path.endswith((".yaml", ".yml")):
        file = (base or Path()) / name_or_path
    else:
        file = FOLDER / f"{name_or_path}.yaml"
        if name_or_path not in code_profiles():
            raise ConfigError(
                Path(name_or_path),
                "",
                "unknown code profile",
                f"{suggestion(name_or_path, code_profiles())} (or the path of a .yaml file)",
            )
    document = read_document(file)
    try:
        return CodeProfile.model_validate(document.data)
    except ValidationError as error:
        raise config_error(error, CodeProfile, document) from None
