"""What a case says, in Chinese or English: plain text, no HTML, foreign words made harmless."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

Language = Literal["zh-CN", "en"]

_ANGLES: Final = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `str.format` templates where braces stand."""

    title: str
    pre_alarm: str
    line: str
    case_key: str
    code: str
    place: str
    position: str
    grid: str
    department: str
    first_seen: str
    already_there: str
    confirmed: str
    dwell: str
    dwell_with_gaps: str
    source: str
    source_with_zone: str
    rule: str
    extent: str
    counted: Mapping[str, str]
    """At least so many, by kind of violation; {count}."""
    counted_else: str
    covered: str
    between: str
    remark: str
    remarks: Mapping[str, str]
    """What has to be known beside the violation, by name."""
    passing: str
    lorries: Mapping[str, str]
    """Names of passing vehicles by class."""
    manifest: str
    lead: str
    hours: str
    minutes: str
    seconds: str


WORDS: Final[Mapping[Language, Words]] = {
    "zh-CN": Words(
        title="{name}：{where}",
        pre_alarm="预警：{title}",
        line="{label}：{value}",
        case_key="案件编号",
        code="事项代码",
        place="地点",
        position="坐标（纬度，经度）",
        grid="单元网格",
        department="主管部门",
        first_seen="首次发现",
        already_there="{time}（首次观察时已在现场）",
        confirmed="确认时间",
        dwell="持续时间",
        dwell_with_gaps="{dwell}（另有{unseen}未能观察，不计入）",
        source="摄像机 {camera}",
        source_with_zone="摄像机 {camera}，区域 {zone}",
        rule="点位",
        extent="规模",
        counted={
            "beyond_storefront": "至少{count}处物品",
            "bike_disorder": "至少{count}辆非机动车",
            "crowd_density": "至少{count}人",
            "floating_debris": "至少{count}处漂浮物",
        },
        counted_else="至少{count}处",
        covered="约占区域的{percent}%",
        between="，",
        remark="说明",
        remarks={"no_reference": "未掌握该处非营业时间的情况，无对照画面"},
        passing="可能来源（此前经过，未经核实）",
        lorries={"truck": "货车", "muck_truck": "渣土车", "muck_truck_open": "渣土车"},
        manifest="证据清单 SHA-256",
        lead="本线索由视频巡查自动发现，供工作人员现场核实，不作为处罚依据。",
        hours="{count}小时",
        minutes="{count}分",
        seconds="{count}秒",
    ),
    "en": Words(
        title="{name}: {where}",
        pre_alarm="Pre-alarm: {title}",
        line="{label}: {value}",
        case_key="Case key",
        code="Code",
        place="Place",
        position="Position (latitude, longitude)",
        grid="Grid cell",
        department="Department",
        first_seen="First seen",
        already_there="{time} (already there at the first look)",
        confirmed="Confirmed",
        dwell="Duration",
        dwell_with_gaps="{dwell} (a further {unseen} could not be observed and is not counted)",
        source="camera {camera}",
        source_with_zone="camera {camera}, zone {zone}",
        rule="Seen by",
        extent="Extent",
        counted={
            "beyond_storefront": "at least {count} displayed outside",
            "bike_disorder": "at least {count} two-wheelers",
            "crowd_density": "at least {count} people",
            "floating_debris": "at least {count} pieces",
        },
        counted_else="at least {count}",
        covered="about {percent} % of the zone",
        between=", ",
        remark="Note",
        remarks={
            "no_reference": "what stands here in closed hours is not known; nothing to compare with"
        },
        passing="Possible source (passed before, not verified)",
        lorries={"truck": "lorry", "muck_truck": "muck truck", "muck_truck_open": "muck truck"},
        manifest="Evidence manifest SHA-256",
        lead="Found automatically on video. A lead for an inspector to verify, "
        "not by itself a ground for a penalty.",
        hours="{count} h ",
        minutes="{count} min ",
        seconds="{count} s",
    ),
}


def plain(text: str, limit: int) -> str:
    """Foreign text as one harmless line of at most `limit` characters.

    Control, format (bidirectional overrides, zero widths) and unassigned characters become
    blanks; angle brackets become ‹ ›, so that no page that forgets to escape shows markup.
    """
    kept = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)
    line = " ".join(kept.split()).translate(_ANGLES)
    return line if len(line) <= limit else line[: limit - 1] + "…"


_ROUNDING_S: Final = 1e-3


def duration(seconds: float, words: Words) -> str:
    """Whole hours, minutes and seconds, rounded down: never more than was observed.

    Sums of differences of times are a hair short of what they stand for: 19.9996 s are 20 s.
    """
    whole = int(max(0.0, seconds) + _ROUNDING_S)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    text = words.hours.format(count=hours) if hours else ""
    text += words.minutes.format(count=minutes) if minutes else ""
    if rest or not text:
        text += words.seconds.format(count=rest)
    return text.strip()


def moment(at: datetime, timezone: ZoneInfo) -> str:
    """Local time with its offset, such as 2026-01-05 12:00:26 UTC+08:00."""
    local = at.astimezone(timezone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} UTC{offset[:3]}:{offset[3:5]}"
