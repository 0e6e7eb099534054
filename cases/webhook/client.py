"""A receiver of signed webhooks as a `CaseSystem`.

It cannot be asked what it has, and need not be: a receiver recognises the id of an event and takes
a second post of it for the first. That is the whole contract, so nothing is ever unresolved.
"""

import json
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from cases.attachments import Attachment, attachments
from cases.deadline import Deadline
from cases.payload import CaseMedia, CasePayload
from cases.retry_after import retry_after_s
from cases.system import (
    DeliveryError,
    NoPlace,
    Permanent,
    Receipt,
    RemoteCase,
    Transient,
    Unanswered,
)
from cases.transport import Reply, ReplyTooLarge, Transport, checked_host
from cases.update import Update
from cases.webhook.event import CONTENT_TYPE, case_event, event_id, update_event
from cases.webhook.signature import sign
from cases.webhook.states import states_of

DEADLINE_S: Final = 25.0
_REPLY_BYTES: Final = 64 * 1024
"""Nothing of it is needed."""
_PICTURES_BYTES: Final = 8 * 1024 * 1024
"""Of all pictures together, before base64; those that come after stay behind."""

_STATES_BYTES: Final = 1024 * 1024

DEFAULT_EVENTS: Final = frozenset({"confirmed", "clip", "cleared", "answer"})
"""What a receiver hears of where the site file does not say."""

_EVENT_OF: Final[Mapping[str, str]] = {
    "clip": "clip",
    "cleared": "cleared",
    "discarded": "cleared",
    "still_there": "answer",
    "cannot_tell": "answer",
}

_LATER: Final = frozenset({408, 425, 429})


class Webhook:
    """Posts cases as signed CloudEvents. Safe to call from several threads.

    `key` signs and is never sent. `allow_hosts` as in the site file; empty allows exactly the
    address's own host. Pictures are read from below `media_root`, without it none are sent. The
    query of `url` goes along and is shown nowhere. `events` names what the receiver wants to hear
    of; at `states_url` it is asked how its cases stand. Raises `AddressRefused`.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        allow_hosts: Collection[str] = (),
        *,
        site_id: str,
        media_root: Path | None = None,
        events: Collection[str] = DEFAULT_EVENTS,
        states_url: str | None = None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host = checked_host(url, allow_hosts)
        self._url = url
        self._key = key
        self._site_id = site_id
        self._media_root = media_root
        self._events = frozenset(events)
        self._states_url = states_url
        if states_url is not None:
            checked_host(states_url, allow_hosts)
        self._deadline_s = deadline_s
        self._clock = clock
        self._transport = Transport(secure=urlsplit(url).scheme == "https")

    def __repr__(self) -> str:
        return f"Webhook({self._host})"

    @property
    def deadline_s(self) -> float:
        """Seconds that a post takes at most."""
        return self._deadline_s

    @property
    def repeatable(self) -> bool:
        """A receiver recognises an event by its id."""
        return True

    def close(self) -> None:
        """Nothing is kept open between requests."""

    def find(self, case_key: str, since: datetime) -> RemoteCase | None:
        """Raise `Permanent`: a receiver cannot be asked what it has."""
        raise Permanent(f"a webhook cannot be asked for {case_key}, received since {since}")

    def post(self, case: CasePayload, until: Deadline | None = None) -> Receipt:
        """Post a case. 2xx: taken. Redirects and other 4xx: refused. The rest: again later."""
        body = case_event(case, self._site_id, self._pictures(case.media))
        self._send(self._url, event_id(case), body, _REPLY_BYTES, until)
        return Receipt(event_id(case))

    def post_update(self, update: Update, until: Deadline | None = None) -> Receipt:
        """Post an update; `NoPlace` where the receiver does not want to hear of such."""
        wanted = _EVENT_OF[update.payload.outcome]
        if wanted not in self._events:
            raise NoPlace(f"the events of this webhook do not name {wanted}")
        files = self._pictures(update.payload.media)
        if update.payload.outcome == "clip" and not files:
            raise NoPlace("the clip is gone, or larger than a webhook carries")
        body = update_event(update, self._site_id, files)
        self._send(self._url, update.update_id, body, _REPLY_BYTES, until)
        return Receipt(update.update_id)

    def find_update(self, update: Update, since: datetime) -> bool:
        """Raise `Permanent`: a receiver cannot be asked what it has."""
        raise Permanent(f"a webhook cannot be asked for {update.key}, received since {since}")

    def states(self, remote_ids: Sequence[str]) -> Mapping[str, RemoteCase]:
        """Ask at `states_url` how these cases stand; nothing without one."""
        if self._states_url is None:
            return {}
        body = json.dumps({"ids": list(remote_ids)}, separators=(",", ":")).encode()
        try:
            reply = self._send(self._states_url, str(uuid.uuid4()), body, _STATES_BYTES)
        except Unanswered as error:  # asking again harms nobody
            raise Transient(str(error)) from error
        return states_of(reply.body, frozenset(remote_ids))

    def _send(
        self, url: str, name: str, body: bytes, limit: int, until: Deadline | None = None
    ) -> Reply:
        """Post signed bytes. Raises `Transient`, `Permanent`, `Unanswered`."""
        headers = {
            "content-type": CONTENT_TYPE if url == self._url else "application/json",
            "accept-encoding": "identity",
            "connection": "close",
            "user-agent": "streetwarden",
            **sign(self._key, name, int(self._clock()), body),
        }
        request = httpx.Request("POST", url, headers=headers, content=body)
        try:
            deadline = Deadline(self._deadline_s, until)
            reply = self._transport.exchange(request, deadline, limit)
        except ReplyTooLarge as error:
            raise Unanswered(f"{self._host}: {error}") from error
        except DeliveryError as error:
            raise type(error)(f"{self._host}: {error}") from error
        if not 200 <= reply.status < 300:
            raise self._refusal(reply)
        return reply

    def _refusal(self, reply: Reply) -> DeliveryError:
        # What a receiver writes is not repeated: it may echo what it was sent.
        text = f"{self._host}: HTTP {reply.status}"
        if reply.status in _LATER or reply.status >= 500:
            wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
            return Transient(text, retry_after_s=wait_s)
        if 300 <= reply.status < 400:
            return Permanent(f"{text}: redirects are not followed; write the final address")
        return Permanent(text)

    def _pictures(self, media: Collection[CaseMedia]) -> list[Attachment]:
        """Read as many pictures as fit."""
        fitting, left = [], _PICTURES_BYTES
        for file in () if self._media_root is None else attachments(media, self._media_root):
            if len(file.content) <= left:
                fitting.append(file)
                left -= len(file.content)
        return fitting
