"""Cases and updates as CloudEvents: version 1.0, JSON, structured mode."""

import base64
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from cases.attachments import Attachment
from cases.payload import CaseEvent, CasePayload
from cases.store import Message, delivery_id_of
from cases.update import Update

CONTENT_TYPE: Final = "application/cloudevents+json; charset=utf-8"
TYPE: Final = "org.streetwarden.case.reported.v1"
_TYPES: Final[Mapping[CaseEvent, str]] = {
    "case": TYPE,
    "opened": "org.streetwarden.case.opened.v1",
    "alarm": "org.streetwarden.alarm.raised.v1",
}
_UPDATED: Final = "org.streetwarden.case.{outcome}.v1"


def case_event(case: CasePayload, site_id: str, files: Collection[Attachment] = ()) -> bytes:
    """Write a case as the body of a request: the same bytes for the same case, at every attempt.

    `id` is the delivery's name, so `source` and `id` together name the event for ever. Pictures
    stand inside, as base64.
    """
    data = case.to_json()
    del data["media"]  # paths of this machine; the pictures themselves go out
    return _event(
        site_id,
        name=event_id(case),
        kind=_TYPES[case.event],
        subject=case.case_key,
        at=case.confirmed_at,
        data=data | {"pictures": _pictures(files)},
    )


def update_event(update: Update, site_id: str, files: Collection[Attachment] = ()) -> bytes:
    """Write an update in the same way; `subject` is its case's key."""
    payload = update.payload
    data = payload.to_json()
    del data["media"]
    return _event(
        site_id,
        name=update.update_id,
        kind=_UPDATED.format(outcome=payload.outcome),
        subject=payload.case_key,
        at=payload.at,
        data=data | {"pictures": _pictures(files)},
    )


def event_id(case: CasePayload) -> str:
    """Name of the delivery: what a receiver recognises a second post by."""
    message = Message.OPENED if case.event == "opened" else Message.REPORT
    return delivery_id_of(case.case_key.removeprefix("SW-"), message)


def _event(
    site_id: str, *, name: str, kind: str, subject: str, at: datetime, data: Mapping[str, Any]
) -> bytes:
    event = {
        "specversion": "1.0",
        "id": name,
        "source": f"/streetwarden/{quote(site_id, safe='')}",
        "type": kind,
        "subject": subject,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _pictures(files: Collection[Attachment]) -> list[dict[str, str]]:
    return [
        {
            "name": file.name,
            "content_type": file.content_type,
            "content_base64": base64.b64encode(file.content).decode(),
        }
        for file in files
    ]
