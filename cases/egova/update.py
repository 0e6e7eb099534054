"""Updates of a record: a clip as media of it, words as information about it.

The document lists UPLOAD_CASE_INFO, and its example sends UPDATE_CASE_INFO: where the one is
unknown the other is tried.
"""

import base64
from collections.abc import Collection, Iterator
from typing import Any, Final

from cases.attachments import Attachment
from cases.egova.report import Agreement, local_time
from cases.update import Update

MEDIA_ACTION: Final = "UPLOAD_MEDIA"
INFO_ACTIONS: Final = ("UPLOAD_CASE_INFO", "UPDATE_CASE_INFO")

_BYTES: Final = 8 * 1024 * 1024
"""Of all files together, before base64."""
_PICTURE: Final = 1
"""mediaTypeId."""
_REPORTED: Final = "上报"
_CHECKED: Final = "核查"
"""mediaUsage of what shows whether a case was dealt with."""


def media_data(
    update: Update, agreement: Agreement, files: Collection[Attachment]
) -> dict[str, Any]:
    """Write the files of an update as media of its record."""
    usage = _REPORTED if update.payload.outcome == "clip" else _CHECKED
    return _named(update) | {"medias": list(_medias(update, agreement, files, usage))}


def info_data(
    update: Update, agreement: Agreement, files: Collection[Attachment]
) -> dict[str, Any]:
    """Write an update as information about its record."""
    return media_data(update, agreement, files) | {
        "content": update.text,
        "updateTime": local_time(update.payload.at, agreement),
    }


def _named(update: Update) -> dict[str, Any]:
    record, _, task = (update.remote_id or "").rpartition("/")
    named = {"caseId": update.payload.case_key, "taskNum": task}
    return named | ({"recId": record} if record else {})


def _medias(
    update: Update, agreement: Agreement, files: Collection[Attachment], usage: str
) -> Iterator[dict[str, Any]]:
    left = _BYTES
    for file in files:
        if len(file.content) > left:
            continue
        left -= len(file.content)
        video = file.content_type.startswith("video/")
        yield {
            "mediaName": f"{update.key}-{file.name}",
            "content": base64.b64encode(file.content).decode(),
            "mediaUsage": usage,
            "mediaTypeId": agreement.video_type if video else _PICTURE,
        }
