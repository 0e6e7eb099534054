"""The lines under an annotated still, in the site's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from cases.evidence.request import EvidenceRequest, Still
from cases.record import case_key
from cases.wording import WORDS, Language, duration, moment, plain
from detectors import Role

_TEXT_LIMIT: Final = 120
"""Characters of a foreign text in one line; it wraps, but must not grow into the picture."""


@dataclass(frozen=True, slots=True)
class CaptionWords:
    """The words that only captions use; `str.format` templates where braces stand."""

    roles: Mapping[Role, str]
    time: str
    rule: str
    demanded: str
    observed: str
    shown: str
    """What a clip is that was made to leave the box."""


CAPTIONS: Final[Mapping[Language, CaptionWords]] = {
    "zh-CN": CaptionWords(
        roles={
            Role.ENTRY: "首次发现",
            Role.MIDDLE: "持续中",
            Role.CONFIRMATION: "确认",
            Role.CLEARANCE: "已清除",
        },
        time="时间",
        rule="规则",
        demanded="{zone}持续满 {dwell}",
        observed="至 {time} 已观察 {dwell}",
        shown="派生视频：灰色为遮挡的行人、车辆和运动部分，原始视频留存设备",
    ),
    "en": CaptionWords(
        roles={
            Role.ENTRY: "first seen",
            Role.MIDDLE: "still there",
            Role.CONFIRMATION: "confirmed",
            Role.CLEARANCE: "cleared",
        },
        time="Time",
        rule="Rule",
        demanded="{zone}for {dwell}",
        observed="observed for {dwell} until {time}",
        shown="Derived clip: grey covers bystanders and what moves; the original stays on the box",
    ),
}


def caption(
    request: EvidenceRequest, still: Still, language: Language, timezone: ZoneInfo
) -> tuple[str, ...]:
    """Lines to draw: what and which case, when, where, and by which rule."""
    words, own = WORDS[language], CAPTIONS[language]
    violation = request.violation
    label = words.line.format
    lines = [f"{plain(request.title, _TEXT_LIMIT)}  {case_key(violation.violation_id)}"]
    captured_at = still.moment.captured_at
    if captured_at is not None:
        when = f"{moment(captured_at, timezone)} ({own.roles[still.moment.role]})"
        lines.append(label(label=own.time, value=when))
    lines.append(label(label=words.place, value=_place(request)))
    rule = _rule(request, language, timezone)
    if rule:
        lines.append(label(label=own.rule, value=rule))
    return tuple(lines)


def clip_caption(
    request: EvidenceRequest, captured_at: datetime, language: Language, timezone: ZoneInfo
) -> tuple[str, ...]:
    """Lines under a picture of the clip that leaves the box: as `caption`, and what it is."""
    words, own = WORDS[language], CAPTIONS[language]
    label = words.line.format
    return (
        f"{plain(request.title, _TEXT_LIMIT)}  {case_key(request.violation.violation_id)}",
        label(label=own.time, value=moment(captured_at, timezone)),
        label(label=words.place, value=_place(request)),
        own.shown,
    )


def _place(request: EvidenceRequest) -> str:
    place, violation = request.place, request.violation
    parts = [plain(place.address or "", _TEXT_LIMIT)]
    if place.lat is not None and place.lon is not None:
        parts.append(f"({place.lat:.6f}, {place.lon:.6f})")
    parts.append(f"[{plain(violation.camera_id, _TEXT_LIMIT)}]")
    return " ".join(part for part in parts if part)


def _rule(request: EvidenceRequest, language: Language, timezone: ZoneInfo) -> str:
    words, own = WORDS[language], CAPTIONS[language]
    violation = request.violation
    zone = f"{plain(request.zone.zone_id, _TEXT_LIMIT)} " if request.zone is not None else ""
    if request.rule_dwell_s <= 0:
        return zone.strip()
    demanded = own.demanded.format(zone=zone, dwell=duration(request.rule_dwell_s, words))
    local = moment(violation.last_at, timezone)
    observed = own.observed.format(time=local, dwell=duration(violation.dwell_s, words))
    return f"{demanded}; {observed}"
