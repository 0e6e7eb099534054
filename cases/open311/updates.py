"""Updates of service requests: the extension that FixMyStreet and its adapters speak.

`POST servicerequestupdates`, and the list of them by time.
Not part of GeoReport v2, so most servers answer 404: there an update is kept here and shown.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cases.attachments import Attachment
from cases.deadline import Deadline
from cases.open311 import replies
from cases.open311.connection import Connection
from cases.retry_after import retry_after_s
from cases.system import DeliveryError, NoPlace, Permanent, Receipt, Transient, Unanswered
from cases.transport import Reply
from cases.update import Update

RESOURCE: Final = "servicerequestupdates"

_SKEW: Final = timedelta(hours=1)
_SPAN: Final = timedelta(days=89)
"""Lists span 90 days at most."""
_ABSENT: Final = frozenset({404, 405, 501})
_WRAPPERS: Final = ("service_request_updates", "request_updates", "updates", "data", "results")
_STATUS: Final[Mapping[str, str]] = {
    "clip": "OPEN",
    "cleared": "FIXED",
    "discarded": "CLOSED",
    "still_there": "OPEN",
}
"""Of the problem as the camera sees it. Where it cannot tell, nothing is said."""


def post(
    connection: Connection, update: Update, files: Collection[Attachment], deadline: Deadline
) -> Receipt:
    """Post an update, once. Raises as `Updated.post_update` does."""
    if update.remote_id is None:
        raise NoPlace("the case has no number on this server")
    reply = connection.post(_fields(update, update.remote_id), files, deadline, resource=RESOURCE)
    if 200 <= reply.status < 300:
        return Receipt(_number(reply))
    raise _refusal(connection, reply)


def there(connection: Connection, update: Update, since: datetime, deadline: Deadline) -> bool:
    """Look an update up among those received since an hour before `since`."""
    end = datetime.now(UTC) + _SKEW
    start = max(since.astimezone(UTC) - _SKEW, end - _SPAN)
    query = {"start_date": _w3c(start), "end_date": _w3c(end)}
    reply = connection.ask(RESOURCE, query, deadline)
    try:
        rows = replies.entries(reply.body, _WRAPPERS)
    except replies.NotUnderstood as error:
        raise Transient(f"HTTP {reply.status}, and the list of updates is {error}") from error
    return any(
        str(row.get("update_id")) == update.update_id or replies.mentions(row, update.key)
        for row in rows
    )


def _fields(update: Update, remote_id: str) -> dict[str, str]:
    fields = {
        "service_request_id": remote_id,
        "update_id": update.update_id,
        "updated_datetime": update.payload.at.astimezone(UTC).isoformat(timespec="seconds"),
        "description": update.text,
        "status": _STATUS.get(update.payload.outcome, ""),
    }
    return {name: value for name, value in fields.items() if value}


def _number(reply: Reply) -> str:
    """Return the server's number of the update. Raises `Unanswered` where it tells none."""
    try:
        rows: list[Mapping[str, Any]] = replies.entries(reply.body, _WRAPPERS, single=True)
    except replies.NotUnderstood as error:
        raise Unanswered(f"HTTP {reply.status}, and the answer is {error}") from error
    for row in rows:
        number = replies.identifier(row.get("update_id"))
        if number is not None:
            return number
    raise Unanswered(f"HTTP {reply.status}, and the answer names no update")


def _refusal(connection: Connection, reply: Reply) -> DeliveryError:
    said = replies.problems(reply.body).text
    text = connection.redact(f"HTTP {reply.status}" + (f": {said}" if said else ""))
    wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
    if reply.status in _ABSENT:
        return NoPlace(f"this server takes no updates ({text})")
    if reply.status in {425, 429} or (reply.status == 503 and wait_s is not None):
        return Transient(text, retry_after_s=wait_s)
    if reply.status in {301, 307, 308}:
        return Permanent(f"{text}: redirects are not followed; write the final address")
    if reply.status == 408 or reply.status < 400 or reply.status >= 500:
        return Unanswered(text, retry_after_s=wait_s)
    return Permanent(text)


def _w3c(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
