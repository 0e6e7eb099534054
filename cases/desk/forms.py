"""Reading what a client posts or asks: GeoReport's parameters, checked."""

import math
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile

from cases.desk.requests import NewRequest, NewUpdate, Question, Upload
from cases.media_type import HEAD_BYTES, media_type
from cases.payload import DESCRIPTION_LIMIT

_CODE: Final = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_ATTRIBUTE: Final = re.compile(r"attribute\[([^\[\]]{1,100})\](?:\[\])?")
_ADDRESS_LIMIT: Final = 500
_ID_LIMIT: Final = 128
_SPAN: Final = timedelta(days=90)
"""GeoReport: a list spans at most 90 days, and that many where no start is given."""


class BadRequest(ValueError):  # noqa: N818  # named after the answer that it becomes
    """A parameter is missing or wrong; the text says which."""


def new_request(form: FormData, required: Collection[str] = ()) -> NewRequest:
    """Check the parameters of a post; `required` attributes too. Raises `BadRequest`."""
    fields = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    code = fields.get("service_code", "")
    if not _CODE.fullmatch(code):
        raise BadRequest("service_code was not provided, or is no code")
    description = fields.get("description", "").replace("\r\n", "\n")
    if len(description) > DESCRIPTION_LIMIT:
        raise BadRequest(f"description is longer than {DESCRIPTION_LIMIT} characters")
    lat, long = _position(fields)
    address = fields.get("address_string", "")
    if lat is None and not address:
        raise BadRequest("lat and long, or address_string, were not provided")
    if len(address) > _ADDRESS_LIMIT:
        raise BadRequest(f"address_string is longer than {_ADDRESS_LIMIT} characters")
    media_url = fields.get("media_url", "")
    if media_url and urlsplit(media_url).scheme not in {"http", "https"}:
        raise BadRequest("media_url is no http or https address")
    attributes = _attributes(fields)
    missing = sorted(set(required) - attributes.keys())
    if missing:
        raise BadRequest(f"attribute[{missing[0]}] is required and was not provided")
    return NewRequest(code, description, lat, long, address, media_url, attributes)


def new_update(form: FormData) -> NewUpdate:
    """Check the parameters of an update. Raises `BadRequest`."""
    fields = {name: value.strip() for name, value in form.multi_items() if isinstance(value, str)}
    for name in ("service_request_id", "update_id", "updated_datetime", "description"):
        if not fields.get(name):
            raise BadRequest(f"{name} was not provided")
    for name in ("service_request_id", "update_id"):
        if len(fields[name]) > _ID_LIMIT:
            raise BadRequest(f"{name} is longer than {_ID_LIMIT} characters")
    _time(fields, "updated_datetime")
    description = fields["description"].replace("\r\n", "\n")
    if len(description) > DESCRIPTION_LIMIT:
        raise BadRequest(f"description is longer than {DESCRIPTION_LIMIT} characters")
    return NewUpdate(
        fields["service_request_id"],
        fields["update_id"],
        description,
        fields.get("status", "")[:_ID_LIMIT],
        fields["updated_datetime"],
    )


def _attributes(fields: Mapping[str, str]) -> dict[str, str]:
    """Pick the attributes out of the fields, by their codes."""
    found = {}
    for name, value in fields.items():
        match = _ATTRIBUTE.fullmatch(name)
        if match and value:
            found[match[1]] = value[:DESCRIPTION_LIMIT]
    return found


async def uploads(form: FormData) -> list[Upload]:
    """Read the files of a post. Raises `BadRequest` for anything but pictures and video."""
    found = []
    for item in form.getlist("media"):
        if not isinstance(item, UploadFile):
            continue
        content = await item.read()
        kind = media_type(content[:HEAD_BYTES])
        if kind is None:
            raise BadRequest("a media file is neither a picture nor a video")
        found.append(Upload(kind, content))
    return found


def question(query: Mapping[str, str]) -> Question:
    """Check the parameters of a list. Raises `BadRequest`."""
    end = _time(query, "end_date")
    start = _time(query, "start_date")
    if start is not None and end is not None and end - start > _SPAN:
        raise BadRequest("start_date and end_date are more than 90 days apart")
    if start is None and not query.get("service_request_id"):
        start = (end or datetime.now(UTC)) - _SPAN
    return Question(
        request_ids=_list(query, "service_request_id"),
        statuses=frozenset(_list(query, "status")),
        service_codes=frozenset(_list(query, "service_code")),
        start=start,
        end=end,
    )


def _position(fields: Mapping[str, str]) -> tuple[float | None, float | None]:
    texts = fields.get("lat", ""), fields.get("long", "")
    if texts == ("", ""):
        return None, None
    try:
        lat, long = (float(text) for text in texts)
    except ValueError:
        raise BadRequest("lat and long are numbers and go together") from None
    if not (math.isfinite(lat) and math.isfinite(long) and abs(lat) <= 90 and abs(long) <= 180):
        raise BadRequest("lat or long is out of range")
    return lat, long


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{name} is no ISO 8601 time") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _list(query: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for text in query.get(name, "").split(",") if (part := text.strip()))
