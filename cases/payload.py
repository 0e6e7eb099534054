"""A case as it is frozen when its violation is confirmed: codes, place, times, words, pictures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, TypeAdapter

from cases.evidence import Evidence, FileKind
from cases.store.rows import case_key
from cases.wording import WORDS, Language, Words, duration, moment, plain
from configs import Calendar, Code, Place, due_at, matter_code
from detectors import Absence, Role, Violation

DESCRIPTION_LIMIT: Final = 4000
"""Characters; GeoReport v2 allows no longer description."""

_NAME_LIMIT: Final = 60
_PASSING_MOST: Final = 5
_PLACE_LIMIT: Final = 256
"""Characters of a place (SFWZ, GB/T 47678.5 table 3); with the others, far below the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCode:
    """What a code table calls a kind of violation."""

    standard: str
    """The table, such as "GB/T 47678.5-2026": the same digits mean other things in another."""
    entry: str
    """What is numbered: "component", "matter" or "event"; one table may number several alike."""
    code: str
    name: str
    """In the language of the case."""
    main_code: str = ""
    """Of its class (大类); empty where the table does not tell it."""
    main_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMedia:
    """A picture that goes out with the case."""

    path: str
    """POSIX path, relative to the evidence root."""
    sha256: str
    """Hex; a file that has changed since is not sent."""


CaseEvent = Literal["case", "opened", "alarm"]
"""A confirmed violation; a pre-alarm, which may be put right before it is a case; an alarm of a
kind that no code table has, which is no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayload:
    """Everything that any case system is told about a case; the same at every attempt."""

    case_key: str
    """Stands in the description, so that the case can be found by it."""
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
    """When the look that completed the dwell was taken; of a pre-alarm the latest look."""
    manifest_sha256: str
    """Of the evidence; empty where it could not be written."""
    media: tuple[CaseMedia, ...] = ()
    matter_code: str = ""
    """Area and code as a matter is transmitted, 11 digits; empty where either is not known."""
    due_at: AwareDatetime | None = None
    """When it is to be dealt with, by the working hours of the code profile."""
    event: CaseEvent = "case"

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, as the outbox stores it."""
        record: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return record

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "CasePayload":
        """Read what `to_json` made. Raises `ValueError` where it is something else."""
        return _ADAPTER.validate_python(dict(stored))


_ADAPTER: Final = TypeAdapter(CasePayload)


def case_payload(
    violation: Violation,
    evidence: Evidence | None,
    *,
    evidence_root: Path,
    code: Code,
    place: Place,
    language: Language,
    timezone: ZoneInfo,
    event: CaseEvent = "case",
    area: str | None = None,
    days: Calendar | None = None,
) -> CasePayload:
    """Word a confirmed violation as a case, or as what `event` says.

    The annotated stills go out with it, named by their paths below `evidence_root`. `timezone` is
    the site's: the text tells local times with their offset. `area` stands for the place's own area
    code where it has no grid code, `days` are the working days of deadlines. Raises `ValueError`
    where the place has neither coordinates nor an address: no case system could take it.
    """
    if place.lat is None and not place.address:
        raise ValueError(
            f"camera {violation.camera_id}: a case needs lat and lon, or an address; "
            "write them under the camera's place:"
        )
    words = WORDS[language]
    manifest = "" if evidence is None else evidence.manifest_sha256
    name = plain(code.name(language), _NAME_LIMIT)
    where = plain(place.address or violation.camera_id, _PLACE_LIMIT)
    title = words.title.format(name=name, where=where)
    opened = event == "opened"
    if opened:
        title = words.pre_alarm.format(title=title)
    facts = [
        words.line.format(label=label, value=value)
        for label, value in _facts(violation, code, place, timezone, manifest, words)
        if not (opened and label == words.confirmed)
    ]
    return CasePayload(
        case_key=case_key(violation.violation_id),
        kind=violation.kind,
        code=_code_of(code, language),
        language=language,
        title=title,
        description="\n".join([title, *facts, words.lead])[:DESCRIPTION_LIMIT],
        lat=place.lat,
        lon=place.lon,
        address=plain(place.address or "", _PLACE_LIMIT),
        grid=place.grid or "",
        department=plain(place.department or "", _PLACE_LIMIT),
        captured_at=violation.opened_at,
        confirmed_at=confirmed_at(violation),
        manifest_sha256=manifest,
        media=() if evidence is None else _media(evidence, evidence_root),
        matter_code=_matter_code(code, place.area_code or area),
        due_at=None if event != "case" else _due_at(code, violation, timezone, days),
        event=event,
    )


def _code_of(code: Code, language: Language) -> CaseCode:
    return CaseCode(
        standard=code.standard,
        entry=code.entry,
        code=code.code,
        name=plain(code.name(language), _NAME_LIMIT),
        main_code=code.main_code,
        main_name=plain(code.main_name(language), _NAME_LIMIT),
    )


def _due_at(
    code: Code, violation: Violation, timezone: ZoneInfo, days: Calendar | None
) -> datetime | None:
    if code.work_hours is None:
        return None
    return due_at(confirmed_at(violation), code.work_hours, timezone, days)


def _matter_code(code: Code, area: str | None) -> str:
    if code.entry != "matter" or area is None:
        return ""
    try:
        return matter_code(area, code)
    except ValueError:
        return ""  # a table whose codes are not of 5 digits


def confirmed_at(violation: Violation) -> datetime:
    """Tell when the look that completed the dwell was taken; else the last look."""
    for seen in violation.moments:
        if seen.role is Role.CONFIRMATION and seen.captured_at is not None:
            return seen.captured_at
    return violation.last_at


def _facts(
    violation: Violation,
    code: Code,
    place: Place,
    timezone: ZoneInfo,
    manifest: str,
    words: Words,
) -> Iterator[tuple[str, str]]:
    """Labels and values in the order of the text. The key comes first: what cuts, cuts the end."""
    yield words.case_key, case_key(violation.violation_id)
    yield words.code, f"{code.code} ({plain(code.standard, _NAME_LIMIT)})"
    if place.address:
        yield words.place, plain(place.address, _PLACE_LIMIT)
    if place.lat is not None and place.lon is not None:
        yield words.position, f"{place.lat:.6f}, {place.lon:.6f}"
    if place.grid:
        yield words.grid, place.grid
    if place.department:
        yield words.department, plain(place.department, _PLACE_LIMIT)
    first = moment(violation.opened_at, timezone)
    if any(seen.absence is Absence.PRESENT_AT_FIRST_LOOK for seen in violation.moments):
        first = words.already_there.format(time=first)
    yield words.first_seen, first
    yield words.confirmed, moment(confirmed_at(violation), timezone)
    if violation.dwell_s >= 1.0:  # a pass has none
        yield words.dwell, _dwell(violation, words)
    yield from _beside(violation, words)
    source = words.source_with_zone if violation.zone_id else words.source
    yield words.rule, source.format(camera=violation.camera_id, zone=violation.zone_id)
    if violation.passing:
        yield words.passing, _passing(violation, timezone, words)
    if manifest:
        yield words.manifest, manifest


def _passing(violation: Violation, timezone: ZoneInfo, words: Words) -> str:
    """List the latest lorries that passed before: kind and time, nothing that names anybody."""
    return ", ".join(
        f"{words.lorries.get(one.label, one.label)} {moment(one.captured_at, timezone)}"
        for one in violation.passing[-_PASSING_MOST:]
    )


def _media(evidence: Evidence, root: Path) -> tuple[CaseMedia, ...]:
    return tuple(
        CaseMedia(path=file.path.relative_to(root).as_posix(), sha256=file.sha256)
        for file in evidence.files
        if file.kind is FileKind.ANNOTATED
    )


def _beside(violation: Violation, words: Words) -> Iterator[tuple[str, str]]:
    """Say what some kinds know beside the dwell."""
    if extent := _extent(violation, words):
        yield words.extent, extent
    for remark in violation.remarks:
        yield words.remark, words.remarks.get(remark, remark)


def _extent(violation: Violation, words: Words) -> str:
    """Say how many at least, and how much of the zone; empty where nothing was measured."""
    parts = []
    if violation.count is not None:
        counted = words.counted.get(violation.kind, words.counted_else)
        parts.append(counted.format(count=violation.count))
    if violation.share is not None and violation.share >= 0.01:
        parts.append(words.covered.format(percent=int(100 * violation.share)))
    return words.between.join(parts)


def _dwell(violation: Violation, words: Words) -> str:
    dwell = duration(violation.dwell_s, words)
    if violation.unseen_s < 1.0:
        return dwell
    unseen = duration(violation.unseen_s, words)
    return words.dwell_with_gaps.format(dwell=dwell, unseen=unseen)
