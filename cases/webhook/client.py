"""A receiver of signed webhooks as a `CaseSystem`.

It cannot be asked what it has, and need not be: a receiver recognises the id of an event and takes
a second post of it for the first. That is the whole contract, so nothing is ever unresolved.
"""

import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from cases.attachments import Attachment, attachments
from cases.payload import CasePayload
from cases.retry_after import retry_after_s
from cases.system import DeliveryError, Permanent, Receipt, RemoteCase, Transient, Unanswered
from cases.transport import Deadline, Reply, ReplyTooLarge, Transport, checked_host
from cases.webhook.event import CONTENT_TYPE, case_event, event_id
from cases.webhook.signature import sign

DEADLINE_S: Final = 25.0
_REPLY_BYTES: Final = 64 * 1024
"""Nothing of it is needed."""
_PICTURES_BYTES: Final = 8 * 1024 * 1024
"""Of all pictures together, before base64; those that come after stay behind."""

_LATER: Final = frozenset({408, 425, 429})


class Webhook:
    """Posts cases as signed CloudEvents. Safe to call from several threads.

    `key` signs and is never sent. `allow_hosts` as in the site file; empty allows exactly the
    address's own host. Pictures are read from below `media_root`, without it none are sent. The
    query of `url` goes along and is shown nowhere. Raises `AddressRefused`.
    """

    def __init__(
        self,
        url: str,
        key: bytes,
        allow_hosts: Collection[str] = (),
        *,
        site_id: str,
        media_root: Path | None = None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host = checked_host(url, allow_hosts)
        self._url = url
        self._key = key
        self._site_id = site_id
        self._media_root = media_root
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

    def post(self, case: CasePayload) -> Receipt:
        """Post a case. 2xx: taken. Redirects and other 4xx: refused. The rest: again later."""
        body = case_event(case, self._site_id, self._pictures(case))
        headers = {
            "content-type": CONTENT_TYPE,
            "accept-encoding": "identity",
            "connection": "close",
            "user-agent": "streetwarden",
            **sign(self._key, event_id(case), int(self._clock()), body),
        }
        request = httpx.Request("POST", self._url, headers=headers, content=body)
        try:
            reply = self._transport.exchange(request, Deadline(self._deadline_s), _REPLY_BYTES)
        except ReplyTooLarge as error:
            raise Unanswered(f"{self._host}: {error}") from error
        except DeliveryError as error:
            raise type(error)(f"{self._host}: {error}") from error
        if not 200 <= reply.status < 300:
            raise self._refusal(reply)
        return Receipt(event_id(case))

    def _refusal(self, reply: Reply) -> DeliveryError:
        # What a receiver writes is not repeated: it may echo what it was sent.
        text = f"{self._host}: HTTP {reply.status}"
        if reply.status in _LATER or reply.status >= 500:
            wait_s = retry_after_s(reply.headers.get("retry-after"), datetime.now(UTC))
            return Transient(text, retry_after_s=wait_s)
        if 300 <= reply.status < 400:
            return Permanent(f"{text}: redirects are not followed; write the final address")
        return Permanent(text)

    def _pictures(self, case: CasePayload) -> list[Attachment]:
        """Read as many pictures as fit."""
        fitting, left = [], _PICTURES_BYTES
        for file in () if self._media_root is None else attachments(case.media, self._media_root):
            if len(file.content) <= left:
                fitting.append(file)
                left -= len(file.content)
        return fitting
