"""A case as the data of a REPORT."""

import base64
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cases.attachments import Attachment
from cases.payload import CasePayload

_PICTURES_BYTES: Final = 6 * 1024 * 1024
"""Of all pictures together, before base64; those that come after stay behind."""
_PICTURE: Final = 1
"""mediaTypeId."""
_REPORTED: Final = "上报"
"""mediaUsage of what comes with the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What platform and sender have agreed upon."""

    sender_code: str
    rec_type: tuple[int, str]
    """Id and name out of the dictionary REC_TYPE."""
    event_src: tuple[int, str]
    """Id and name out of the dictionary EVENT_SRC."""
    timezone: ZoneInfo
    """The platform's times bear no offset; they are those of this zone."""
    fields: Mapping[str, str | int] = field(default_factory=dict)
    """Further entries of every report, as the platform's workflow wants them."""
    video_type: int = 2
    """mediaTypeId of a video, out of the platform's dictionary."""


def report_data(
    case: CasePayload, agreement: Agreement, files: Collection[Attachment] = ()
) -> dict[str, Any]:
    """Write a case. `caseId` is the case key: the same at every attempt, and found by it."""
    data: dict[str, Any] = {
        **agreement.fields,
        "caseId": case.case_key,
        "registerTime": local_time(case.confirmed_at, agreement),
        "title": case.title,
        "eventDesc": case.description,
        "recTypeId": agreement.rec_type[0],
        "recTypeName": agreement.rec_type[1],
        "eventSrcId": agreement.event_src[0],
        "eventSrcName": agreement.event_src[1],
        "address": case.address or f"{case.lat:.6f}, {case.lon:.6f}",
        "subTypeId": case.code.code,
        "subTypeName": case.code.name,
        "medias": list(_medias(files)),
    }
    if case.lat is not None and case.lon is not None:
        data |= {"coordinateX": round(case.lon, 7), "coordinateY": round(case.lat, 7)}
    if case.code.main_code:
        data |= {"mainTypeId": case.code.main_code, "mainTypeName": case.code.main_name}
    if case.grid:
        data["cellId"] = case.grid
    if case.due_at is not None:
        data["disposeDeadlineTime"] = local_time(case.due_at, agreement)
    return data


def local_time(at: datetime, agreement: Agreement) -> str:
    """Write a time as the platform has it: local, without an offset."""
    return f"{at.astimezone(agreement.timezone):%Y-%m-%d %H:%M:%S}"


def _medias(files: Collection[Attachment]) -> Iterator[dict[str, Any]]:
    left = _PICTURES_BYTES
    for file in files:
        if len(file.content) > left:
            continue
        left -= len(file.content)
        yield {
            "mediaName": file.name,
            "content": base64.b64encode(file.content).decode(),
            "mediaUsage": _REPORTED,
            "mediaTypeId": _PICTURE,
        }
