"""A case as a CloudEvent: version 1.0, JSON, structured mode."""

import base64
import json
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote

from cases.attachments import Attachment
from cases.payload import CasePayload

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
TYPE: Final = "org.streetwarden.case.reported.v1"
_REPORT: Final = "-report"


def case_event(case: CasePayload, site_id: str, files: Collection[Attachment] = ()) -> bytes:
    """Write a case as the body of a request: the same bytes for the same case, at every attempt.

    `id` is the delivery's name, so `source` and `id` together name the event for ever. Pictures
    stand inside, as base64.
    """
    event = {
        "specversion": "1.0",
        "id": event_id(case),
        "source": f"/streetwarden/{quote(site_id, safe='')}",
        "type": TYPE,
        "subject": case.case_key,
        "time": case.confirmed_at.isoformat(),
        "datacontenttype": "application/json",
        "data": _data(case, files),
    }
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def event_id(case: CasePayload) -> str:
    """Name of the delivery: what a receiver recognises a second post by."""
    return case.case_key.removeprefix("SW-") + _REPORT


def _data(case: CasePayload, files: Collection[Attachment]) -> dict[str, Any]:
    data = case.to_json()
    del data["media"]  # paths of this machine; the pictures themselves go out
    data["pictures"] = [
        {
            "name": file.name,
            "content_type": file.content_type,
            "content_base64": base64.b64encode(file.content).decode(),
        }
        for file in files
    ]
    return data
